"""What two texts differ in, by lines or by words."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

#: Insertions and deletions, and compared pieces, beyond which two texts count as having nothing in common.
MOST_EDITS = 500
MOST_STEPS = 1_000_000

#: Chinese and Japanese are written without spaces: each character is a word here.
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+|\s+|.", re.DOTALL)


class DiffBy(StrEnum):
    LINE = "line"
    WORD = "word"


@dataclass(frozen=True, slots=True)
class DiffPart:
    """A piece of text that both have (`equal`), only the former (`delete`), or only the latter (`insert`)."""

    op: str
    text: str


def diff(before: str, after: str, by: DiffBy) -> list[DiffPart]:
    """The parts in their order: all but what is inserted make the text before, all but what is deleted the one after.

    Texts that differ in too much to be compared word by word are compared line by line.
    """
    ways: list[Callable[[str], list[str]]] = [_lines] if by == DiffBy.LINE else [_WORD.findall, _lines]
    for cut in ways:
        old, new = cut(before), cut(after)
        matched = _matches(old, new)
        if matched is not None:
            return _joined(_parts(old, new, matched))
    return _joined([("delete", before), ("insert", after)])


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _matches(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]] | None:
    """The longest run of pairs that both have in the same order (Myers, "An O(ND) difference algorithm", 1986).

    None where the texts are too different.
    """
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    inner = _shortest_edits(old[start : len(old) - end], new[start : len(new) - end])
    if inner is None:
        return None
    head = [(position, position) for position in range(start)]
    tail = [(len(old) - n, len(new) - n) for n in range(end, 0, -1)]
    return [*head, *((start + x, start + y) for x, y in inner), *tail]


def _shortest_edits(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]] | None:
    reached = {1: 0}
    history: list[dict[int, int]] = []
    steps = 0
    for edits in range(min(len(old) + len(new), MOST_EDITS) + 1):
        history.append(dict(reached))
        for diagonal in range(-edits, edits + 1, 2):
            x, _is_down = _entry(reached, diagonal, edits)
            y = x - diagonal
            while x < len(old) and y < len(new) and old[x] == new[y]:
                x, y, steps = x + 1, y + 1, steps + 1
            reached[diagonal] = x
            steps += 1
            if x >= len(old) and y >= len(new):
                return list(_walked_back(history, len(old), len(new)))[::-1]
        if steps > MOST_STEPS:
            return None
    return None


def _entry(reached: dict[int, int], diagonal: int, edits: int) -> tuple[int, bool]:
    """Where a diagonal is entered, and whether from above (an insertion) instead of from the left (a deletion)."""
    down, right = reached.get(diagonal + 1, -1), reached.get(diagonal - 1, -1)
    is_down = diagonal == -edits or (diagonal != edits and right < down)
    return (down, True) if is_down else (right + 1, False)


def _walked_back(history: Sequence[dict[int, int]], x: int, y: int) -> Iterator[tuple[int, int]]:
    """The matched pairs from the last to the first."""
    for edits in range(len(history) - 1, -1, -1):
        entered, is_down = _entry(history[edits], x - y, edits)
        while x > entered:
            x, y = x - 1, y - 1
            yield x, y
        x, y = (x, y - 1) if is_down else (x - 1, y)


def _parts(
    old: Sequence[str], new: Sequence[str], matched: Sequence[tuple[int, int]]
) -> Iterator[tuple[str, str]]:
    x = y = 0
    for old_at, new_at in [*matched, (len(old), len(new))]:
        yield "delete", "".join(old[x:old_at])
        yield "insert", "".join(new[y:new_at])
        yield "equal", "".join(old[old_at : old_at + 1])
        x, y = old_at + 1, new_at + 1


def _joined(pieces: Iterable[tuple[str, str]]) -> list[DiffPart]:
    parts: list[DiffPart] = []
    for op, text in pieces:
        if text and parts and parts[-1].op == op:
            parts[-1] = DiffPart(op, parts[-1].text + text)
        elif text:
            parts.append(DiffPart(op, text))
    return parts
