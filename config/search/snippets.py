"""Where the words of a search stand in a text, and a piece of the text around them.

Folding changes lengths (`ﬁ` → `fi`, `㎏` → `kg`, one `が` from two characters), so each folded character is traced back
to the group of characters that it came from. A word that is found in a part of such a group marks all of it.
"""

import re
import unicodedata
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from config.search.folding import folded

#: Characters of a snippet, and how many of them stand before the first mark.
LONGEST_SNIPPET = 160
BEFORE = 40
#: Pieces that fold alike alone and together: no character joins with one before a blank or a Chinese character.
PIECES = re.compile(r"(?s).{200,}?(?=[\s\u4e00-\u9fff])|.+")
#: Most of what is written, of which each character is folded to one, unless something else behind joins it.
SIMPLE = re.compile(r"(?:[\x00-\x7f\u4e00-\u9fff](?![^\x00-\x7f\u4e00-\u9fff]))+")

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a text, just as it stands there. `marks`: the words' places, [start, end) in Unicode code points."""

    text: str
    marks: list[Place]


def snippet(text: str, terms: Sequence[str]) -> Snippet | None:
    """The text around the first place of any of the folded terms; None when there is none."""
    pieces = PIECES.findall(text)
    foldings = [folded(piece) for piece in pieces]
    whole = "".join(foldings)
    first = min((at for term in terms if (at := whole.find(term)) >= 0), default=None)
    if first is None:
        return None
    piece = bisect(list(accumulate(map(len, foldings))), first)
    near = slice(max(piece - 1, 0), piece + 3)
    begin = sum(map(len, pieces[: near.start]))
    places = _merged(_places("".join(pieces[near]), terms))
    shown_from = max(places[0][0] - BEFORE, 0)
    shown = text[begin + shown_from : begin + shown_from + LONGEST_SNIPPET]
    marks = [
        (start - shown_from, min(end - shown_from, len(shown)))
        for start, end in places
        if start - shown_from < len(shown)
    ]
    return Snippet(shown, marks)


def _places(text: str, terms: Iterable[str]) -> Iterator[Place]:
    """Where the terms stand in the text, traced back from where they stand in the folded one."""
    body = ""
    starts: list[int] = []
    ends: list[int] = []
    for start, end, one in _folded_groups(text):
        body += one
        if end - start == len(one) and text[start:end].lower() == one:
            starts += range(start, end)
            ends += range(start + 1, end + 1)
        else:
            starts += [start] * len(one)
            ends += [end] * len(one)
    for term in terms:
        at = body.find(term)
        while at >= 0:
            yield starts[at], ends[at + len(term) - 1]
            at = body.find(term, at + 1)


def _folded_groups(text: str) -> Iterator[tuple[int, int, str]]:
    """Where each of the text's smallest groups begins and ends that fold on their own, and what it is folded to; one
    after the other, characters that are simple come together."""
    at = 0
    for run in SIMPLE.finditer(text):
        yield from _joined_groups(text, at, run.start())
        yield run.start(), run.end(), run[0].lower()
        at = run.end()
    yield from _joined_groups(text, at, len(text))


def _joined_groups(text: str, start: int, stop: int) -> Iterator[tuple[int, int, str]]:
    for at in range(start + 1, stop + 1):
        if at == stop or not _joins(text[start:at], text[at]):
            yield start, at, folded(text[start:at])
            start = at


def _joins(group: str, one: str) -> bool:
    alone = folded(one)
    is_mark = unicodedata.combining(one) or unicodedata.combining(
        alone[0]
    )  # `ﾞ` is one only when it is folded
    return bool(is_mark) or folded(group + one) != folded(group) + alone


def _merged(places: Iterable[Place]) -> list[Place]:
    merged: list[Place] = []
    for start, end in sorted(places):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged
