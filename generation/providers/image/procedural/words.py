"""What a prompt wishes for, by the words of `words.toml`."""

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

WORDS = Path(__file__).with_name("words.toml")


@dataclass(frozen=True, slots=True)
class Thing:
    """A subject, in the colour (`#rrggbb`) that was named before it, and how many of it."""

    name: str
    colour: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Wish:
    """Empty where the prompt says nothing. `colour` is one that belongs to no subject."""

    things: tuple[Thing, ...] = ()
    setting: str = ""
    time: str = ""
    weather: str = ""
    season: str = ""
    style: str = ""
    colour: str = ""
    places: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True, slots=True)
class _Found:
    group: str
    name: str
    start: int
    end: int


@cache
def _vocabulary() -> tuple[tuple[re.Pattern[str], tuple[tuple[str, str], ...]], ...]:
    """Each word, the longest first, and the groups and names that it stands for."""
    meanings: dict[str, list[tuple[str, str]]] = {}
    for group, names in tomllib.loads(WORDS.read_text("utf-8")).items():
        for name, words in names.items():
            for word in words:
                meanings.setdefault(word.lower(), []).append((group, name))
    ordered = sorted(meanings, key=len, reverse=True)
    return tuple((_pattern(word), tuple(meanings[word])) for word in ordered)


def _pattern(word: str) -> re.Pattern[str]:
    if not word.isascii():
        return re.compile(re.escape(word))
    return re.compile(rf"(?<![a-z]){re.escape(word)}(?:'?s)?(?![a-z])")


def read_wish(prompt: str, negative_prompt: str = "") -> Wish:
    unwanted = {(one.group, one.name) for one in _find(negative_prompt)}
    found = [one for one in _find(prompt) if (one.group, one.name) not in unwanted]

    named = {(one.group, one.name) for one in found}

    def first(group: str) -> str:
        return next((one.name for one in found if one.group == group), "")

    subjects = [one for one in found if one.group == "subjects"]
    colours, counts = _before(found, "colours", subjects), _before(found, "counts", subjects)
    things = {
        one.name: Thing(one.name, colours.get(one, ""), int(counts.get(one, "1")))
        for one in reversed(subjects)
    }
    taken = set(colours.values())
    loose = next((one.name for one in found if one.group == "colours" and one.name not in taken), "")
    return Wish(
        things=tuple(reversed(things.values())),
        setting=first("settings"),
        time=first("times"),
        weather=first("weathers"),
        season=first("seasons") or ("winter" if ("weathers", "snow") in named else ""),
        style=first("styles"),
        colour=loose,
        places=frozenset(one.name for one in found if one.group == "settings"),
    )


def _find(text: str) -> list[_Found]:
    """Known words by their places; what a longer one has taken isn't read again."""
    text = text.lower()
    found = []
    for pattern, meanings in _vocabulary():
        for match in reversed(list(pattern.finditer(text))):
            found += [_Found(group, name, match.start(), match.end()) for group, name in meanings]
            text = text[: match.start()] + "\n" * (match.end() - match.start()) + text[match.end() :]
    return sorted(found, key=lambda one: (one.start, one.group))


def _before(found: list[_Found], group: str, subjects: list[_Found]) -> dict[_Found, str]:
    """By subject, the word of the group that stands nearest before it, with no other subject between and not far."""
    named: dict[_Found, str] = {}
    for one in found:
        if one.group == group:
            behind = [subject for subject in subjects if one.end <= subject.start <= one.end + 24]
            if behind:
                named[behind[0]] = one.name
    return named
