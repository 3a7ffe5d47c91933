"""The format of ``.env`` files: ``NAME=value`` lines as shells and Docker write them."""

from __future__ import annotations

import re

LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)")
SINGLE_QUOTED = re.compile(r"'(?P<text>[^']*)'\s*(?:#.*)?")
DOUBLE_QUOTED = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*)"\s*(?:#.*)?')
ESCAPE = re.compile(r"\\(.)")
ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


def parse(text: str) -> tuple[dict[str, str], list[int]]:
    """The values of a ``.env`` file, and the numbers of the lines that can't be understood.

    ``export`` before a name is allowed. Single quotes take everything literally; double quotes know
    ``\\n``, ``\\t``, ``\\"`` and ``\\\\``; without quotes a blank and ``#`` begin a comment. ``$NAME``
    stays as it is.
    """
    values: dict[str, str] = {}
    bad_lines: list[int] = []
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        match = LINE.fullmatch(line)
        value = unquoted(match["value"]) if match else None
        if match is None or value is None:
            bad_lines.append(number)
        else:
            values[match["name"]] = value
    return values, bad_lines


def unquoted(value: str) -> str | None:
    """The value without quotes and comment; None when a quote is left open or followed by more text."""
    if value.startswith("'"):
        match = SINGLE_QUOTED.fullmatch(value)
        return match["text"] if match else None
    if value.startswith('"'):
        match = DOUBLE_QUOTED.fullmatch(value)
        return ESCAPE.sub(lambda m: ESCAPED.get(m[1], m[1]), match["text"]) if match else None
    return "" if value.startswith("#") else re.split(r"\s+#", value, maxsplit=1)[0].strip()
