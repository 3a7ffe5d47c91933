"""Text that a model broke off at its length limit: is it whole, and how is the rest joined to it?"""

from __future__ import annotations

import re

_MIN_OVERLAP = 12
_CLEAR_OVERLAP_IN_CHINESE = 6
_MAX_OVERLAP = 20_000

_ESCAPED = re.compile(r"\\[*`\\]")
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_FENCE_LINE = re.compile(r"^ {0,3}(?P<mark>`{3,}|~{3,})[^\S\n]*(?P<info>[^\n`]*)$")
_WRAPPER = re.compile(r"\A\s*(`{3,})(?:markdown|md)[^\S\n]*\n(?P<body>.*?)(?:\n\1[^\S\n]*)?\s*\Z", re.DOTALL)
_TABLE_RULE = re.compile(r"^\s*\|?[\s:|-]*-[\s:|-]*\|[\s:|-]*$")
_UNFINISHED_LINE = re.compile(r"^\s*(?:#{1,6}\s.*|#{1,6}|(?:[-*+>]|\d{1,9}[.)])\s*)$")


def join(head: str, continuation: str) -> str:
    """``head`` followed by what ``continuation`` adds.

    A model asked to go on may repeat the end of what it wrote, start its unfinished line or its code fence
    anew, begin the whole text again, or wrap the rest in a Markdown fence. None of that appears twice in the
    result.
    """
    continuation = unwrapped(continuation, only_outside=head)
    if not continuation.strip():
        return head
    overlap = _overlap(head, continuation)
    if not overlap:
        shortened = _without_restarted_fence(head, continuation)
        if shortened != continuation:
            return _after_line(head) + shortened[_overlap(head, shortened) :]
    return head + continuation[overlap:]


def unwrapped(text: str, *, only_outside: str = "") -> str:
    """The text without a ``markdown`` fence around the whole of it, unless an open fence precedes it."""
    match = _WRAPPER.match(text)
    if match is None or _open_fence(only_outside) is not None:
        return text
    return match["body"]


def looks_complete(markdown: str) -> bool:
    """Whether the text ends like a finished document.

    False for an empty text, an open code fence, a table that breaks off inside a row or after its head, a
    last line that is only a heading or a list marker, and an open ``**`` or code span in the last block.
    """
    lines = markdown.rstrip().split("\n")
    last = lines[-1]
    if not last.strip() or _open_fence(markdown) is not None:
        return False
    if _FENCE_LINE.match(last):
        return True
    return not (_UNFINISHED_LINE.match(last) or _breaks_off_in_table(lines) or _has_open_markup(markdown))


def _overlap(head: str, continuation: str) -> int:
    """Length of the longest end of ``head`` that ``continuation`` starts with, when it can't be chance."""
    start, end = continuation[:_MAX_OVERLAP], head[-_MAX_OVERLAP:]
    length = _border(start, end)
    shared = start[:length]
    is_clear = (
        length >= _MIN_OVERLAP
        or len(shared.encode()) >= 3 * _CLEAR_OVERLAP_IN_CHINESE
        or _is_last_line(shared, head)
    )
    return length if is_clear else 0


def _is_last_line(shared: str, head: str) -> bool:
    """Whether the overlap is the whole of the head's last line.

    An unfinished line may be short (``- ``); a finished one must be long enough to tell a repetition from the next
    of several equal lines, such as closing brackets.
    """
    line = head.rstrip("\n").rsplit("\n", 1)[-1]
    shortest = 1 if head.endswith(line) else _CLEAR_OVERLAP_IN_CHINESE
    return len(line.strip()) >= shortest and shared.rstrip("\n").endswith(line)


def _border(start: str, end: str) -> int:
    """The longest prefix of ``start`` that is a suffix of ``end``: Knuth-Morris-Pratt, linear time."""
    failure = [0] * len(start)
    matched = 0
    for position in range(1, len(start)):
        while matched and start[position] != start[matched]:
            matched = failure[matched - 1]
        matched += start[position] == start[matched]
        failure[position] = matched
    matched = 0
    for char in end:
        while matched and (matched == len(start) or char != start[matched]):
            matched = failure[matched - 1]
        matched += char == start[matched]
    return matched


def _open_fence(text: str) -> tuple[str, str] | None:
    """Mark and info string of the code fence still open at the end of the text."""
    opened: tuple[str, str] | None = None
    for line in text.split("\n"):
        match = _FENCE_LINE.match(line.strip() if opened else line.lstrip())
        if match is None:
            continue
        mark, info = match["mark"], match["info"].strip()
        if opened is None:
            opened = (mark, info)
        elif mark[0] == opened[0][0] and len(mark) >= len(opened[0]) and not info:
            opened = None
    return opened


def _without_restarted_fence(head: str, continuation: str) -> str:
    """The continuation without a first line that opens again the fence in which ``head`` ends."""
    opened = _open_fence(head)
    first, _, rest = continuation.lstrip("\n").partition("\n")
    match = _FENCE_LINE.match(first)
    if opened and opened[1] and match and match["info"].strip() == opened[1]:
        return rest
    return continuation


def _after_line(head: str) -> str:
    return head if head.endswith("\n") else head + "\n"


def _breaks_off_in_table(lines: list[str]) -> bool:
    table = []
    for line in reversed(lines):
        if "|" not in line:
            break
        table.append(line.strip())
    if not table or not any(_TABLE_RULE.match(row) for row in table):
        return len(table) == 1 and table[0].startswith("|")
    if _TABLE_RULE.match(table[0]):
        return True
    head = table[-1]
    return head.endswith("|") and not table[0].endswith("|")


def _has_open_markup(markdown: str) -> bool:
    """Whether the last block ends inside ``**`` or a code span.

    Counted rather than parsed: this runs for every text, and parsing costs more than all else done with it.
    """
    last_block = _ESCAPED.sub("", _BLANK_LINE.split(markdown.rstrip())[-1])
    outside_code = _CODE_SPAN.sub("", last_block)
    return "`" in outside_code or outside_code.count("**") % 2 == 1
