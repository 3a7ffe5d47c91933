"""What a model is called when nobody has said it."""

from typing import Final

from wcwidth import iter_graphemes, wcswidth

from config.names import hidden_character

#: Columns of a name that was made by itself: a Chinese character takes two, so that names look equally long.
COLUMNS: Final = 60
_ELLIPSIS: Final = "…"


def name_of(text: str) -> str:
    """The first line with anything to read, on one line and cut where it gets too wide; `…` where there is none."""
    lines = (" ".join(_shown(line).split()) for line in text.splitlines())
    return cut(next(filter(None, lines), _ELLIPSIS))


def cut(text: str, columns: int = COLUMNS) -> str:
    """So much of the text as fits, with an ellipsis where that isn't all. Never within what people see as one
    character: a base with its accents, an emoji of several."""
    kept: list[str] = []
    wide = fits = 0
    for character in iter_graphemes(text):
        wide += max(wcswidth(character), 0)
        if wide > columns:
            return "".join(kept[:fits]).rstrip() + _ELLIPSIS
        kept.append(character)
        if wide <= columns - 1:
            fits = len(kept)
    return text


def _shown(line: str) -> str:
    """Without what a name may not hide."""
    found = []
    for character in iter_graphemes(line.replace("\t", " ")):
        shown = character if not hidden_character(character) else ""
        found.append(shown or "".join(one for one in character if not hidden_character(one)))
    return "".join(found)
