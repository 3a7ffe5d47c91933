"""Thoughts that a server leaves in the text: `<think>…</think>` and its like, told apart from words about such tags.

What stands in code (a fence, a span of backticks, an indented block) is the document's. Outside of code,

- a pair is thoughts, with pairs inside it, unless it only names the tags ("<think> and </think>");
- an opening tag that is never closed is thoughts where it begins a line, else a word;
- a closing tag without an opening one ends thoughts that began with the answer, as servers send whose prompt has the
  opening tag in it; after thoughts that were marked properly it is nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

#: Tags in an answer, after which the others are taken for text.
MAX_TAGS = 500

_TAG: Final = re.compile(
    r"<(?P<close>/?)(?:seed:)?(?:think|thinking|thoughts?|reasoning)(?:\s[^<>\n]{0,80})?(?P<slash>/?)>"
    r"|◁(?P<far>/?)think▷"
    r"|(?-i:\[THINK\](?=[^(])|(?P<square>\[/THINK\]))"
    r"|<\|(?:begin|(?P<over>end))_of_thought\|>"
    # The channels of gpt-oss: <|channel|>analysis<|message|>…<|end|><|start|>assistant<|channel|>final<|message|>…
    r"|(?:<\|start\|>assistant)?<\|channel\|>(?:analysis|commentary|(?P<final>final))<\|message\|>"
    r"|(?P<end><\|end\|>)(?=<\|start\|>)"
    r"|<\|(?:START|(?P<shut>END))_THINKING\|>"
    r"|(?P<solution><\|begin_of_solution\|>|<\|START_RESPONSE\|>)",
    re.IGNORECASE,
)
_CLOSINGS: Final = ("close", "far", "square", "over", "end", "shut")
_EMPTY: Final = ("slash", "final", "solution")
_HALF_TAG: Final = re.compile(
    r"(?:<[/a-z:]{0,15}(?:\s[^<>\n]{0,80})?|◁[/a-z]{0,6}|<\|[a-z_|<>]{0,100}|\[/?[A-Z]{0,5}\]?)\Z",
    re.IGNORECASE,
)
_LONGEST_TAG = 120
_ONLY_NAMED: Final = re.compile(r"[\s\W]*(?:and|or|to|until|和|与|或|到|及|至)?[\s\W]*", re.IGNORECASE)
_LINE_BEGINS: Final = re.compile(r"(?:\A|\n)[ \t]*\Z")
_LINE_ENDS: Final = re.compile(r"[ \t]*(?:\n|\Z)")
_BLANK_LINE: Final = re.compile(r"\n[ \t]*\n")
_FENCE: Final = re.compile(
    r"^[ \t]*(?:(?:[>*+-]|\d{1,9}[.)])[ \t]*)*(?P<mark>`{3,}|~{3,})(?P<info>[^`\n]*)$", re.MULTILINE
)
_SPAN: Final = re.compile(r"(?<!`)(`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)\1(?!`)", re.DOTALL)
_INDENTED: Final = re.compile(r"(?<=\n)[ \t]*\n(?P<code>(?:(?: {4}|\t)[^\n]*(?:\n|\Z))+)")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Parted:
    text: str = ""
    thoughts: str = ""


@dataclass(frozen=True, slots=True)
class _Layout:
    """What is known of an answer: its text, its thoughts, and what comes from `rest` on.

    `mode` says what that is: `text`, `thoughts`, or `open` while it can't be told. `is_marked`: thoughts were seen.
    `is_misplaced`: they began with the answer although nothing said so. `skips`: blanks at `rest` belong to them.
    """

    text: str = ""
    thoughts: str = ""
    rest: int = 0
    mode: str = "text"
    is_marked: bool = False
    is_misplaced: bool = False
    skips: bool = False


class ThoughtSplitter:
    """Parts an answer that comes in pieces. What can't be told yet is kept back until it can.

    A closing tag may come too late for text that was handed on: `misplaced` counts the characters, from the first one
    on, that turned out to be thoughts (they are handed on again as such). So that this is rare, text is kept back until
    there are `hold` characters of it.
    """

    def __init__(self, *, hold: int = 0) -> None:
        self.misplaced = 0
        self._hold = hold
        self._blanks_wait = True
        self._raw = ""
        self._looked = 0
        self._looks = 0
        self._layout = _Layout()
        self._text_given = 0
        self._thoughts_given = 0

    def release(self) -> None:
        """Thoughts come in a channel of their own: nothing needs to be kept back."""
        self._hold = 0

    def feed(self, piece: str) -> Parted:
        self._raw += piece
        has_tag = _TAG.search(self._raw, self._looked) is not None
        self._looked = _whole_until(self._raw)
        if self._looks < MAX_TAGS and (has_tag or self._layout.mode == "open" and "\n" in piece):
            self._look(is_end=False)
        return self._given(self._looked)

    def end(self) -> Parted:
        if self._looks:
            self._look(is_end=True)
        self._hold, self._blanks_wait = 0, False
        return self._given(len(self._raw))

    def _look(self, *, is_end: bool) -> None:
        self._looks += 1
        was_misplaced = self._layout.is_misplaced
        self._layout = _lay_out(self._raw, is_end=is_end)
        if self._layout.is_misplaced and not was_misplaced:
            self.misplaced, self._text_given = self._text_given, 0

    def _given(self, until: int) -> Parted:
        """What is certain and wasn't handed on yet, of what comes before `until`."""
        known = self._layout
        rest = _after_blanks(self._raw, known.rest, until) if known.skips else known.rest
        text = known.text[self._text_given :]
        thoughts = known.thoughts[self._thoughts_given :]
        if known.mode == "text":
            text += self._raw[rest + max(0, self._text_given - len(known.text)) : until]
        elif known.mode == "thoughts":
            thoughts += self._raw[rest + max(0, self._thoughts_given - len(known.thoughts)) : until]
        is_held = not known.is_marked and self._text_given + len(text) < self._hold
        if is_held or self._blanks_wait and not self._text_given and text.isspace():
            text = ""
        self._text_given += len(text)
        self._thoughts_given += len(thoughts)
        return Parted(text, thoughts)


