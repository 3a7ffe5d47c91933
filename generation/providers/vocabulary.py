"""Known words in a prompt, by a file of words: groups, their names, and for each name the words of both languages.

Chinese words are found anywhere, English ones as whole words; longer ones come first, and what one has taken is not
read again.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Found:
    """A name of a group, and where in the text it stands."""

    group: str
    name: str
    start: int
    end: int


@cache
def vocabulary(path: Path) -> tuple[tuple[re.Pattern[str], tuple[tuple[str, str], ...]], ...]:
    """Each word, the longest first, and the groups and names that it stands for."""
    meanings: dict[str, list[tuple[str, str]]] = {}
    for group, names in tomllib.loads(path.read_text("utf-8")).items():
        for name, words in names.items():
            for word in words:
                meanings.setdefault(word.lower(), []).append((group, name))
    ordered = sorted(meanings, key=len, reverse=True)
    return tuple((_pattern(word), tuple(meanings[word])) for word in ordered)


def find_words(text: str, path: Path) -> list[Found]:
    """By their places."""
    text = text.lower()
    found = []
    for pattern, meanings in vocabulary(path):
        for match in reversed(list(pattern.finditer(text))):
            found += [Found(group, name, match.start(), match.end()) for group, name in meanings]
            text = text[: match.start()] + "\n" * (match.end() - match.start()) + text[match.end() :]
    return sorted(found, key=lambda one: (one.start, one.group))


def _pattern(word: str) -> re.Pattern[str]:
    if not word.isascii():
        return re.compile(re.escape(word))
    return re.compile(rf"(?<![a-z]){re.escape(word)}(?:'?s)?(?![a-z])")
