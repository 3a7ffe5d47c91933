"""The title of a Markdown document."""

from __future__ import annotations

import re

from wcwidth import iter_graphemes

from templates.domain.language import truncated

TITLE_COLUMNS = 200
"""Display columns of a title at most; a Chinese character takes two."""
TITLE_CHARACTERS = 300
"""Characters of a title at most: an emoji of two columns may be made of seven."""

_FIRST_HEADING = re.compile(r"^ {0,3}#[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_MARKUP = re.compile(r"[*_`]")


def title_of(markdown: str) -> str:
    """The text of the first level 1 heading without its markup, or an empty text."""
    found = _FIRST_HEADING.search(markdown)
    if found is None:
        return ""
    return fitting_title(_MARKUP.sub("", found.group(1)).strip())


def fitting_title(text: str) -> str:
    """The text cut to what a title may hold, never inside what a reader sees as one character."""
    kept = truncated(text, TITLE_COLUMNS)
    if len(kept) <= TITLE_CHARACTERS:
        return kept
    length = 0
    for grapheme in iter_graphemes(kept):
        if length + len(grapheme) >= TITLE_CHARACTERS:
            break
        length += len(grapheme)
    return kept[:length].rstrip() + "…"
