"""Conversations."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.db import OwnedModel
from config.search.fields import SearchableModel, SearchText
from config.validators import validate_name
from conversations.domain import limits
from conversations.models.actions import ObjectType
from prompts.models import PromptVersion, Tag


class Conversation(SearchableModel, OwnedModel):
    """Messages, and how they are answered.

    `current_message` is the last message of the branch that is shown. `system_prompt` is sent before all messages; one
    that came out of the library names its version and the values of its variables. `context_messages`: how many
    earlier messages go along at most; null: as many as the model can read. `import_key` is what names it in the file
    that it came from. `retention_days`: after how many its texts go; null: as the account says.
    """

    recorded_as = ObjectType.CONVERSATION
    recorded_with: tuple[str, ...] = ()

    title = models.CharField(_("title"), max_length=limits.TITLE, blank=True, validators=[validate_name])
    is_title_automatic = models.BooleanField(_("title by itself"), default=True)
    model = models.CharField(_("model"), max_length=limits.MODEL, blank=True)
    parameters = models.JSONField(_("parameters"), default=dict, blank=True)
    system_prompt = models.TextField(_("system prompt"), max_length=limits.SYSTEM_PROMPT, blank=True)
    prompt_version = models.ForeignKey(
        PromptVersion,
        verbose_name=_("system prompt from"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    variables = models.JSONField(_("variables"), default=dict, blank=True)
    context_messages = models.PositiveIntegerField(
        _("earlier messages"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(limits.CONTEXT_MESSAGES)],
    )
    tags = models.ManyToManyField(Tag, verbose_name=_("tags"), related_name="conversations", blank=True)
    is_pinned = models.BooleanField(_("pinned"), default=False)
    is_archived = models.BooleanField(_("archived"), default=False)
    is_temporary = models.BooleanField(_("temporary"), default=False)
    retention_days = models.PositiveIntegerField(
        _("texts kept (days)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(limits.RETENTION_DAYS)],
    )
    current_message = models.ForeignKey(
        "conversations.Message",
        verbose_name=_("current message"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    forked_from = models.ForeignKey(
        "conversations.Message",
        verbose_name=_("forked from"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    last_message_at = models.DateTimeField(_("last message"), default=timezone.now)
    import_key = models.CharField(_("imported as"), max_length=200, blank=True, editable=False)
    search_text = SearchText("title")

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "import_key"],
                condition=~Q(import_key=""),
                name="conversation_imported_once",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"], name="conversation_owner_newest"),
            models.Index(fields=["owner", "-last_message_at", "-id"], name="conversation_owner_latest"),
        ]

    def __str__(self) -> str:
        return self.title or str(self.pk)
