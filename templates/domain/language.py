"""Which language a text is in, and how wide it looks."""

from __future__ import annotations

import re

from wcwidth import iter_graphemes, width

from config.markdown.characters import IDEOGRAPH
from config.markdown.formulas import without_formulas
from config.markdown.front_matter import split_front_matter
from templates.domain.inputs import Language

LATIN_WORD = re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏ]+(?:['’-][A-Za-zÀ-ÖØ-öø-ɏ]+)*")
BARE_URL = re.compile(r"(?:https?|ftp)://[!-~]+|www\.[!-~]+\.[!-~]+", re.IGNORECASE)

_FENCE = re.compile(
    r"^ {0,3}(`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}\1[`~]*[^\S\n]*$|\Z)", re.MULTILINE | re.DOTALL
)
_CODE_SPAN = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_HTML_TAG = re.compile(r"</?[A-Za-z][^<>]*>")

_CHINESE_FROM = 0.5
_ENGLISH_UP_TO = 0.35


def prose(text: str) -> str:
    """The text without front matter, code, formulas, addresses and HTML tags, which belong to no language."""
    text = without_code(split_front_matter(text)[1])
    for pattern in (_CODE_SPAN, BARE_URL, _HTML_TAG):
        text = pattern.sub(" ", text)
    return without_formulas(text)


def without_code(text: str) -> str:
    """The Markdown without its fenced code."""
    return _FENCE.sub(" ", text)


def ideograph_share(text: str) -> float | None:
    """Ideographs as a share of ideographs and Latin words, 0 to 1; None when there is neither.

    Words are counted, not letters, for one ideograph carries about as much as one short word; a Chinese text
    full of product names remains Chinese.
    """
    cleaned = prose(text)
    ideographs = len(IDEOGRAPH.findall(cleaned))
    words = len(LATIN_WORD.findall(cleaned))
    return ideographs / (ideographs + words) if ideographs + words else None


def is_plausibly(text: str, language: Language) -> bool:
    """Whether the text may be in this language. A text without any letters contradicts none."""
    share = ideograph_share(text)
    if share is None:
        return True
    return share >= _CHINESE_FROM if language == "zh" else share <= _ENGLISH_UP_TO


def display_width(text: str) -> int:
    """Columns the text takes in a fixed-width font: an ideograph or an emoji takes two."""
    return max(0, width(text, control_codes="ignore"))


def truncated(text: str, columns: int, ellipsis: str = "…") -> str:
    """The text cut to at most ``columns`` columns, with an ellipsis when anything was cut.

    Never splits what a reader sees as one character (an emoji of several code points, a letter with its
    accent).
    """
    if display_width(text) <= columns:
        return text
    room = columns - display_width(ellipsis)
    if room < 0:
        return ""
    kept: list[str] = []
    for grapheme in iter_graphemes(text):
        room -= display_width(grapheme)
        if room < 0:
            break
        kept.append(grapheme)
    return "".join(kept).rstrip() + ellipsis
