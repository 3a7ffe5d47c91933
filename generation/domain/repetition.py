"""A model that has lost its thread says the same again and again, up to its limit."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

_CODE: Final = re.compile(r"^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1|\Z)", re.MULTILINE | re.DOTALL)
_TABLE: Final = re.compile(r"^\s*\|.*$", re.MULTILINE)
_ENDS: Final = re.compile(r"[\n。！？!?；;]+|(?<=[a-z)])\.\s")
_WORD: Final = re.compile(r"[^\W\d_]")
#: Where a sentence stands so often, and makes up so much of a text, nobody has written it on purpose.
_TIMES = 6
_SHARE = 0.4
_SHORTEST = 8
#: How much of a text's end is searched for something that goes round, and how long that must have gone on.
_TAIL = 6_000
_ROUND = 240


def repeats_itself(text: str) -> bool:
    """Whether most of the text, or its end, is the same over and over. Code and tables may repeat themselves."""
    prose = _TABLE.sub("", _CODE.sub("", text))
    return _says_the_same(prose) or _goes_round(prose)


def _says_the_same(prose: str) -> bool:
    said = [" ".join(part.split()).lstrip("-*+#> 0123456789.、)") for part in _ENDS.split(prose)]
    said = [part for part in said if len(part.encode()) >= _SHORTEST and _WORD.search(part)]
    total = sum(map(len, said))
    return any(
        times >= _TIMES and times * len(part) >= _SHARE * total for part, times in Counter(said).items()
    )


def _goes_round(prose: str) -> bool:
    """By the prefix function of the reversed end: what is periodic there, is so at the end of the text."""
    tail = prose.rstrip()[-_TAIL:][::-1]
    border = [0] * len(tail)
    matched = 0
    for position in range(1, len(tail)):
        while matched and tail[position] != tail[matched]:
            matched = border[matched - 1]
        matched += tail[position] == tail[matched]
        border[position] = matched
        length = position + 1
        period = length - matched
        if length >= max(_ROUND, _TIMES * period) and _WORD.search(tail[:period]):
            return True
    return False
