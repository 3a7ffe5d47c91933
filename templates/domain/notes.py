"""Sentences that a reader must see beside a document, in its language."""

from collections.abc import Mapping
from typing import Final

from config.markdown.front_matter import split_front_matter
from templates.domain.inputs import Language

SMALL_MODEL: Final[Mapping[Language, str]] = {
    "zh": "由小型本地模型生成，请核对。",
    "en": "Made by a small local model; check it.",
}


def with_small_model_note(markdown: str, language: Language) -> str:
    """The document with the note above it, below its front matter."""
    front, text = split_front_matter(markdown)
    return f"{front}> {SMALL_MODEL[language]}\n\n{text}"
