"""Trees of messages as sources have them: each node names its parent."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from conversations.domain.imports.records import (
    LONGEST_TEXT,
    MOST_MESSAGES,
    ConversationError,
    ConversationReason,
    ImportedMessage,
)

ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the source. `message` is None where nothing of it was shown (the message's own parent doesn't count);
    `reasoning` belongs to the answer that follows."""

    key: str
    parent: str | None
    message: ImportedMessage | None
    reasoning: str = ""


def node_of(
    key: str,
    parent: str | None,
    *,
    role: str,
    content: str,
    reasoning: str,
    has_failed: bool,
    broke_off: bool,
    model: str,
    created_at: datetime | None,
) -> Node:
    """A message in its place; what says nothing is only a place."""
    if not content.strip() and not reasoning:
        return Node(key, parent, None)
    message = ImportedMessage(
        key=key,
        parent=parent,
        role=role,
        content=content,
        reasoning=reasoning,
        status="failed" if has_failed else "interrupted" if broke_off else "complete",
        model=model if role == ASSISTANT else "",
        created_at=created_at,
    )
    return Node(key, parent, message)


def require_few(count: int) -> None:
    if count > MOST_MESSAGES:
        raise ConversationError(ConversationReason.TOO_LARGE, limit=MOST_MESSAGES)


def parents_of(pairs: Iterable[tuple[str, str | None]]) -> dict[str, str | None]:
    """The parents by key. Raises `ConversationError` for a key that is there twice."""
    parents: dict[str, str | None] = {}
    for key, parent in pairs:
        if key in parents:
            raise ConversationError(ConversationReason.REPEATED, message=key)
        parents[key] = parent
    return parents


def in_order(parents: Mapping[str, str | None]) -> list[str]:
    """The keys, parents before their children, siblings as they came. Raises `ConversationError` for what is no
    tree."""
    children: dict[str | None, list[str]] = {}
    for key, parent in parents.items():
        if parent is not None and parent not in parents:
            raise ConversationError(ConversationReason.PARENT_UNKNOWN, message=key)
        children.setdefault(parent, []).append(key)
    if parents and None not in children:
        raise ConversationError(ConversationReason.ROOT_MISSING)
    found: dict[str, None] = {}
    waiting = children.get(None, [])[::-1]
    while waiting:
        key = waiting.pop()
        found[key] = None
        waiting += children.get(key, [])[::-1]
    if len(found) < len(parents):
        lost = next(key for key in parents if key not in found)
        raise ConversationError(ConversationReason.CYCLE, message=lost)
    return list(found)


def shown(nodes: Sequence[Node], current: str | None) -> tuple[list[ImportedMessage], str | None]:
    """The messages that were shown, each below the nearest one above it, and the one that `current` stands for.

    An answer that came in several pieces, with tools between them, is one message. Raises `ConversationError`.
    """
    by_key = {node.key: node for node in nodes}
    kept: list[ImportedMessage] = []
    stands_for: dict[str | None, str | None] = {None: None}
    thoughts: dict[str | None, str] = {None: ""}
    for key in in_order(parents_of((node.key, node.parent) for node in nodes)):
        node = by_key[key]
        above, pending = stands_for[node.parent], _joined(thoughts[node.parent], node.reasoning)
        if node.message is None:
            stands_for[key], thoughts[key] = above, pending
            continue
        message = replace(node.message, key=key, parent=above)
        if message.role == ASSISTANT:
            message = replace(message, reasoning=_joined(pending, message.reasoning))
        kept.append(message)
        stands_for[key], thoughts[key] = key, ""
    whole, joined = _pieces_joined(kept)
    last = stands_for.get(current)
    return whole, joined.get(last, last) if last else None


def answered_by(messages: Sequence[ImportedMessage]) -> str:
    """The model of the last answer that names one."""
    return next((message.model for message in reversed(messages) if message.model), "")


def _pieces_joined(messages: Sequence[ImportedMessage]) -> tuple[list[ImportedMessage], dict[str, str]]:
    """Also says in which message each piece that is none by itself any more has gone."""
    children = Counter(message.parent for message in messages)
    whole: dict[str | None, ImportedMessage] = {}
    gone_into: dict[str, str] = {}
    for message in messages:
        parent = message.parent and gone_into.get(message.parent, message.parent)
        before = whole.get(parent)
        if before and before.role == message.role == ASSISTANT and children[message.parent] == 1:
            whole[before.key] = replace(
                before,
                content=_joined(before.content, message.content),
                reasoning=_joined(before.reasoning, message.reasoning),
                status=message.status,
                model=message.model or before.model,
            )
            gone_into[message.key] = before.key
        else:
            whole[message.key] = replace(message, parent=parent)
    for message in whole.values():
        if max(len(message.content), len(message.reasoning)) > LONGEST_TEXT:
            raise ConversationError(ConversationReason.TEXT_TOO_LONG, place=message.key, limit=LONGEST_TEXT)
    return list(whole.values()), gone_into


def _joined(*texts: str) -> str:
    return "\n\n".join(filter(None, texts))
