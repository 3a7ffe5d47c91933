"""Invitations: who may open an account where not everybody may."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.db import BaseModel
from config.languages import Language


class Invitation(BaseModel):
    """Good for one account until it expires. Nothing secret is kept: its link is the row's id, signed.

    With `email` it is for that address only. `limit_micros` is the account's monthly limit on the operator's keys; NULL
    is what new accounts get. Deleting the row takes the invitation back.
    """

    email = models.EmailField(
        _("e-mail address"), max_length=254, blank=True, help_text=_("Empty: whoever has the link.")
    )
    language = models.CharField(_("language"), max_length=5, choices=Language, default=Language.EN)
    limit_micros = models.BigIntegerField(_("monthly limit (micro-units)"), null=True, blank=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("invited by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True, editable=False)
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("used by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(limit_micros__isnull=True) | models.Q(limit_micros__gte=0),
                name="invitation_limit_not_negative",
            ),
        ]
        indexes = [models.Index(fields=["-created_at", "-id"], name="invitation_newest")]

    def __str__(self) -> str:
        return self.email or str(self.pk)

    @property
    def is_open(self) -> bool:
        return self.used_at is None and self.expires_at > timezone.now()
