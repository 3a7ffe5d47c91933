"""Access tokens: how a machine says who it works for."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.actions import ObjectType
from accounts.models.sessions import LoginSession
from config.db import OwnedModel
from config.search.fields import SearchableModel, SearchText


class AccessToken(SearchableModel, OwnedModel):
    """The token itself is shown once and kept nowhere: `token_hash` is its SHA-256 (hex), which is enough for a random
    secret of this length. `scopes` names what it may do; a test token's calls all go to the sandbox. `session` is the
    log-in session that it was made in; it outlives the session unless it is deleted with it."""

    recorded_as = ObjectType.ACCESS_TOKEN
    recorded_with = ("name", "last_four", "is_test")

    session = models.ForeignKey(
        LoginSession,
        verbose_name=_("log-in session"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    name = models.CharField(_("name"), max_length=100)
    is_test = models.BooleanField(_("test"), default=False, help_text=_("Only the sandbox is called."))
    token_hash = models.CharField(_("hash"), max_length=64, unique=True, editable=False)
    last_four = models.CharField(_("last four characters"), max_length=4, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    search_text = SearchText("name")
    search_is_indexed = False

    class Meta:
        verbose_name = _("access token")
        verbose_name_plural = _("access tokens")
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"], name="token_owner_newest"),
            models.Index(fields=["last_four"], name="token_last_four"),
        ]

    def __str__(self) -> str:
        return self.name
