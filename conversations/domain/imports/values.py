"""Values of foreign JSON, which may be of any type."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from conversations.domain.imports.records import (
    LONGEST_TEXT,
    LONGEST_TITLE,
    ConversationError,
    ConversationReason,
    Omission,
)

_LONGEST_KEY = 80
#: Seconds since 1970 that are after the year 5000 are something smaller than seconds.
_SECONDS_END = 1e11


def invalid(place: str) -> ConversationError:
    return ConversationError(ConversationReason.INVALID, place=place)


def mapping(value: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise invalid(place)
    return value


def items(value: Any, place: str) -> list[Any]:
    if not isinstance(value, list):
        raise invalid(place)
    return value


def maybe_mapping(value: Any) -> Mapping[str, Any]:
    """Where nothing hangs on it: empty, whatever else stands there."""
    return value if isinstance(value, dict) else {}


def maybe_items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def word(value: Any) -> str:
    """A short text, empty if it is none."""
    return value.replace("\0", "")[:LONGEST_TITLE].strip() if isinstance(value, str) else ""


def name(value: Any, place: str) -> str:
    """What names a message."""
    if not isinstance(value, str) or not value or len(value) > LONGEST_TITLE:
        raise invalid(place)
    return value


def text(value: Any, place: str, omitted: Counter[str], longest: int = LONGEST_TEXT) -> str:
    """A text that can be stored: the NUL character, which no database takes, is replaced and counted."""
    if not isinstance(value, str):
        raise invalid(place)
    if len(value) > longest:
        raise ConversationError(ConversationReason.TEXT_TOO_LONG, place=place, limit=longest)
    if "\0" in value:
        omitted[Omission.CHARACTERS] += value.count("\0")
        value = value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return value


def moment(value: Any) -> datetime | None:
    """Seconds, milliseconds, microseconds or nanoseconds since 1970, or ISO 8601; None where it is no time."""
    if isinstance(value, str):
        try:
            given = datetime.fromisoformat(value[:40])
        except ValueError:
            return None
        return given.replace(tzinfo=given.tzinfo or UTC).astimezone(UTC)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    seconds = float(value)
    while abs(seconds) > _SECONDS_END and abs(seconds) < 1e20:
        seconds /= 1000
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (OverflowError, ValueError, OSError):
        return None


def conversation_key(source: str, given: Any, *parts: Any) -> str:
    """What names a conversation of this source wherever it is met again: its id, or what it says."""
    if isinstance(given, str) and 0 < len(given) <= _LONGEST_KEY and given.isprintable():
        return f"{source}:{given}"
    digest = hashlib.sha256(repr((given, *parts)).encode("utf-8", "replace")).hexdigest()
    return f"{source}:sha256-{digest[:40]}"


def named_file(value: Any, kind: str, omitted: Counter[str]) -> str:
    """What stands in a text for a file that isn't brought along."""
    omitted[Omission.FILES] += 1
    called = word(value).replace("[", "(").replace("]", ")").splitlines()
    return f"[{kind}: {called[0]}]" if called and called[0] else f"[{kind}]"
