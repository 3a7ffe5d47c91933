"""What a source holds, in words that belong to no source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

#: Of one conversation in a source. What is larger is refused, and the rest of the file is read.
MOST_MESSAGES = 10_000
LONGEST_TEXT = 1_000_000
LONGEST_TITLE = 200
#: How much memory one conversation of a source may take while it is read: values of JSON, and characters in them.
MOST_VALUES = 1_000_000
MOST_CHARACTERS = 32_000_000
#: A message of a nested source takes two levels.
DEEPEST = 2 * MOST_MESSAGES + 100


class FileReason(StrEnum):
    """Why a whole file can't be read."""

    NOT_JSON = "not_json"
    UNKNOWN = "unknown"
    ZIP = "zip"
    TOO_LARGE = "too_large"


class ConversationReason(StrEnum):
    """Why one conversation of a file can't be read."""

    UNKNOWN = "unknown"
    EMPTY = "empty"
    INVALID = "invalid"
    TOO_LARGE = "too_large"
    TEXT_TOO_LONG = "text_too_long"
    CYCLE = "cycle"
    ROOT_MISSING = "root_missing"
    PARENT_UNKNOWN = "parent_unknown"
    REPEATED = "repeated"


class FileError(Exception):
    """The file can't be read on. `params` say more, for the sentence that people read."""

    def __init__(self, reason: FileReason, **params: Any) -> None:
        super().__init__(reason, params)
        self.reason = reason
        self.params = params


class ConversationError(Exception):
    """One conversation of the file can't be read. `params` say more."""

    def __init__(self, reason: ConversationReason, **params: Any) -> None:
        super().__init__(reason, params)
        self.reason = reason
        self.params = params


class Omission(StrEnum):
    """What stays behind, counted: it is named where it stood, or nobody saw it there either."""

    FILES = "files"
    TOOLS = "tools"
    HIDDEN = "hidden"
    CHARACTERS = "characters"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedMessage:
    """One message. `key` and `parent` name messages of the same conversation. Only our own files have `facts`, the
    model's fields, and `files`, the SHA-256 of each file that it refers to."""

    key: str
    parent: str | None
    role: str
    content: str
    reasoning: str = ""
    status: str = "complete"
    model: str = ""
    created_at: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    files: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedConversation:
    """One conversation. `key` names it wherever it is met again; parents come before their children; `current` is the
    leaf that was shown last; `settings` are the model's fields that only our own files have."""

    key: str
    title: str
    messages: Sequence[ImportedMessage]
    current: str | None = None
    model: str = ""
    system_prompt: str = ""
    is_archived: bool = False
    is_pinned: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    created_at: datetime | None = None
    updated_at: datetime | None = None
    last_message_at: datetime | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    omitted: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedConversation:
    """One that stays out, as far as it could be told which it is."""

    reason: ConversationReason
    key: str = ""
    title: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


ImportedItem = ImportedConversation | RefusedConversation
