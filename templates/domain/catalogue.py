"""The catalogue of content templates that comes with the product.

One TOML file per category lies in ``templates/catalogue``; every text is there in Chinese and English. Besides the
prompts it holds the outlines from which the sandbox writes its documents; ``general.toml`` has the outline for
templates that users add.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from templates.domain.inputs import Language, TemplateInput
from templates.domain.placeholders import ALLOWED_PLACEHOLDERS, check

GENERAL_FILE = "general.toml"
SECTION_KINDS = frozenset({"bullets", "steps", "table"})
_OUTLINE_PLACEHOLDERS = ALLOWED_PLACEHOLDERS | {"section_title"}


class CatalogueError(ValueError):
    """The catalogue's files contradict their rules; ``problems`` names each place."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


@dataclass(frozen=True)
class Bilingual:
    """One text in both languages."""

    zh: str
    en: str

    def in_language(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Section:
    """A section of an outline: a heading, a lead, and either points or a table.

    One that has an ``ask`` quotes the project's description, and asks this about the sentence.
    """

    kind: str
    title: Bilingual
    lead: Bilingual
    ask: Bilingual | None = None
    points: tuple[Bilingual, ...] = ()
    columns: tuple[Bilingual, ...] = ()
    rows: tuple[tuple[Bilingual, ...], ...] = ()


@dataclass(frozen=True)
class CatalogueTemplate:
    """A content template with its place in the category and its outline."""

    texts: TemplateInput
    order: int
    sections: tuple[Section, ...]

    @property
    def code(self) -> str:
        return self.texts.code


@dataclass(frozen=True)
class CatalogueCategory:
    code: str
    name: Bilingual
    description: Bilingual
    order: int
    closing: tuple[Section, ...]
    templates: tuple[CatalogueTemplate, ...]


@dataclass(frozen=True)
class GeneralOutline:
    """What the sandbox writes for templates outside the catalogue, and the sentences all its documents share."""

    background: tuple[Bilingual, ...]
    sources: tuple[Bilingual, ...]
    ending: tuple[Bilingual, ...]
    sections: tuple[Section, ...]
    closing: tuple[Section, ...]


@dataclass(frozen=True)
class Catalogue:
    categories: tuple[CatalogueCategory, ...]
    general: GeneralOutline

    def templates(self) -> Iterator[CatalogueTemplate]:
        for category in self.categories:
            yield from category.templates

    def template(self, code: str) -> CatalogueTemplate | None:
        return next((template for template in self.templates() if template.code == code), None)

    def category(self, code: str) -> CatalogueCategory | None:
        return next((category for category in self.categories if category.code == code), None)


@cache
def load_catalogue() -> Catalogue:
    """The catalogue as shipped. Raises CatalogueError when a file breaks a rule."""
    folder = files("templates").joinpath("catalogue")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return parse_catalogue({name: folder.joinpath(name).read_text(encoding="utf-8") for name in names})


def parse_catalogue(sources: Mapping[str, str]) -> Catalogue:
    """Build the catalogue from TOML texts by file name. Raises CatalogueError with every problem at once."""
    reader = _Reader()
    categories = []
    general = GeneralOutline((), (), (), (), ())
    for name, source in sources.items():
        try:
            data = tomllib.loads(source)
        except tomllib.TOMLDecodeError as error:
            reader.problems.append(f"{name}: {error}")
            continue
        if name == GENERAL_FILE:
            general = reader.general(data)
        else:
            categories.append(reader.category(data, name))
    reader.require_unique("category code", [category.code for category in categories])
    reader.require_unique("template code", [t.code for category in categories for t in category.templates])
    if reader.problems:
        raise CatalogueError(reader.problems)
    return Catalogue(tuple(sorted(categories, key=lambda category: (category.order, category.code))), general)


@dataclass
class _Reader:
    problems: list[str] = field(default_factory=list)

    def require_unique(self, what: str, codes: Sequence[str]) -> None:
        repeated = sorted({code for code in codes if codes.count(code) > 1})
        self.problems.extend(f"{what} {code!r} is used more than once" for code in repeated)

    def category(self, data: Mapping[str, Any], name: str) -> CatalogueCategory:
        head = data.get("category", {})
        templates = (
            self._template(entry, f"{name} template {position}", self._text(head, "code", name))
            for position, entry in enumerate(data.get("template", ()), start=1)
        )
        return CatalogueCategory(
            code=self._text(head, "code", name),
            name=self._pair(head, "name", name),
            description=self._pair(head, "description", name),
            order=self._order(head, name),
            closing=self._sections(data, "closing", name),
            templates=tuple(sorted(templates, key=lambda template: (template.order, template.code))),
        )

    def general(self, data: Mapping[str, Any]) -> GeneralOutline:
        return GeneralOutline(
            background=self._texts(data.get("background", ()), f"{GENERAL_FILE} background"),
            sources=self._texts(data.get("sources", ()), f"{GENERAL_FILE} sources"),
            ending=self._texts(data.get("ending", ()), f"{GENERAL_FILE} ending"),
            sections=self._sections(data, "section", GENERAL_FILE),
            closing=self._sections(data, "closing", GENERAL_FILE),
        )

    def _template(self, data: Mapping[str, Any], where: str, category_code: str) -> CatalogueTemplate:
        where = f"{where} ({data.get('code', '?')})"
        name, description, prompt = (
            self._pair(data, key, where) for key in ("name", "description", "prompt")
        )
        texts = TemplateInput(
            code=self._text(data, "code", where),
            category_code=category_code,
            name_zh=name.zh,
            name_en=name.en,
            description_zh=description.zh,
            description_en=description.en,
            prompt_zh=prompt.zh,
            prompt_en=prompt.en,
        )
        for text in (prompt.zh, prompt.en):
            self.problems.extend(f"{where}: prompt: {problem.message_en}" for problem in check(text))
        return CatalogueTemplate(texts, self._order(data, where), self._sections(data, "section", where))

    def _sections(self, data: Mapping[str, Any], key: str, where: str) -> tuple[Section, ...]:
        entries = enumerate(data.get(key, ()), start=1)
        return tuple(self._section(entry, f"{where} {key} {position}") for position, entry in entries)

    def _section(self, data: Mapping[str, Any], where: str) -> Section:
        section = Section(
            kind=self._text(data, "kind", where),
            title=self._pair(data, "title", where),
            lead=self._pair(data, "lead", where),
            ask=self._pair(data, "ask", where) if "ask_en" in data else None,
            points=self._texts(data.get("points", ()), where),
            columns=self._texts(data.get("columns", ()), where),
            rows=tuple(self._texts(row, where) for row in data.get("rows", ())),
        )
        if section.kind not in SECTION_KINDS:
            self.problems.append(
                f"{where}: kind {section.kind!r} is none of {', '.join(sorted(SECTION_KINDS))}"
            )
        elif section.kind == "table":
            if not section.rows or any(len(row) != len(section.columns) for row in section.rows):
                self.problems.append(f"{where}: every row of the table needs {len(section.columns)} cells")
        elif not section.points:
            self.problems.append(f"{where}: there are no points")
        return section

    def _texts(self, entries: Sequence[Mapping[str, Any]], where: str) -> tuple[Bilingual, ...]:
        return tuple(self._outline_text(Bilingual(e.get("zh", ""), e.get("en", "")), where) for e in entries)

    def _pair(self, data: Mapping[str, Any], key: str, where: str) -> Bilingual:
        pair = Bilingual(data.get(f"{key}_zh", "").strip(), data.get(f"{key}_en", "").strip())
        return self._outline_text(pair, f"{where}: {key}")

    def _outline_text(self, pair: Bilingual, where: str) -> Bilingual:
        for language, text in (("zh", pair.zh), ("en", pair.en)):
            if not text.strip():
                self.problems.append(f"{where}: the {language} text is missing")
            problems = check(text, _OUTLINE_PLACEHOLDERS)
            self.problems.extend(f"{where}: {problem.message_en}" for problem in problems)
        return pair

    def _text(self, data: Mapping[str, Any], key: str, where: str) -> str:
        value = data.get(key)
        if isinstance(value, str) and value.strip():
            return value
        self.problems.append(f"{where}: {key} is missing")
        return ""

    def _order(self, data: Mapping[str, Any], where: str) -> int:
        value = data.get("order")
        if isinstance(value, int):
            return value
        self.problems.append(f"{where}: order is missing")
        return 0
