"""Whether there is anything to read in a text."""

import unicodedata

#: Controls, formats, halves of pairs and what nobody has assigned; blanks; marks with nothing to stand on.
_UNSEEN = ("C", "Z", "M")
#: Letters and symbols that show nothing: fillers of Hangul, the empty Braille cell, the sign of a lost character.
_EMPTY = frozenset("\u115f\u1160\u3164\uffa0\u2800\ufffd")


def is_blank(text: str) -> bool:
    """Whether nobody would see anything of it: a bell or a zero-width space is no answer."""
    return all(char in _EMPTY or unicodedata.category(char)[0] in _UNSEEN for char in text)
