"""Messages, and the acts of answering that make them."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from config.db import BaseModel, OwnedModel
from config.search.fields import SearchableModel, SearchText
from conversations.domain import limits
from conversations.domain.roles import MessageStatus, Role
from conversations.models.conversations import Conversation

ROLE_WORDS = {Role.SYSTEM: _("system"), Role.USER: _("user"), Role.ASSISTANT: _("assistant")}
STATUS_WORDS = {
    MessageStatus.COMPLETE: _("complete"),
    MessageStatus.STREAMING: _("being written"),
    MessageStatus.INTERRUPTED: _("interrupted"),
    MessageStatus.FAILED: _("failed"),
}


class Reply(BaseModel):
    """One act of answering a message: by one model, or by several side by side. It has its job's id.

    `running` counts those of its messages that are still being written. A conversation has one such reply at a time.
    """

    conversation = models.ForeignKey(
        Conversation, verbose_name=_("conversation"), on_delete=models.CASCADE, related_name="replies"
    )
    running = models.PositiveSmallIntegerField(_("being written"))

    class Meta:
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        constraints = [
            models.UniqueConstraint(
                fields=["conversation"], condition=Q(running__gt=0), name="conversation_one_running_reply"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Message(SearchableModel, OwnedModel):
    """What somebody said. Each stands below the one that it follows, so that a conversation is a tree.

    A message of a reply has the id of the job that writes it; `attempt` is the attempt that may. Its text grows while
    it is `streaming`. `context` says what was sent along to get it. `error` is as a job keeps it. Once `purged_at`, its
    texts are gone and its figures stay. `is_rewritten`: it doesn't go on from what its readers were shown first.
    """

    conversation = models.ForeignKey(
        Conversation, verbose_name=_("conversation"), on_delete=models.CASCADE, related_name="messages"
    )
    # A message goes with its whole conversation only: a cascade from one to the next would never come to an end.
    parent = models.ForeignKey(
        "self",
        verbose_name=_("follows"),
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        related_name="children",
    )
    reply = models.ForeignKey(
        Reply,
        verbose_name=_("reply"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="messages",
    )
    role = models.CharField(
        _("role"), max_length=10, choices=[(role.value, word) for role, word in ROLE_WORDS.items()]
    )
    status = models.CharField(
        _("status"),
        max_length=12,
        choices=[(status.value, word) for status, word in STATUS_WORDS.items()],
        default=MessageStatus.COMPLETE.value,
    )
    content = models.TextField(_("content"), max_length=limits.CONTENT, blank=True)
    reasoning = models.TextField(_("reasoning"), blank=True)
    model = models.CharField(_("model asked for"), max_length=limits.MODEL, blank=True)
    parameters = models.JSONField(_("parameters"), default=dict, blank=True)
    context = models.JSONField(_("sent along"), default=dict, blank=True)
    attempt = models.PositiveIntegerField(_("attempt"), default=0)
    provider = models.CharField(_("provider"), max_length=40, blank=True)
    answered_by = models.CharField(_("answered by"), max_length=120, blank=True)
    finish_reason = models.CharField(_("why it ended"), max_length=20, blank=True)
    input_tokens = models.PositiveIntegerField(_("input tokens"), default=0)
    output_tokens = models.PositiveIntegerField(_("output tokens"), default=0)
    reasoning_tokens = models.PositiveIntegerField(_("reasoning tokens"), default=0)
    cost_micros = models.BigIntegerField(_("cost (micro-units)"), default=0)
    milliseconds = models.PositiveIntegerField(_("milliseconds"), null=True, blank=True)
    first_token_ms = models.PositiveIntegerField(_("milliseconds to the first piece"), null=True, blank=True)
    is_rewritten = models.BooleanField(_("begun anew"), default=False)
    error = models.JSONField(_("error"), null=True, blank=True)
    purged_at = models.DateTimeField(_("texts removed"), null=True, blank=True)
    search_text = SearchText("content")

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=[role.value for role in Role]), name="message_role_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in MessageStatus]),
                name="message_status_known",
            ),
            models.CheckConstraint(
                condition=Q(reply=None) | Q(role=Role.ASSISTANT), name="message_of_a_reply_is_an_answer"
            ),
            models.CheckConstraint(
                condition=~Q(status=MessageStatus.STREAMING) | Q(reply__isnull=False),
                name="message_is_written_by_a_reply",
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="message_follows_another"),
        ]
        indexes = [
            models.Index(fields=["conversation", "created_at", "id"], name="message_conversation_time")
        ]

    @property
    def is_over(self) -> bool:
        return self.status != MessageStatus.STREAMING

    def __str__(self) -> str:
        return self.content.strip().partition("\n")[0][:60] or str(self.pk)
