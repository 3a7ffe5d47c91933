r"""``{{ name }}`` placeholders in prompts: replaced in one pass, never evaluated.

A placeholder is two opening braces, a name, two closing braces; blanks around the name are free. There are no
filters, no attributes and no loops. Literal double braces are written ``\{{`` and ``\}}``; any other
backslash, and any single brace, is ordinary text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from templates.domain.inputs import LANGUAGES, Language, ProjectInput, TemplateInput

_TOKEN = re.compile(
    r"""
    \\(?P<escaped>\{\{|\}\})
  | \{\{[^\S\n]*(?P<name>[^{}\s](?:[^{}\n]*[^{}\s])?)[^\S\n]*\}\}
  | (?P<stray>\{\{|\}\})
    """,
    re.VERBOSE,
)

_BILINGUAL = ("project_name", "project_description", "template_name", "template_description")

ALLOWED_PLACEHOLDERS: frozenset[str] = frozenset(
    (*_BILINGUAL, *(f"{name}_{language}" for name in _BILINGUAL for language in LANGUAGES))
) | {"project_website", "language"}
"""Names a content template's prompt may use. The ``_zh`` and ``_en`` forms name one language's text."""

LANGUAGE_NAMES: Mapping[Language, str] = {"zh": "简体中文", "en": "English"}


class PlaceholderProblemKind(StrEnum):
    UNKNOWN = "unknown_placeholder"
    UNBALANCED = "unbalanced_braces"


@dataclass(frozen=True)
class PlaceholderProblem:
    """One fault in a prompt. ``line`` and ``column`` count from 1, ``offset`` from 0, all in characters."""

    kind: PlaceholderProblemKind
    found: str
    offset: int
    line: int
    column: int

    @property
    def message_en(self) -> str:
        where = f"line {self.line}, column {self.column}"
        if self.kind is PlaceholderProblemKind.UNKNOWN:
            return f"Unknown placeholder {{{{{self.found}}}}} at {where}."
        return rf"Unbalanced {self.found} at {where}; write \{self.found} for literal braces."

    @property
    def message_zh(self) -> str:
        where = f"第 {self.line} 行第 {self.column} 列"
        if self.kind is PlaceholderProblemKind.UNKNOWN:
            return f"{where}：未知的占位符 {{{{{self.found}}}}}。"
        return rf"{where}：{self.found} 不成对；如需原样输出请写成 \{self.found}。"


class PlaceholderError(ValueError):
    """A prompt can't be rendered; ``problems`` says why."""

    def __init__(self, problems: Iterable[PlaceholderProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(problem.message_en for problem in self.problems))


def names(template: str) -> tuple[str, ...]:
    """The placeholder names in the order of their first use, each once."""
    found = (match["name"] for match in _TOKEN.finditer(template) if match["name"])
    return tuple(dict.fromkeys(found))


def check(template: str, allowed: Iterable[str] = ALLOWED_PLACEHOLDERS) -> list[PlaceholderProblem]:
    """Every unknown name and every unbalanced pair of braces, in the order of the text."""
    known = frozenset(allowed)
    problems = []
    for match in _TOKEN.finditer(template):
        if match["stray"]:
            problems.append(
                _problem(PlaceholderProblemKind.UNBALANCED, match["stray"], template, match.start())
            )
        elif match["name"] and match["name"] not in known:
            problems.append(_problem(PlaceholderProblemKind.UNKNOWN, match["name"], template, match.start()))
    return problems


def render(template: str, values: Mapping[str, str]) -> str:
    """Replace every placeholder by its value, in one pass: braces inside a value stay as they are.

    Raises PlaceholderError when a name has no value or braces are unbalanced, so that no half-filled prompt
    is ever sent.
    """
    problems = check(template, values)
    if problems:
        raise PlaceholderError(problems)

    def replacement(match: re.Match[str]) -> str:
        return match["escaped"] or values[match["name"]]

    return _TOKEN.sub(replacement, template)


def placeholder_values(project: ProjectInput, template: TemplateInput, language: Language) -> dict[str, str]:
    """A value for each allowed placeholder; a text missing in one language is taken from the other."""
    values = {"project_website": project.website, "language": LANGUAGE_NAMES[language]}
    for suffix, tongue in (("", language), *((f"_{tongue}", tongue) for tongue in LANGUAGES)):
        values[f"project_name{suffix}"] = project.name(tongue)
        values[f"project_description{suffix}"] = project.description(tongue)
        values[f"template_name{suffix}"] = template.name(tongue)
        values[f"template_description{suffix}"] = template.description(tongue)
    return values


def _problem(kind: PlaceholderProblemKind, found: str, template: str, offset: int) -> PlaceholderProblem:
    line = template.count("\n", 0, offset) + 1
    column = offset - (template.rfind("\n", 0, offset) + 1) + 1
    return PlaceholderProblem(kind, found, offset, line, column)
