"""Our own files: everything that a conversation has, apart from any account.

`{"format": "atelier-conversations", "version": 1, "conversations": […]}`; messages in any order, each with `id` and
`parent_id`.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from conversations.domain import limits
from conversations.domain.imports.records import ImportedConversation, ImportedMessage, Omission
from conversations.domain.imports.trees import in_order, parents_of, require_few
from conversations.domain.imports.values import (
    conversation_key,
    invalid,
    items,
    mapping,
    maybe_items,
    maybe_mapping,
    moment,
    name,
    text,
    word,
)
from conversations.domain.roles import MessageStatus, Role

SOURCE = "atelier"
FORMAT = "atelier-conversations"
FORMAT_VERSION = 1

_SHA256 = re.compile("[0-9a-f]{64}")
_INTEGER = 2**31 - 1
_FIGURES = {
    "input_tokens": _INTEGER,
    "output_tokens": _INTEGER,
    "reasoning_tokens": _INTEGER,
    "cost_micros": 2**53,
    "milliseconds": _INTEGER,
    "first_token_ms": _INTEGER,
}
#: With how long they may be.
_WORDS = {"provider": 40, "answered_by": 120, "finish_reason": 20}
_DATA = ("parameters", "context", "error")
_SETTINGS = {"context_messages": (0, limits.CONTEXT_MESSAGES), "retention_days": (1, limits.RETENTION_DAYS)}
_PARAMETERS = frozenset({"temperature", "max_output_tokens", "reasoning"})


def is_known(data: Mapping[str, Any]) -> bool:
    first = maybe_items(data.get("messages"))[:1]
    return "id" in data and "messages" in data and all("parent_id" in maybe_mapping(one) for one in first)


def identity(data: Mapping[str, Any]) -> str:
    return conversation_key(SOURCE, data.get("id"), data.get("title"), data.get("created_at"))


def conversation(data: Mapping[str, Any]) -> ImportedConversation:
    """Raises `ConversationError`."""
    omitted: Counter[str] = Counter()
    given = items(data["messages"], "messages")
    require_few(len(given))
    messages = [
        _message(mapping(one, f"messages.{place}"), place, omitted) for place, one in enumerate(given)
    ]
    order = in_order(parents_of((message.key, message.parent) for message in messages))
    by_key = {message.key: message for message in messages}
    current = data.get("current_message_id")
    tags = map(maybe_mapping, maybe_items(data.get("tags")))
    return ImportedConversation(
        key=identity(data),
        title=word(data.get("title")),
        messages=[by_key[key] for key in order],
        current=current if isinstance(current, str) and current in by_key else None,
        model=word(data.get("model")),
        system_prompt=text(data.get("system_prompt", ""), "system_prompt", omitted, limits.SYSTEM_PROMPT),
        is_archived=data.get("is_archived") is True,
        is_pinned=data.get("is_pinned") is True,
        tags={word(tag.get("name")): word(tag.get("color")) for tag in tags if word(tag.get("name"))},
        created_at=moment(data.get("created_at")),
        updated_at=moment(data.get("updated_at")),
        last_message_at=moment(data.get("last_message_at")),
        settings=_settings(data),
        omitted=omitted,
    )


def _settings(data: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "model": word(data.get("model"))[: limits.MODEL],
        "is_title_automatic": data.get("is_title_automatic") is True,
        "is_temporary": data.get("is_temporary") is True,
        "parameters": _parameters(data.get("parameters")),
    }
    for field, (least, most) in _SETTINGS.items():
        value = data.get(field)
        if value is not None:
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise invalid(field)
            found[field] = value
    return found


def _parameters(value: Any) -> dict[str, Any]:
    """Those that are what they should be."""
    given = {field: one for field, one in plain(maybe_mapping(value)).items() if field in _PARAMETERS}
    fits = {
        "temperature": _is_number(given.get("temperature"), 0, limits.TEMPERATURE),
        "max_output_tokens": isinstance(given.get("max_output_tokens"), int)
        and _is_number(given.get("max_output_tokens"), 1, limits.OUTPUT_TOKENS),
        "reasoning": isinstance(given.get("reasoning"), bool),
    }
    return {field: one for field, one in given.items() if fits[field]}


def _is_number(value: Any, least: float, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def _message(given: Mapping[str, Any], place: int, omitted: Counter[str]) -> ImportedMessage:
    at = f"messages.{place}"
    parent, role, status = given.get("parent_id"), given.get("role"), given.get("status", "complete")
    if role not in set(Role):
        raise invalid(f"{at}.role")
    facts: dict[str, Any] = {
        field: word(given[field])[:longest]
        for field, longest in _WORDS.items()
        if isinstance(given.get(field), str)
    }
    facts |= {field: plain(given[field]) for field in _DATA if isinstance(given.get(field), dict)}
    facts["parameters"] = _parameters(given.get("parameters"))
    facts["purged_at"] = moment(given.get("purged_at"))
    facts["is_rewritten"] = given.get("is_rewritten") is True
    facts["model"] = word(given.get("model"))[: limits.MODEL]
    for field, most in _FIGURES.items():
        value = given.get(field)
        if value is not None:
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
                raise invalid(f"{at}.{field}")
            facts[field] = value
    return ImportedMessage(
        key=name(given.get("id"), f"{at}.id"),
        parent=None if parent is None else name(parent, f"{at}.parent_id"),
        role=role,
        content=text(given.get("content"), f"{at}.content", omitted),
        reasoning=text(given.get("reasoning") or "", f"{at}.reasoning", omitted),
        status=status
        if status in set(MessageStatus) - {MessageStatus.STREAMING}
        else MessageStatus.INTERRUPTED.value,
        created_at=moment(given.get("created_at")),
        facts=facts,
        files=_files(given.get("files"), omitted),
    )


def _files(value: Any, omitted: Counter[str]) -> list[str]:
    """What can't name a file of ours is counted as left out."""
    given = [word(maybe_mapping(one).get("sha256")) for one in maybe_items(value)]
    known = list(dict.fromkeys(filter(_SHA256.fullmatch, given)))[: limits.ATTACHMENTS]
    omitted[Omission.FILES] += len(given) - len(known)
    return known


def plain(value: Any, depth: int = 8) -> Any:
    """JSON as every database stores it: no NUL, no huge numbers, not deep."""
    if isinstance(value, str):
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, dict):
        return {plain(key): plain(one, depth - 1) for key, one in value.items()} if depth else None
    if isinstance(value, list):
        return [plain(one, depth - 1) for one in value] if depth else None
    return value if value is None or isinstance(value, bool) or abs(value) < 2**53 else None
