"""Log-in sessions of the API. The back office has Django's own."""

from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.actions import ObjectType
from config.db import OwnedModel, OwnedQuerySet


class LoginSessionQuerySet(OwnedQuerySet["LoginSession"]):
    def active(self) -> Self:
        return self.filter(ended_at=None, expires_at__gt=timezone.now())


class LoginSession(OwnedModel):
    """What begins with a log-in and goes on with each refresh. Its tokens name it; no token is kept.

    `refreshes` is the number of the one refresh token that is good now. `expires_at` is when that one runs out. The row
    outlives its end for some time, so that the access tokens that were made in it can be told and deleted.
    """

    recorded_as = ObjectType.SESSION
    recorded_with: tuple[str, ...] = ()

    refreshes = models.PositiveIntegerField(_("refreshes"), default=0)
    last_used_at = models.DateTimeField(_("last used"))
    expires_at = models.DateTimeField(_("expires"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ip_address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    user_agent = models.CharField(_("program"), max_length=400, blank=True)

    objects = LoginSessionQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("log-in session")
        verbose_name_plural = _("log-in sessions")
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"], name="session_owner_newest"),
            models.Index(fields=["expires_at"], name="session_expiry"),
        ]

    def __str__(self) -> str:
        return self.user_agent[:60] or str(self.pk)
