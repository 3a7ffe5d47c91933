"""Conversations out of a file, one after the other, from whichever source it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import IO, Any

from conversations.domain.imports import chatgpt, librechat, openwebui, ours
from conversations.domain.imports.archives import Json, json_parts
from conversations.domain.imports.records import (
    DEEPEST,
    MOST_CHARACTERS,
    MOST_VALUES,
    ConversationError,
    ConversationReason,
    FileError,
    FileReason,
    ImportedItem,
    RefusedConversation,
)
from conversations.domain.imports.values import word

MOST_CONVERSATIONS = 100_000
#: If none of so many is a conversation, the file is something else.
ENOUGH_UNKNOWN = 100

SOURCES: tuple[ModuleType, ...] = (chatgpt, openwebui, librechat, ours)
#: Under which an object has its conversations, if it isn't one itself.
_LISTS = frozenset({"conversations", "chats"})
_BEGINNINGS = frozenset({"start_map", "start_array"})
_ENDS = frozenset({"end_map", "end_array"})

Event = tuple[str, Any]


class ConversationFile:
    """The conversations of a file. Iterating raises `FileError`; `position` is how many bytes of JSON were read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._before = 0
        self._part: Json | None = None

    @property
    def position(self) -> int:
        return self._before + (self._part.position if self._part else 0)

    def __iter__(self) -> Iterator[ImportedItem]:
        seen, known = 0, False
        for part in json_parts(self._file):
            self._part = part
            for found in _found(part):
                seen += 1
                if seen > MOST_CONVERSATIONS:
                    raise FileError(FileReason.TOO_LARGE, limit=MOST_CONVERSATIONS)
                item = _read(found)
                known = known or not _is_unknown(item)
                if not known and seen >= ENOUGH_UNKNOWN:
                    raise FileError(FileReason.UNKNOWN)
                yield item
            self._before, self._part = self.position, None
        if seen and not known:
            raise FileError(FileReason.UNKNOWN)


def _is_unknown(item: ImportedItem) -> bool:
    return isinstance(item, RefusedConversation) and item.reason is ConversationReason.UNKNOWN


def _read(found: "_Found") -> ImportedItem:
    data = found.value
    if not isinstance(data, dict):
        return RefusedConversation(reason=found.refused or ConversationReason.UNKNOWN)
    title = word(data.get("title"))
    source = next((one for one in SOURCES if one.is_known(data)), None)
    if source is None:
        return RefusedConversation(reason=found.refused or ConversationReason.UNKNOWN, title=title)
    key = source.identity(data)
    try:
        if found.refused:
            raise ConversationError(found.refused, limit=found.limit)
        conversation = source.conversation(data)
        if not conversation.messages and source is not ours:
            raise ConversationError(ConversationReason.EMPTY)
    except ConversationError as exc:
        return RefusedConversation(reason=exc.reason, key=key, title=title, params=exc.params)
    return conversation


# -- from events to values ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Found:
    """What may be a conversation; where it is refused, the little of it that was read before."""

    value: Any
    refused: ConversationReason | None = None
    limit: int = 0


def _found(json: Json) -> Iterator[_Found]:
    events = _events(json)
    event, value = next(events)
    if event == "start_array":
        yield from _each(events)
    elif event == "start_map":
        yield from _object(events)
    else:
        raise FileError(FileReason.UNKNOWN)
    for _rest in events:
        pass  # what is behind the end is no JSON, and the parser says so


def _events(json: Json) -> Iterator[Event]:
    import ijson  # only whoever imports needs it

    try:
        # As other numbers it would end the process at one of thousands of digits (ijson 3.6).
        yield from ijson.basic_parse(json, use_float=True)
    except (ijson.JSONError, ValueError) as exc:
        problem = (str(exc).splitlines() or [""])[0].strip("b'\"")[:100]
        raise FileError(FileReason.NOT_JSON, problem=problem, byte=json.position) from None


def _each(events: Iterator[Event]) -> Iterator[_Found]:
    """The items of an array whose beginning was read."""
    for event, value in events:
        if event == "end_array":
            return
        yield _Reader(events).found(event, value)


def _object(events: Iterator[Event]) -> Iterator[_Found]:
    """The conversations of an object whose beginning was read, or the object itself."""
    reader, root, has_list = _Reader(events), {}, False
    for event, key in events:
        if event == "end_map":
            break
        event, value = next(events)
        if event == "start_array" and key in _LISTS:
            has_list = True
            yield from _each(events)
        else:
            root[key] = reader.value(event, value)
    if not has_list:
        yield _Found(root, reader.refused, reader.limit)


class _Reader:
    """Builds values of events, as much as one conversation may have, and reads over the rest."""

    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self._values = MOST_VALUES
        self._characters = MOST_CHARACTERS
        self.refused: ConversationReason | None = None
        self.limit = 0

    def found(self, event: str, value: Any) -> _Found:
        data: dict[str, Any] = {}
        if event != "start_map":
            return _Found(self.value(event, value), self.refused, self.limit)
        for event, key in self._events:
            if event == "end_map":
                break
            data[key] = self.value(*next(self._events))
        return _Found(data, self.refused, self.limit)

    def value(self, event: str, value: Any) -> Any:
        """The value that begins with this event; None if it is too much."""
        if event not in _BEGINNINGS:
            return value if self._take(value) else None
        root: Any = {} if event == "start_map" else []
        stack: list[Any] = [root]
        keys: list[str] = [""]
        for event, value in self._events:
            if event == "map_key":
                keys[-1] = value
                continue
            if event in _ENDS:
                stack.pop()
                keys.pop()
                if not stack:
                    return root
                continue
            if event in _BEGINNINGS:
                value = {} if event == "start_map" else []
            if not self._take(value) or not self._is_shallow(stack):
                self._skip(len(stack) + (event in _BEGINNINGS))
                return None
            if isinstance(stack[-1], dict):
                stack[-1][keys[-1]] = value
            else:
                stack[-1].append(value)
            if event in _BEGINNINGS:
                stack.append(value)
                keys.append("")
        return root

    def _take(self, value: Any) -> bool:
        self._values -= 1
        if isinstance(value, str):
            self._characters -= len(value)
        if self._values < 0:
            return self._refuse(MOST_VALUES)
        return self._characters >= 0 or self._refuse(MOST_CHARACTERS)

    def _is_shallow(self, stack: list[Any]) -> bool:
        return len(stack) < DEEPEST or self._refuse(DEEPEST)

    def _refuse(self, limit: int) -> bool:
        self.refused, self.limit = ConversationReason.TOO_LARGE, limit
        return False

    def _skip(self, depth: int) -> None:
        for event, _value in self._events:
            depth += (event in _BEGINNINGS) - (event in _ENDS)
            if not depth:
                return
