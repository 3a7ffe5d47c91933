"""Readable file names for downloads and ZIP members, safe on Windows, macOS and Linux."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

from wcwidth import iter_graphemes

MAX_NAME_BYTES = 200
"""UTF-8 bytes of a whole name. File systems allow 255; the rest is room for ``(2)`` and a folder tool's suffix."""

# Refused by Windows with any extension, superscript digits included:
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_RESERVED = re.compile(
    r"^(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|CLOCK\$|(?:COM|LPT)[0-9¹²³])(?=\s*(?:\.|$))", re.IGNORECASE
)
_FORBIDDEN = re.compile(r'[/\\:*?"<>|⁄∕⧵＼／]')
# Controls, invisible format characters (bidirectional overrides hide an extension), private use, surrogates,
# line and paragraph separators. The zero-width joiner stays: it holds emoji together.
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
_JOINER = "\u200d"
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,10}\Z")


def safe_filename(stem: str, extension: str = "", *, fallback: str = "document") -> str:
    """A file name from any text: ``safe_filename("需求/文档", ".md") == "需求-文档.md"``.

    The result is NFC, at most MAX_NAME_BYTES bytes of UTF-8 with no character cut, has no path separator,
    control character, leading dot or trailing dot or blank, and is no device name of Windows. ``extension``
    is trusted.
    """
    text = unicodedata.normalize("NFC", stem)
    text = "".join(
        char for char in text if char in f"{_JOINER}\t\n" or unicodedata.category(char) not in _INVISIBLE
    )
    text = re.sub(r"\s+", " ", _FORBIDDEN.sub("-", text))
    text = _trimmed(text) or fallback
    if _RESERVED.match(text):
        text = f"_{text}"
    return (_trimmed(_cut(text, MAX_NAME_BYTES - len(extension.encode()))) or fallback) + extension


def safe_download_name(name: str) -> str:
    """The name of a file that has its ending already, made safe likewise: ``safe_download_name("con.png")`` is
    ``_con.png``, and ``file`` where nothing is left of a name."""
    ending = _ENDING.search(name)
    extension = ending[0] if ending else ""
    return safe_filename(name.removesuffix(extension), extension, fallback="file")


def unique_filenames(names: Iterable[str]) -> list[str]:
    """The names in order, the repeated ones numbered: ``a.md``, ``a (2).md``.

    Names that differ only in case or Unicode form count as repeated, as they do on Windows and macOS. Folders
    in a name are kept; the number goes before the extension.
    """
    taken: set[str] = set()
    result = []
    for name in names:
        candidate, number = name, 1
        while (key := unicodedata.normalize("NFC", candidate).casefold()) in taken:
            number += 1
            candidate = _numbered(name, number)
        taken.add(key)
        result.append(candidate)
    return result


def _numbered(name: str, number: int) -> str:
    path = PurePosixPath(name)
    mark = f" ({number})"
    room = MAX_NAME_BYTES - len(mark.encode()) - len(path.suffix.encode())
    return str(path.with_name(_cut(path.stem, room) + mark + path.suffix))


def _trimmed(text: str) -> str:
    return text.lstrip(" .-~").rstrip(" .")


def _cut(text: str, max_bytes: int) -> str:
    if len(text.encode()) <= max_bytes:
        return text
    kept: list[str] = []
    for grapheme in iter_graphemes(text):
        max_bytes -= len(grapheme.encode())
        if max_bytes < 0:
            break
        kept.append(grapheme)
    return "".join(kept).rstrip(" .")
