"""The short pieces of text by which the index finds rows.

Of each word: every character, every two in a row, and every three unless they are wide ones, of which two are rare
enough. Of one character again and again (`哈哈哈哈`, `----`) all pieces are the same and don't tell how often it
stands there; so such runs are pieces themselves. PostgreSQL computes the same in `search_grams`
(config/migrations/0004_search_runs.py).

Before each stands the last digit of the owner's key: of what is common to others, only a sixteenth lengthens one's own
lists, and owners share pieces nevertheless, which keeps the index small.
"""

import re
from collections.abc import Iterable
from operator import add

LONGEST = 3
LONGEST_RUN = 8
RUN = re.compile(rf"(.)\1{{{LONGEST - 1},}}")
#: Three characters that take so many bytes in UTF-8 are wide: Chinese, Japanese, Korean, emoji.
WIDE_BYTES = 9
#: What owners' keys end with.
PARTS = "0123456789abcdef"
#: A long term is found by some of its pieces; the rows are looked through anyway.
MOST_GRAMS = 24


def is_indexed(gram: str) -> bool:
    return len(gram) < LONGEST or len(gram.encode()) < WIDE_BYTES


def index_tokens(owner: str | None, text: str) -> str:
    """What SQLite's index takes of a row: the pieces of its folded text as words of hexadecimal digits."""
    found: set[str] = set()
    for word in text.split():
        pairs = list(map(add, word, word[1:]))
        found.update(word, pairs, filter(is_indexed, map(add, pairs, word[2:])))
    runs = {run[:length] for run in _runs(text) for length in range(LONGEST, len(run) + 1)}
    return tokens(owner, found | runs)


def tokens(owner: str | None, grams: Iterable[str]) -> str:
    part = (owner or "")[-1:]
    return " ".join([part + gram.encode().hex() for gram in grams])


def search_grams(terms: tuple[str, ...]) -> list[str]:
    """Pieces that every row has that contains the terms; the longest ones, since they are rarest."""
    found = dict.fromkeys(gram for term in terms for gram in _covering(term))
    step = -(-len(found) // MOST_GRAMS)
    return list(found)[::step]


def _covering(term: str) -> list[str]:
    if len(term) < LONGEST:
        return [term]
    threes = (term[at : at + LONGEST] for at in range(len(term) - LONGEST + 1))
    pieces = [gram for three in threes for gram in ([three] if is_indexed(three) else [three[:2], three[1:]])]
    return [*_runs(term), *pieces]


def _runs(text: str) -> list[str]:
    return [run[0][:LONGEST_RUN] for run in RUN.finditer(text)]
