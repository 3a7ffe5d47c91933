r"""TeX formulas: ``$…$`` and ``\(…\)`` in a line, ``$$…$$`` and ``\[…\]`` also as blocks.

Money is no formula (``$5 and $6``), nor are shell variables, nor brackets that are only escaped (``\[draft\]``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from config.markdown.characters import IDEOGRAPH

_CHARACTER = r"(?:[^$\\\n]|\\.|\n(?![^\S\n]*\n))"
INLINE = re.compile(
    rf"""
    (?<![$\\])\$\$(?P<display>{_CHARACTER}+)\$\$(?!\$)
  | (?<![$\\\d])\$(?=[^\s$])(?P<dollars>{_CHARACTER}*?(?<!\s))\$(?![$\d])
  | (?<!\\)\\\((?P<round>(?:(?!\\[()]|\n[^\S\n]*\n).)+)\\\)
  | (?<!\\)\\\[(?P<square>(?:(?!\\[\[\]]|\n[^\S\n]*\n).)+)\\\]
    """,
    re.VERBOSE | re.DOTALL,
)
"""What may be a formula; `is_formula` tells."""

_ESCAPED = re.compile(r"\\[!-/:-@\[-`{-~]")
_COMMAND = re.compile(r"\\[A-Za-z]")
_OPERATOR = re.compile(r"[\^_=<>+*{}]")
_PROSE = re.compile(rf"{IDEOGRAPH.pattern}|[A-Za-z]{{3}}|[，。；！？、]")
_CHINESE_PUNCTUATION = re.compile(r"[，。；！？、]")
_LABEL = re.compile(r"\\(?:text|textbf|textit|textrm|mathrm|mbox|operatorname)\s*\{[^{}]*\}")
_WORD = re.compile(rf"(?<![\\A-Za-z])[A-Za-z]{{2,}}|{IDEOGRAPH.pattern}+")


def is_formula(match: re.Match[str], *, is_alone: bool = False) -> bool:
    r"""Whether what `INLINE` has found reads as mathematics and not as prose between two signs.

    ``is_alone``: it has lines of its own, where ``\[…\]`` is hardly an escaped bracket.
    """
    content = _ESCAPED.sub("", match[match.lastgroup or 0])
    if _COMMAND.search(content):
        return True
    if match.lastgroup == "square" and not is_alone:
        return False
    if _OPERATOR.search(content):
        return not _CHINESE_PUNCTUATION.search(content)
    return not _PROSE.search(content)


def without_formulas(text: str) -> str:
    """The text with a blank for each formula."""
    return INLINE.sub(lambda match: " " if is_formula(match) else match[0], text)


def has_same_formulas(source: Iterable[str], target: Iterable[str]) -> bool:
    r"""Whether a translation kept the formulas. Blanks don't count, and words inside may be translated: those in
    ``\text{…}``, and all where a formula is written with Chinese ones."""
    formulas = [[_LABEL.sub(r"\\text{}", formula) for formula in side] for side in (source, target)]
    if any(IDEOGRAPH.search(formula) for side in formulas for formula in side):
        formulas = [[_WORD.sub("", formula) for formula in side] for side in formulas]
    kept, found = (Counter("".join(formula.split()) for formula in side) for side in formulas)
    return kept == found
