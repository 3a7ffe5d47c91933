"""Data in a prompt: texts that others wrote, in sections which none of them can close."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping

_TRAILING_BLANKS = re.compile(r"[^\S\n]+$", re.MULTILINE)


def normalized(text: str) -> str:
    """The text without differences that no reader sees: NFC, ``\\n`` line ends, no blanks at line ends."""
    unified = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return _TRAILING_BLANKS.sub("", unified).strip()


def data_sections(sections: Mapping[str, str]) -> str:
    """The texts in delimited sections; empty ones are left out.

    The boundary is a hash of all the texts, so a text that contains its own end mark can't be written.
    """
    mark = boundary(sections.values())
    return "\n\n".join(
        f'<data name="{name}" boundary="{mark}">\n{text}\n</data boundary="{mark}">'
        for name, text in sections.items()
        if text.strip()
    )


def boundary(texts: Iterable[str]) -> str:
    """A mark that none of the texts can hold: their hash."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(normalized(text).encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()[:16]
