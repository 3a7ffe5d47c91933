"""The title of a Markdown document."""

from __future__ import annotations

import re

from wcwidth import iter_graphemes

from config.markdown.front_matter import split_front_matter
from templates.domain.language import truncated, without_code

TITLE_COLUMNS = 200
"""Display columns of a title at most; a Chinese character takes two."""
TITLE_CHARACTERS = 300
"""Characters of a title at most: an emoji of two columns may be made of seven."""

_FIRST_HEADING = re.compile(r"^ {0,3}#[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)


def title_of(markdown: str) -> str:
    """The text of the first level 1 heading without its markup, or an empty text."""
    from config.markdown.parser import structure_parser, visible_text  # heavy

    found = _FIRST_HEADING.search(without_code(split_front_matter(markdown)[1]))
    return fitting_title(visible_text(structure_parser().parseInline(found[1])[0])) if found else ""


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
