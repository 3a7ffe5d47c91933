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
#: Stand alone whatever comes before them, and are most of what is written.
SIMPLE = re.compile(r"[\x00-\x7f\u4e00-\u9fff]")

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
    origins = [(start, start + len(group), one) for start, group in _groups(text) for one in folded(group)]
    body = "".join(one for _, _, one in origins)
    for term in terms:
        at = body.find(term)
        while at >= 0:
            yield origins[at][0], origins[at + len(term) - 1][1]
            at = body.find(term, at + 1)


def _groups(text: str) -> Iterator[tuple[int, str]]:
    """The smallest groups of characters that fold on their own."""
    start, group = 0, text[:1]
    for at, one in enumerate(text[1:], start=1):
        if _joins(group, one):
            group += one
        else:
            yield start, group
            start, group = at, one
    yield start, group


def _joins(group: str, one: str) -> bool:
    if SIMPLE.match(one):
        return False
    return unicodedata.combining(one) != 0 or folded(group + one) != folded(group) + folded(one)


def _merged(places: Iterable[Place]) -> list[Place]:
    merged: list[Place] = []
    for start, end in sorted(places):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged
