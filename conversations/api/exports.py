"""Conversations as files: JSON with everything, and a branch as Markdown."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import orjson
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.domain.imports.ours import FORMAT, FORMAT_VERSION
from conversations.domain.roles import Role
from conversations.models import Conversation, Message

#: Messages that are read at once.
CHUNK = 100
CONVERSATION_FIELDS = (
    "id", "title", "is_title_automatic", "model", "parameters", "system_prompt", "context_messages", "is_pinned",
    "is_archived", "is_temporary", "retention_days", "last_message_at", "created_at", "updated_at",
)  # fmt: skip
MESSAGE_FIELDS = (
    "id", "parent_id", "role", "status", "content", "reasoning", "model", "parameters", "context", "provider",
    "answered_by", "finish_reason", "input_tokens", "output_tokens", "reasoning_tokens", "cost_micros", "milliseconds",
    "first_token_ms", "error", "purged_at", "created_at",
)  # fmt: skip


def json_file(ids: Sequence[UUID], owner_id: UUID) -> Iterator[bytes]:
    """The owner's conversations with these keys, one after the other; what is deleted meanwhile is left out."""
    yield f'{{"format":"{FORMAT}","version":{FORMAT_VERSION},"conversations":['.encode()
    is_first = True
    for pk in ids:
        conversation = Conversation.objects.owned_by(owner_id).prefetch_related("tags").filter(pk=pk).first()
        if conversation is None:
            continue
        yield b"\n" if is_first else b",\n"
        is_first = False
        yield from _conversation(conversation)
    yield b"\n]}\n"


def _conversation(conversation: Conversation) -> Iterator[bytes]:
    facts = {name: getattr(conversation, name) for name in CONVERSATION_FIELDS}
    facts["tags"] = [{"name": tag.name, "color": tag.color} for tag in conversation.tags.all()]
    facts["current_message_id"] = conversation.current_message_id
    yield orjson.dumps(facts)[:-1] + b',"messages":['
    messages = conversation.messages.order_by("created_at", "pk")
    ids = list(messages.values_list("pk", flat=True))
    for begin in range(0, len(ids), CHUNK):
        rows = messages.filter(pk__in=ids[begin : begin + CHUNK]).values(*MESSAGE_FIELDS)
        written = b",\n".join(orjson.dumps(row) for row in rows)
        yield (b",\n" if begin and written else b"") + written
    yield b"]}"


def markdown_file(conversation: Conversation, branch: Sequence[Message]) -> Iterator[bytes]:
    """The branch as a reader sees it, with the system prompt at its head."""
    title = conversation.title or _("Conversation")
    yield f"# {title}\n".encode()
    if conversation.system_prompt:
        yield _section(_("Instructions"), "", conversation.system_prompt)
    for message in branch:
        moment = timezone.localtime(message.created_at).strftime("%Y-%m-%d %H:%M %Z")
        yield _section(speaker(message.role), _facts(message, moment), message.content)


def speaker(role: str, *, is_own: bool = True) -> str:
    """What a reader calls who says it: the owner is "you" to themselves only."""
    words: dict[str, str] = {
        Role.USER: _("You") if is_own else _("User"),
        Role.ASSISTANT: _("Assistant"),
        Role.SYSTEM: _("Instructions"),
    }
    return words[role]


def _facts(message: Message, moment: str) -> str:
    return " · ".join(filter(None, (message.answered_by if message.role == Role.ASSISTANT else "", moment)))


def _section(who: str, facts: str, text: str) -> bytes:
    head = f"**{who}**" + (f" · {facts}" if facts else "")
    return f"\n---\n\n{head}\n\n{text.strip()}\n".encode()
