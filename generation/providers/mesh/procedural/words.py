"""What a prompt wishes for, by the words of `words.toml`."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from generation.providers.mesh.procedural.sizes import Measures, read_sizes
from generation.providers.vocabulary import Found, find_words

WORDS = Path(__file__).with_name("words.toml")

_QUOTED = re.compile(
    r"[「『《“]([^」』》”]{1,200})[」』》”]|\"([^\"]{1,200})\"|(?<!\w)['‘]([^'’]{1,200})['’](?!\w)"
)
_SAID = re.compile(
    r"(?:(?:text|words?|文字|字样|内容)\s*[:：]"  # noqa: RUF001
    r"|\b(?:saying|that says|says|reading|that reads|with the (?:words?|text|name|letters)|engraved with)\b"
    r"|写着|写有|写上|刻着|刻有|刻上|印着|印有|印上)\s*([^,;，；。\n]{1,200})",  # noqa: RUF001
    re.IGNORECASE,
)
_NAMED = re.compile(r"\bfor ([A-Z][\w'-]*(?: [A-Z][\w'-]*)?)|\b(?:sign|tag|plate) with ([^,;\n]{1,200})")
_TEETH = re.compile(r"(\d{1,3})\s*-?(?:teeth|tooth|t\b|个?齿|牙)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wish:
    """`shape` is empty where the prompt names none; `text` is what shall stand on it; `rest` is the prompt without
    sizes; `count` a number of teeth."""

    shape: str = ""
    text: str = ""
    rest: str = ""
    traits: frozenset[str] = field(default=frozenset())
    colour: str = ""
    count: int | None = None
    picture: str = ""
    measures: Measures = field(default_factory=Measures)

    def has(self, *traits: str) -> bool:
        return not self.traits.isdisjoint(traits)


def read_wish(prompt: str) -> Wish:
    text, around = _taken(_QUOTED, prompt)
    measures, around = read_sizes(around)
    rest = " ".join((prompt if text else around).split())
    if not text:
        text, around = _taken(_SAID, around)
        text, around = _without_thing(text, around)
    if not text:
        text, around = _taken(_NAMED, around)
    found = find_words(around, WORDS)
    teeth = _TEETH.search(around)
    return Wish(
        shape=_shape(found),
        text=" ".join(text.split()),
        rest=rest,
        traits=frozenset(one.name for one in found if one.group == "traits"),
        colour=next((one.name for one in found if one.group == "colours"), ""),
        count=int(teeth[1]) if teeth else None,
        picture=next((one.name for one in found if one.group == "pictures"), ""),
        measures=measures,
    )


def _taken(pattern: re.Pattern[str], text: str) -> tuple[str, str]:
    """What the pattern's group holds, and the text without it."""
    match = pattern.search(text)
    if match is None:
        return "", text
    number = next(number for number, group in enumerate(match.groups(), start=1) if group)
    start, end = match.span(number)
    return match[number].strip(), f"{text[:start]} {text[end:]}"


def _without_thing(text: str, around: str) -> tuple[str, str]:
    """Chinese names the thing last: 刻着福的戒指."""
    words, _, thing = text.rpartition("的")
    if words and _shape(find_words(thing, WORDS)):
        return words.strip(), f"{around} {thing}"
    return text, around


def _shape(found: list[Found]) -> str:
    """The first one; of several in a row, as in "ring box", the last."""
    shapes = [one for one in found if one.group == "shapes"]
    last = None
    for one in shapes:
        if last is not None and one.start > last.end + 1:
            break
        last = one
    return last.name if last else ""
