"""Conversations that come out of files."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from config.db import BaseModel, OwnedModel
from conversations.domain import limits
from conversations.domain.transfers import ImportState
from conversations.models.actions import ObjectType
from conversations.models.conversations import Conversation

STATE_WORDS = {
    ImportState.IMPORTED: _("imported"),
    ImportState.PRESENT: _("already there"),
    ImportState.REFUSED: _("refused"),
}


class ConversationImport(OwnedModel):
    """A file of conversations, and the job that brings them in: they have the same id. `file` is kept until the job has
    ended."""

    recorded_as = ObjectType.CONVERSATION_IMPORT
    recorded_with = ("name", "size")

    job = models.OneToOneField(
        "generation.Job", verbose_name=_("job"), on_delete=models.CASCADE, related_name="conversation_import"
    )
    file = models.ForeignKey(
        "generation.StoredFile",
        verbose_name=_("file"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    name = models.CharField(_("name"), max_length=200)
    size = models.BigIntegerField(_("size (bytes)"))

    class Meta:
        verbose_name = _("import of conversations")
        verbose_name_plural = _("imports of conversations")
        constraints = [
            models.CheckConstraint(condition=Q(id=F("job_id")), name="conversation_import_has_its_jobs_id")
        ]
        indexes = [models.Index(fields=["owner", "-created_at", "-id"], name="conv_import_owner_newest")]

    def __str__(self) -> str:
        return self.name


class ConversationImportItem(BaseModel):
    """What became of one conversation of a file; `omitted` counts what of it stayed behind."""

    conversation_import = models.ForeignKey(
        ConversationImport, verbose_name=_("import"), on_delete=models.CASCADE, related_name="items"
    )
    position = models.PositiveIntegerField(_("position"))
    state = models.CharField(
        _("state"), max_length=10, choices=[(state.value, word) for state, word in STATE_WORDS.items()]
    )
    title = models.CharField(_("title"), max_length=limits.TITLE, blank=True)
    source_key = models.CharField(_("named in the file"), max_length=200, blank=True)
    conversation = models.ForeignKey(
        Conversation,
        verbose_name=_("conversation"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    messages = models.PositiveIntegerField(_("messages"), default=0)
    omitted = models.JSONField(_("left out"), default=dict, blank=True)
    error = models.JSONField(_("why it was refused"), null=True, blank=True)

    class Meta:
        verbose_name = _("conversation of an import")
        verbose_name_plural = _("conversations of an import")
        constraints = [
            models.UniqueConstraint(
                fields=["conversation_import", "position"], name="conversation_import_item_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in ImportState]),
                name="conversation_import_state_known",
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.source_key or str(self.position)
