"""Conversations in the admin: they and their messages are read."""

from collections import Counter
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.models import User
from config.admin.base import ReadOnlyAdmin, ServiceAdmin, as_uuid
from config.admin.cells import badge, link_to, list_of
from config.admin.words import as_rows
from config.money import money
from conversations.domain.roles import MessageStatus, Role
from conversations.models import Conversation, ConversationSettings, Message, Reply
from conversations.selectors import branch_of
from conversations.services.retention import settings_update

#: Messages that a page shows at once, and characters of each.
SHOWN = 50
TEXT_SHOWN = 20_000
PARAMETER_WORDS = {
    "temperature": _("temperature"),
    "max_output_tokens": _("longest answer (tokens)"),
    "reasoning": _("with reasoning"),
}
COLOURS = {
    MessageStatus.COMPLETE: "success",
    MessageStatus.STREAMING: "info",
    MessageStatus.INTERRUPTED: "warning",
    MessageStatus.FAILED: "danger",
}


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    list_display = ("title_cell", "owner", "model", "is_pinned", "is_archived", "last_message_at")
    list_filter = ("is_pinned", "is_archived", "is_temporary", "created_at")
    list_select_related = ("owner",)
    search_keys = ("pk", "owner_id")
    search_fields = ("title",)
    search_help_text = _("A conversation's or owner's id, or a part of a title")
    fieldsets = (
        (None, {"fields": (("title", "owner"), ("model", "parameter_rows"), "tag_names")}),
        (_("System prompt"), {"fields": ("system_prompt", ("prompt_link", "variable_rows"))}),
        (
            _("Kept"),
            {
                "fields": (
                    ("is_pinned", "is_archived", "is_temporary"),
                    ("retention_days", "context_messages"),
                )
            },
        ),
        (_("Times"), {"fields": (("created_at", "last_message_at"), "forked_link")}),
    )

    change_form_before_template = "admin/conversations/thread.html"

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With the branch that is shown, or the part of it that ends with the message `?end=`."""
        conversation = kwargs.get("obj")
        if conversation is not None:
            context.update(_thread(conversation, as_uuid(request.GET.get("end", ""))))
        return super().render_change_form(request, context, *args, **kwargs)

    @display(description=_("title"), ordering="title")
    def title_cell(self, conversation: Conversation) -> str:
        return str(conversation)

    @display(description=_("parameters"))
    def parameter_rows(self, conversation: Conversation) -> Any:
        return as_rows(conversation.parameters, PARAMETER_WORDS, {})

    @display(description=_("variables"))
    def variable_rows(self, conversation: Conversation) -> Any:
        return as_rows(conversation.variables, {}, {})

    @display(description=_("tags"))
    def tag_names(self, conversation: Conversation) -> str:
        return ", ".join(tag.name for tag in conversation.tags.order_by("key")) or "-"

    @display(description=_("system prompt from"))
    def prompt_link(self, conversation: Conversation) -> Any:
        return link_to(conversation.prompt_version)

    @display(description=_("forked from"))
    def forked_link(self, conversation: Conversation) -> Any:
        return link_to(conversation.forked_from)


def _thread(conversation: Conversation, end: UUID | None) -> dict[str, Any]:
    """The last messages of the branch, the first of them first, and where the earlier ones are."""
    wanted = end or conversation.current_message_id
    shown = conversation.messages.filter(pk=wanted).first() if wanted else None
    branch = branch_of(shown, most=SHOWN + 1) if shown else []
    earlier, branch = (branch[0], branch[1:]) if len(branch) > SHOWN else (None, branch)
    beside = _siblings(conversation, branch)
    return {
        "thread": [
            {
                "message": message,
                "text": message.content[:TEXT_SHOWN],
                "html": _html(message) if message.role == Role.ASSISTANT else "",
                "state": "" if message.status == MessageStatus.COMPLETE else _badge(message),
                "siblings": beside[message.parent_id] - 1,
                "siblings_address": list_of(Message, q=message.parent_id or conversation.pk),
            }
            for message in branch
        ],
        "earlier": earlier.pk if earlier else None,
        "is_earlier": end is not None,
    }


def _html(message: Message) -> SafeString:
    """What a model wrote, as it is meant to be read. `markdown_to_html` sanitizes: nothing in it can run here."""
    from config.markdown.sanitized import markdown_to_html

    return mark_safe(markdown_to_html(message.content[:TEXT_SHOWN]).html)  # noqa: S308


def _siblings(conversation: Conversation, branch: list[Message]) -> Counter[UUID | None]:
    """How many messages follow each of those that these follow."""
    parents = [message.parent_id for message in branch if message.parent_id]
    beside = Q(parent_id__in=parents)
    if len(parents) < len(branch):
        beside |= Q(parent_id=None)
    rows = conversation.messages.filter(beside).order_by().values_list("parent_id").annotate(Count("pk"))
    return Counter(dict(rows))


def _badge(message: Message) -> Any:
    return badge(message.get_status_display(), COLOURS[MessageStatus(message.status)])


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("created", "owner", "role", "state", "answered_by", "cost", "conversation_link")
    list_display_links = ("created",)
    list_filter = ("role", "status", "created_at")
    list_select_related = ("owner", "conversation")
    search_keys = ("pk", "owner_id", "conversation_id", "parent_id", "reply_id")
    search_help_text = _("The id of a message, of the one it follows, of a conversation, a reply or an owner")
    fieldsets = (
        (None, {"fields": (("owner", "conversation_link"), ("role", "state"), "parent_link")}),
        (_("Texts"), {"fields": ("content", "reasoning")}),
        (
            _("Made by"),
            {"fields": (("model", "provider", "answered_by"), ("tokens", "cost"), "parameter_rows")},
        ),
        (_("Times"), {"fields": (("created_at", "milliseconds", "first_token_ms"), "purged_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        """Lists don't read the texts."""
        rows = super().get_queryset(request)
        match = request.resolver_match
        is_list = match is not None and str(match.url_name).endswith("changelist")
        return rows.defer("content", "reasoning", "search_text") if is_list else rows.select_related("parent")

    @display(description=_("created"), ordering="pk")
    def created(self, message: Message) -> Any:
        return message.created_at

    @display(description=_("status"))
    def state(self, message: Message) -> Any:
        return _badge(message)

    @display(description=_("parameters"))
    def parameter_rows(self, message: Message) -> Any:
        return as_rows(message.parameters, PARAMETER_WORDS, {})

    @display(description=_("conversation"))
    def conversation_link(self, message: Message) -> Any:
        return link_to(message.conversation)

    @display(description=_("follows"))
    def parent_link(self, message: Message) -> Any:
        return link_to(message.parent)

    @display(description=_("tokens in · out"))
    def tokens(self, message: Message) -> str:
        return f"{message.input_tokens:,} · {message.output_tokens:,}"

    @display(description=_("cost"))
    def cost(self, message: Message) -> str:
        return money(message.cost_micros)


@admin.register(Reply)
class ReplyAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "conversation_link", "running")
    list_display_links = ("created_at",)
    list_select_related = ("conversation",)
    search_keys = ("pk", "conversation_id")
    search_help_text = _("The id of a reply (its job's) or of a conversation")
    fields = ("conversation_link", "running", "created_at", "updated_at")

    @display(description=_("conversation"))
    def conversation_link(self, reply: Reply) -> Any:
        return link_to(reply.conversation)


@admin.register(ConversationSettings)
class ConversationSettingsAdmin(ServiceAdmin):
    list_display = ("owner", "retention_days", "updated_at")
    list_select_related = ("owner",)
    search_keys = ("pk", "owner_id")
    search_help_text = _("An owner's id or name")
    autocomplete_fields = ("owner",)
    fields = ("owner", "retention_days")

    def create(self, *, owner: User, **fields: Any) -> ConversationSettings:
        return settings_update(owner_id=owner.pk, **fields)

    def change(self, row: ConversationSettings, **changes: Any) -> None:
        settings_update(owner_id=row.owner_id, **changes)

    def remove(self, row: ConversationSettings) -> None:
        row.delete()