def _whole_until(raw: str) -> int:
    """Where a tag may begin of which the rest is still to come; else the end."""
    half = _HALF_TAG.search(raw, max(0, len(raw) - _LONGEST_TAG))
    return half.start() if half else len(raw)


def _lay_out(raw: str, *, is_end: bool) -> _Layout:
    tags = list(_TAG.finditer(raw))[:MAX_TAGS]
    text, thoughts = "", ""
    rest = index = 0
    is_marked = is_misplaced = is_named = skips = False
    code = _code(raw, 0, is_end=is_end)
    while index < len(tags):
        tag = tags[index]
        index += 1
        if _is_within(tag.start(), code):
            continue
        before = text + raw[rest : tag.start()]
        if not is_end and _may_be_in_span(raw, rest, tag.start(), code):
            return _Layout(before, thoughts, tag.start(), "open", is_marked, is_misplaced)
        if _is_closing(tag):
            if is_named:
                continue
            if not is_marked:
                thoughts, before, is_misplaced = before, "", True
        elif not _is_empty(tag):
            is_block = not before.strip() or bool(_LINE_BEGINS.search(raw, 0, tag.start()))
            closing, inner = _closing_of(tags, index)
            closings = [found for found in inner if _is_closing(found)]
            if closing is None and not is_block and not closings:
                if not is_end:
                    return _Layout(before, thoughts, tag.start(), "open", is_marked, is_misplaced)
                continue
            if closing is None and not closings:
                return _Layout(before, thoughts, tag.end(), "thoughts", True, is_misplaced)
            if closing is None and not is_end:
                thoughts += raw[tag.end() : closings[0].start()]
                return _Layout(before, thoughts, closings[0].start(), "open", True, is_misplaced)
            if closing is None:
                # Thoughts that speak of the tag: they end where a line ends with its closing.
                ends = (found for found in closings if _LINE_ENDS.match(raw, found.end()))
                closing = next(ends, closings[-1])
            index = tags.index(closing) + 1
            if not is_block and _ONLY_NAMED.fullmatch(raw, tag.end(), closing.start()):
                is_named = True
                continue
            thoughts += raw[tag.end() : closing.start()]
            tag = closing
        text, is_marked = before if before.strip() else "", True
        skips = not text or text.endswith("\n")
        rest = _after_blanks(raw, tag.end(), len(raw)) if skips else tag.end()
        code = _code(raw, rest, is_end=is_end)
    return _Layout(text, thoughts, rest, "text", is_marked, is_misplaced, skips)


def _after_blanks(raw: str, start: int, end: int) -> int:
    while start < end and raw[start].isspace():
        start += 1
    return start


def _closing_of(tags: list[re.Match[str]], index: int) -> tuple[re.Match[str] | None, list[re.Match[str]]]:
    """The tag that closes what was opened before `tags[index]`, and all up to it."""
    depth = 1
    for number, tag in enumerate(tags[index:], 1):
        depth += -1 if _is_closing(tag) else 0 if _is_empty(tag) else 1
        if depth == 0:
            return tag, tags[index : index + number]
    return None, tags[index:]


def _is_closing(tag: re.Match[str]) -> bool:
    return any(tag[name] for name in _CLOSINGS)


def _is_empty(tag: re.Match[str]) -> bool:
    """Whether it neither opens nor closes thoughts, and is no text either."""
    return any(tag[name] for name in _EMPTY)


def _code(raw: str, start: int, *, is_end: bool) -> list[Span]:
    """Where code certainly stands from `start` on: backticks at the end may be followed by more of them."""
    fences = list(_fences(raw, start, is_end=is_end))
    spans = list(fences)
    for first, last in _between(fences, start, len(raw)):
        spans += [
            found.span() for found in _SPAN.finditer(raw, first, last) if is_end or found.end() < len(raw)
        ]
        indented = (
            found for found in _INDENTED.finditer(raw, first, last) if raw[start : found.start()].strip()
        )
        spans += [found.span("code") for found in indented]
    return spans


def _fences(raw: str, start: int, *, is_end: bool) -> Iterator[Span]:
    opened: re.Match[str] | None = None
    for found in _FENCE.finditer(raw, start):
        mark = found["mark"]
        if opened is None:
            opened = found
        elif mark[0] == opened["mark"][0] and len(mark) >= len(opened["mark"]) and not found["info"].strip():
            yield opened.start(), found.end()
            opened = None
    if opened is not None and (is_end or opened.end() < len(raw)):
        yield opened.start(), len(raw)


def _between(spans: list[Span], start: int, end: int) -> Iterator[Span]:
    for first, last in spans:
        yield start, first
        start = last
    yield start, end


def _is_within(position: int, spans: list[Span]) -> bool:
    return any(first <= position < last for first, last in spans)


def _may_be_in_span(raw: str, start: int, position: int, code: list[Span]) -> bool:
    """Whether backticks before the tag are still to be closed, perhaps after it."""
    blank = [found.end() for found in _BLANK_LINE.finditer(raw, start, position)]
    first = blank[-1] if blank else start
    return any(raw[at] == "`" and not _is_within(at, code) for at in range(first, position))
