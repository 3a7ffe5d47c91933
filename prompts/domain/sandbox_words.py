"""What the sandbox knows of good prompts, out of `sandbox.toml` beside this module."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from prompts.domain.modes import Mode

#: In `用SQL写`, SQL is a word: of letters, only those of English make words.
FLAGS = re.IGNORECASE | re.ASCII
_FILE = Path(__file__).with_name("sandbox.toml")


@dataclass(frozen=True, slots=True)
class Line:
    """A rule; `unless` is what a prompt must not speak of yet for the rule to be added."""

    text: str
    unless: str = ""


@dataclass(frozen=True, slots=True)
class Advice:
    """What is said in one language. `{tech}` in the role is the programming language or tool of the prompt; the role
    may be empty."""

    role: str
    rules: tuple[Line, ...]
    form: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of task; `pattern` is how a prompt asks for it. Without one it is the last resort of its modes."""

    modes: frozenset[Mode]
    pattern: re.Pattern[str] | None
    zh: Advice
    en: Advice


_CATALOGUE = tomllib.loads(_FILE.read_text(encoding="utf-8"))
_TOPICS: dict[str, str] = _CATALOGUE["topics"]
LENGTH, AUDIENCE, TONE, FORM, EXAMPLE = (
    _TOPICS[name] for name in ("length", "audience", "tone", "form", "example")
)


def _line(text: str, unless: str = "") -> Line:
    return Line(text, _TOPICS[unless[1:]] if unless.startswith("@") else unless)


def _advice(role: str, rules: list[list[str]], form: list[list[str]]) -> Advice:
    return Advice(role, tuple(_line(*line) for line in rules), tuple(_line(*line) for line in form))


KINDS = tuple(
    Kind(
        frozenset(Mode(name) for name in kind["modes"]),
        re.compile(kind["pattern"], FLAGS | re.DOTALL) if "pattern" in kind else None,
        _advice(**kind["zh"]),
        _advice(**kind["en"]),
    )
    for kind in _CATALOGUE["kinds"]
)
