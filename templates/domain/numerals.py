"""Numbers in Chinese and English prose, brought to one form so that a translation can be compared.

``10,000``, ``１００００``, ``1万``, ``一万`` and ``10k`` are the same number. Small whole numbers are left
out on purpose: they are as often written as words (``three``, ``两``) as with digits.
"""

from __future__ import annotations

import re
from decimal import Decimal

_SMALL = Decimal(12)

_CHINESE_SCALES = {"百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000, "兆": 1_000_000_000_000}
_ENGLISH_SCALES = {
    "k": 1_000,
    "thousand": 1_000,
    "m": 1_000_000,
    "million": 1_000_000,
    "bn": 1_000_000_000,
    "billion": 1_000_000_000,
    "trillion": 1_000_000_000_000,
}
_NUMBER = re.compile(
    r"""
    (?<![\w.,])
    (?P<digits>\d{1,3}(?:,\d{3})+|\d+)(?P<fraction>\.\d+)?
    [^\S\n]?(?P<scale>[百千万亿兆]{1,2}|(?:thousand|million|billion|trillion|bn|[km])(?![A-Za-z]))?
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_ANY_DIGIT = re.compile(r"\d")
_FULL_WIDTH_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
_FULL_WIDTH_SEPARATOR = re.compile(r"(?<=\d)[，．](?=\d)")
_CLOCK = re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?\b")
_CHINESE_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_CHINESE_UNITS = {"十": 10, "百": 100, "千": 1_000}
_CHINESE_NUMERAL = re.compile("[零〇一二两三四五六七八九十百千万亿]+")
_MONTHS = re.compile(
    r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
)


def written_numbers(text: str) -> frozenset[Decimal]:
    """Numbers written with digits that a translation should keep: fractions, and whole numbers above twelve."""
    return frozenset(value for value in _digit_numbers(text) if value > _SMALL or value % 1)


def possible_numbers(text: str) -> frozenset[Decimal]:
    """Every number a reader may find in the text, Chinese numerals and each reading of a scale included."""
    found = set(_digit_numbers(text))
    for match in _CHINESE_NUMERAL.finditer(text):
        found.add(Decimal(_chinese_value(match[0])))
    if _MONTHS.search(text):
        found.update(Decimal(month) for month in range(1, 13))
    return frozenset(found)


def _digit_numbers(text: str) -> list[Decimal]:
    if not _ANY_DIGIT.search(text):
        return []
    plain = _CLOCK.sub(" ", _ascii_digits(text))
    values = []
    for match in _NUMBER.finditer(plain):
        value = Decimal(match["digits"].replace(",", "") + (match["fraction"] or ""))
        scale = (match["scale"] or "").lower()
        if scale in _ENGLISH_SCALES:
            value *= _ENGLISH_SCALES[scale]
        else:
            for char in scale:
                value *= _CHINESE_SCALES[char]
        values.append(value)
    return values


def _ascii_digits(text: str) -> str:
    """Full-width digits, and full-width commas and points between digits, as ASCII; the rest as it was."""
    narrow = text.translate(_FULL_WIDTH_DIGITS)
    return _FULL_WIDTH_SEPARATOR.sub(lambda match: "," if match[0] == "，" else ".", narrow)


def _chinese_value(numeral: str) -> int:
    """The value of a Chinese numeral: 一千二百 is 1200, 三万五千 is 35000; a bare digit row is read digit by digit."""
    if all(char in _CHINESE_DIGITS for char in numeral):
        return int("".join(str(_CHINESE_DIGITS[char]) for char in numeral))
    total = section = digit = 0
    for char in numeral:
        if char in _CHINESE_DIGITS:
            digit = _CHINESE_DIGITS[char]
        elif char in _CHINESE_UNITS:
            section += (digit or 1) * _CHINESE_UNITS[char]
            digit = 0
        else:
            total = (total + section + digit or 1) * _CHINESE_SCALES[char]
            section = digit = 0
    return total + section + digit
