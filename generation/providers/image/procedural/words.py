"""What a prompt wishes for, by the words of `words.toml`."""

from dataclasses import dataclass, field
from pathlib import Path

from generation.providers.vocabulary import Found, find_words

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


def read_wish(prompt: str, negative_prompt: str = "") -> Wish:
    unwanted = {(one.group, one.name) for one in find_words(negative_prompt, WORDS)}
    found = [one for one in find_words(prompt, WORDS) if (one.group, one.name) not in unwanted]

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


def _before(found: list[Found], group: str, subjects: list[Found]) -> dict[Found, str]:
    """By subject, the word of the group that stands nearest before it, with no other subject between and not far."""
    named: dict[Found, str] = {}
    for one in found:
        if one.group == group:
            behind = [subject for subject in subjects if one.end <= subject.start <= one.end + 24]
            if behind:
                named[behind[0]] = one.name
    return named
