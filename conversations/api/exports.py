"""Conversations as files: JSON with everything, and a branch as Markdown."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

import orjson
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.domain.imports.ours import FORMAT, FORMAT_VERSION
from conversations.domain.roles import Role
from conversations.models import Attachment, Conversation, Message
from conversations.selectors import attachments_of

#: Messages that are read at once.
CHUNK = 100
CONVERSATION_FIELDS = (
    "id", "title", "is_title_automatic", "model", "parameters", "system_prompt", "context_messages", "is_pinned",
    "is_archived", "is_temporary", "retention_days", "last_message_at", "created_at", "updated_at",
)  # fmt: skip
MESSAGE_FIELDS = (
    "id", "parent_id", "role", "status", "content", "reasoning", "model", "parameters", "context", "provider",
    "answered_by", "finish_reason", "input_tokens", "output_tokens", "reasoning_tokens", "cost_micros", "milliseconds",
    "first_token_ms", "error", "is_rewritten", "purged_at", "created_at",
)  # fmt: skip

FILE_FIELDS = ("name", "media_type", "size", "sha256")


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
        chunk = ids[begin : begin + CHUNK]
        files = attachments_of(chunk)
        rows = messages.filter(pk__in=chunk).values(*MESSAGE_FIELDS)
        written = b",\n".join(
            orjson.dumps({**row, "files": _files(files.get(row["id"], ()))}) for row in rows
        )
        yield (b",\n" if begin and written else b"") + written
    yield b"]}"


def _files(attachments: Iterable[Attachment]) -> list[dict[str, Any]]:
    """By what they are known again where they are, too: their contents stay behind."""
    return [{name: getattr(one.file, name) for name in FILE_FIELDS} for one in attachments]


def markdown_file(conversation: Conversation, branch: Sequence[Message]) -> Iterator[bytes]:
    """The branch as a reader sees it, with the system prompt at its head."""
    title = conversation.title or _("Conversation")
    yield f"# {title}\n".encode()
    if conversation.system_prompt:
        yield _section(_("Instructions"), "", conversation.system_prompt)
    files = attachments_of(branch)
    for message in branch:
        moment = timezone.localtime(message.created_at).strftime("%Y-%m-%d %H:%M %Z")
        names = [f"- {one.file.name}" for one in files.get(message.pk, ())]
        attached = "\n".join([_("Files:"), "", *names]) if names else ""
        text = "\n\n".join(filter(None, (message.content.strip(), attached)))
        yield _section(speaker(message.role), _facts(message, moment), text)


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
