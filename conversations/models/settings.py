"""What an account wants of all its conversations."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from config.db import OwnedModel
from conversations.domain import limits
from conversations.models.actions import ObjectType


class ConversationSettings(OwnedModel):
    """One row for each account that has said something. `retention_days`: after how many the texts of messages go,
    where a conversation says nothing else; null: never."""

    recorded_as = ObjectType.SETTINGS
    recorded_with = ("retention_days",)

    retention_days = models.PositiveIntegerField(
        _("texts kept (days)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(limits.RETENTION_DAYS)],
    )

    class Meta:
        verbose_name = _("conversation settings")
        verbose_name_plural = _("conversation settings")
        constraints = [models.UniqueConstraint(fields=["owner"], name="conversation_settings_once")]

    def __str__(self) -> str:
        return str(self.owner)
