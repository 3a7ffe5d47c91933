"""Answers as they come: read as leniently as it safely can be, because they are paid for.

`orjson` reads what is right. What it refuses is read once more by Python's own reader, which takes half surrogate
pairs, NaN and line breaks in texts: with a mark in front (BOM), in UTF-16, with something after it, in an envelope, or
as a text in a text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

MAX_DEPTH = 200
#: Levels of lists and objects of typed parts in a message.
_MAX_PARTS_DEPTH = 6
_ENVELOPES: Final = ("data", "result", "response", "body", "output")
_EVENTS: Final = re.compile(rb"\s*(?::[^\r\n]*|(?:data|event|id|retry):[^\r\n]*)(?:\r|\n|\Z)")
_THOUGHT_PARTS: Final = re.compile(r"think|thought|reason|analysis", re.IGNORECASE)


def is_events(content: bytes | bytearray) -> bool:
    """Whether these are server-sent events, asked for or not."""
    return _EVENTS.match(content.removeprefix(b"\xef\xbb\xbf")) is not None


def read_object(content: bytes | str) -> dict[str, Any] | None:
    """The object that is meant, or None."""
    found = _read(content)
    if isinstance(found, str) and found.lstrip().startswith(("{", "[")):
        found = _read(found)
    if isinstance(found, list) and found:
        found = found[0]
    if not isinstance(found, dict):
        return None
    return _unpacked(found)


def read_list(content: bytes | str) -> list[Any] | None:
    """The list that is meant, or None."""
    found = _read(content)
    return found if isinstance(found, list) else None


def _unpacked(found: dict[str, Any]) -> dict[str, Any]:
    if "choices" not in found and "error" not in found:
        for name in _ENVELOPES:
            inner = found.get(name)
            if isinstance(inner, dict) and ("choices" in inner or "error" in inner):
                return inner
    return found


def _read(content: bytes | str) -> Any:
    try:
        return orjson.loads(content)
    except ValueError:
        pass
    text = _decoded(content) if isinstance(content, bytes) else content
    text = text.lstrip("\ufeff \t\r\n\0")
    if _depth(text) > MAX_DEPTH:
        return None
    try:
        return json.JSONDecoder(strict=False).raw_decode(text)[0]
    except (ValueError, RecursionError):
        return None


def _decoded(content: bytes) -> str:
    for mark, name in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if content.startswith(mark):
            return content.decode(name, "replace")
    return content.decode("utf-8", "replace")


def _depth(text: str) -> int:
    """An upper bound, quickly: brackets inside texts count, too, unless they close again."""
    depth = deepest = 0
    for found in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{\]}]', text, re.DOTALL):
        bracket = found[0]
        if bracket in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif bracket in "]}":
            depth -= 1
    return deepest


def text_in(value: object) -> tuple[str, str]:
    """The text and the thoughts of a `content`, which may be a list of typed parts."""
    if isinstance(value, str):
        return value, ""
    text: list[str] = []
    thoughts: list[str] = []
    for is_thought, words in _parts(value, is_thought=False, depth=0):
        (thoughts if is_thought else text).append(words)
    return "".join(text), "".join(thoughts)


def words_in(value: object) -> str:
    """All words of a value, whatever they are called: a message of an error, thoughts in parts."""
    if not value:
        return ""
    return "".join(words for _, words in _parts(value, is_thought=False, depth=0))


def _parts(value: object, *, is_thought: bool, depth: int) -> Iterator[tuple[bool, str]]:
    if isinstance(value, str):
        yield is_thought, value
    elif depth >= _MAX_PARTS_DEPTH:
        return
    elif isinstance(value, list):
        for item in value:
            yield from _parts(item, is_thought=is_thought, depth=depth + 1)
    elif isinstance(value, Mapping):
        kind = value.get("type")
        is_thought = is_thought or isinstance(kind, str) and _THOUGHT_PARTS.search(kind) is not None
        for name in ("text", "content", "value"):
            if value.get(name):
                yield from _parts(value[name], is_thought=is_thought, depth=depth + 1)
                return
        for name in ("thinking", "reasoning", "reasoning_content", "thought", "summary"):
            if value.get(name):
                yield from _parts(value[name], is_thought=True, depth=depth + 1)
                return
