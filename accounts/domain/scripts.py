"""Which names can't be told apart by eye: UTS 39, "Highly Restrictive" (unicode.org/reports/tr39, section 5.2).

A name is of one script, or of Latin beside what Chinese, Japanese or Korean is written with; invisible, historic and
technical characters are in none.
"""

from bisect import bisect_right
from functools import lru_cache
from pathlib import Path

DATA = Path(__file__).with_name("identifiers.txt")
ANY = frozenset({"Any"})
#: Systems that write with several scripts, by the script (UTS 39, section 5.1, "augmented script set").
SYSTEMS = {
    "Han": {"Chinese", "Japanese", "Korean"},
    "Hiragana": {"Japanese"},
    "Katakana": {"Japanese"},
    "Hangul": {"Korean"},
    "Bopomofo": {"Chinese"},
}


def is_highly_restricted(text: str) -> bool:
    """Whether all of it can be one identifier; punctuation is for the caller to judge."""
    scripts = [_scripts(character) for character in text if character.isalnum() or character == "_"]
    if not all(scripts):
        return False
    named = [one for one in scripts if one != ANY]
    beside_latin = [one for one in named if "Latin" not in one]
    systems = set().union(*SYSTEMS.values())
    return _have_one_in_common(named) or bool(_in_common(beside_latin) & systems)


def _have_one_in_common(found: list[frozenset[str]]) -> bool:
    return not found or bool(_in_common(found))


def _in_common(found: list[frozenset[str]]) -> frozenset[str]:
    """The scripts, and systems of scripts, that all the characters are used in."""
    return frozenset.intersection(*found) if found else frozenset()


def _scripts(character: str) -> frozenset[str]:
    """Empty for what identifiers don't have."""
    starts, rows = _table()
    end, scripts = rows[max(0, bisect_right(starts, ord(character)) - 1)]
    return scripts if starts[0] <= ord(character) <= end else frozenset()


@lru_cache(maxsize=1)
def _table() -> tuple[list[int], list[tuple[int, frozenset[str]]]]:
    """The first characters of the ranges, and for each its last one with the scripts."""
    starts, rows = [], []
    for line in DATA.read_text(encoding="ascii").splitlines():
        if line.startswith("#"):
            continue
        span, *names = line.split()
        first, _, last = span.partition("..")
        starts.append(int(first, 16))
        systems = set().union(*(SYSTEMS.get(name, set()) for name in names))
        rows.append((int(last or first, 16), frozenset(names) | systems))
    return starts, rows
