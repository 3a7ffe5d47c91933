"""What a document is made from: a project, a content template and a language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, Self, cast, get_args

#: The words of `config.languages`, for code without Django.
Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


def language_of(value: str) -> Language:
    """The language with this code. Raises ValueError for any other text."""
    if value not in LANGUAGES:
        raise ValueError(f"unknown language {value!r}: expected one of {', '.join(LANGUAGES)}")
    return value


def other_language(language: Language) -> Language:
    return "en" if language == "zh" else "zh"


def localized(zh: str, en: str, language: Language) -> str:
    """The text in ``language``, or in the other language when that one is blank.

    The only fallback rule of the factory: rendering and fingerprints share it, so that a document is stale
    exactly when a text it was made from has changed.
    """
    wanted, fallback = (zh, en) if language == "zh" else (en, zh)
    return wanted if wanted.strip() else fallback


class _FromMapping:
    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Build from a plain mapping; unknown keys are ignored, missing or null texts are empty."""
        names = (field.name for field in fields(cast(Any, cls)))
        return cls(**{name: str(values.get(name) or "") for name in names})


@dataclass(frozen=True, kw_only=True)
class ProjectInput(_FromMapping):
    """A project's texts as a document sees them."""

    name_zh: str = ""
    name_en: str = ""
    description_zh: str = ""
    description_en: str = ""
    website: str = ""

    def name(self, language: Language) -> str:
        return localized(self.name_zh, self.name_en, language)

    def description(self, language: Language) -> str:
        return localized(self.description_zh, self.description_en, language)


PROJECT_TEXTS = tuple(field.name for field in fields(ProjectInput))

#: The longest texts, in characters: of the rows, of the API's and of a file's.
PROJECT_LENGTHS: Mapping[str, int] = {
    "code": 80,
    "name_zh": 200,
    "name_en": 200,
    "description_zh": 5_000,
    "description_en": 5_000,
    "website": 500,
}
TEMPLATE_LENGTHS: Mapping[str, int] = {
    "code": 80,
    "category_code": 60,
    "name_zh": 200,
    "name_en": 200,
    "description_zh": 2_000,
    "description_en": 2_000,
    "prompt_zh": 20_000,
    "prompt_en": 20_000,
}


@dataclass(frozen=True, kw_only=True)
class TemplateInput(_FromMapping):
    """A content template's texts as a document sees them."""

    code: str = ""
    category_code: str = ""
    name_zh: str = ""
    name_en: str = ""
    description_zh: str = ""
    description_en: str = ""
    prompt_zh: str = ""
    prompt_en: str = ""

    def name(self, language: Language) -> str:
        return localized(self.name_zh, self.name_en, language)

    def description(self, language: Language) -> str:
        return localized(self.description_zh, self.description_en, language)

    def prompt(self, language: Language) -> str:
        return localized(self.prompt_zh, self.prompt_en, language)


TEMPLATE_TEXTS = tuple(field.name for field in fields(TemplateInput))
