"""Names that are what they look like."""

from __future__ import annotations

import re
import unicodedata

# Controls, format characters (bidirectional overrides, zero-width spaces), surrogates, private use, separators of
# lines and paragraphs.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Letters and symbols of their category, but with nothing to see.
_BLANK = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# Joiners shape emoji and the letters of some scripts; beside Latin letters and ideographs they do nothing.
_JOINED = re.compile(r"(?<=[^\x00-\u02ff\u3040-\u9fff\s])[\u200c\u200d](?=[^\x00-\u02ff\u3040-\u9fff\s])")


def hidden_character(name: str) -> str | None:
    """The first character of a name that nobody sees, as ``U+202E``; None where everything shows."""
    for character in _JOINED.sub("", name):
        if character in _BLANK or unicodedata.category(character) in _HIDDEN:
            return f"U+{ord(character):04X}"
    return None
