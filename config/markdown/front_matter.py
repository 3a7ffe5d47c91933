"""Metadata above a document, between two lines of ``---`` (YAML) or ``+++`` (TOML)."""

from __future__ import annotations

import re

_BLOCK = re.compile(
    r"\A(?P<mark>---|\+\+\+)[ \t]*\n(?P<body>.+?\n)(?:(?P=mark)|(?<!\+)\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL
)
_KEY = r"[^\s#:=\-][^:=\n]{0,60}"
_LINES = {
    "---": re.compile(rf"{_KEY}:(?:[ \t].*)?|[ \t]+.*|- .*|#.*|[\]}}],?|"),
    "+++": re.compile(rf"{_KEY}=.*|[ \t]+.*|\[.*\]|#.*|[\]}}],?|"),
}
_FIRST = {
    "---": re.compile(rf"(?:#.*\n)*{_KEY}:(?:[ \t]|\n)"),
    "+++": re.compile(r"(?:#.*\n)*(?:[\w\"'.-]+[ \t]*=|\[)"),
}


def split_front_matter(markdown: str) -> tuple[str, str]:
    """The front matter with its marks, which may be empty, and the rest: together they are the text.

    A text that merely starts with a rule has none: every line between the marks must look like metadata.
    """
    found = _BLOCK.match(markdown)
    if found is None:
        return "", markdown
    mark, body = found["mark"], found["body"]
    if not _FIRST[mark].match(body) or not all(map(_LINES[mark].fullmatch, body.splitlines())):
        return "", markdown
    return markdown[: found.end()], markdown[found.end() :]
