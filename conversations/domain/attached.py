"""How a model is shown the texts that are attached to a message."""

from __future__ import annotations

from collections.abc import Sequence

from generation.domain.sections import data_sections


def text_shown(texts: Sequence[tuple[str, str]]) -> str:
    """The texts (name, content) in sections that none of them can close."""
    return data_sections(
        {
            f"{number}. {name.replace(chr(34), chr(39))}": text
            for number, (name, text) in enumerate(texts, start=1)
        }
    )
