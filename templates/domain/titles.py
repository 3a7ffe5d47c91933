"""The title of a Markdown document."""

from __future__ import annotations

import re

from templates.domain.language import truncated

TITLE_COLUMNS = 200
"""Display columns of a title at most; a Chinese character takes two."""

_FIRST_HEADING = re.compile(r"^ {0,3}#[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_MARKUP = re.compile(r"[*_`]")


def title_of(markdown: str) -> str:
    """The text of the first level 1 heading without its markup, or an empty text."""
    found = _FIRST_HEADING.search(markdown)
    if found is None:
        return ""
    return truncated(_MARKUP.sub("", found.group(1)).strip(), TITLE_COLUMNS)
