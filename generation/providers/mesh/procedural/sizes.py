"""Sizes in words: 高 10 厘米, 80 mm, 12 cm tall, 10 x 8 x 5 cm."""

import re
from dataclasses import dataclass, fields, replace

#: What can still be printed and handled; beyond it the limit is taken.
SMALLEST_MM, LARGEST_MM = 3.0, 1000.0

_UNITS = {
    "mm": ("mm", "millimeters", "millimetres", "millimeter", "millimetre", "毫米"),
    "cm": ("cm", "centimeters", "centimetres", "centimeter", "centimetre", "厘米", "公分"),
    "m": ("m", "meters", "metres", "meter", "metre", "米"),
    "in": ("in", "inches", "inch", "″", '"', "英寸"),
}
_MM = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "in": 25.4}
_DIRECTIONS = {
    "height": ("height", "tall", "high", "高度", "高"),
    "width": ("width", "wide", "length", "long", "宽度", "长度", "宽", "长"),
    "depth": ("depth", "deep", "深度", "深"),
    "diameter": ("in diameter", "diameter", "across", "直径", "口径"),
    "thickness": ("thickness", "thick", "厚度", "厚"),
}


@dataclass(frozen=True, slots=True)
class Measures:
    """In millimetres; None where nothing was said. `longest` is a size without a direction."""

    height: float | None = None
    width: float | None = None
    depth: float | None = None
    diameter: float | None = None
    thickness: float | None = None
    longest: float | None = None

    def limited(self) -> "Measures":
        said = {one.name: getattr(self, one.name) for one in fields(self)}
        return replace(
            self,
            **{name: min(max(mm, SMALLEST_MM), LARGEST_MM) for name, mm in said.items() if mm is not None},
        )


def _choice(words: dict[str, tuple[str, ...]]) -> str:
    every = sorted((word for group in words.values() for word in group), key=len, reverse=True)
    return "|".join(re.escape(word) for word in every)


_NUMBER = r"(\d{1,6}(?:\.\d{1,4})?|[一二两三四五六七八九十百]{1,5})"
_UNIT = rf"\s*-?({_choice(_UNITS)})(?![a-z])"
_DIRECTION = _choice(_DIRECTIONS)
_BY = r"\s*(?:mm|cm|毫米|厘米)?\s*[x×*乘]\s*"  # noqa: RUF001
_SEVERAL = re.compile(rf"{_NUMBER}{_BY}{_NUMBER}(?:{_BY}{_NUMBER})?{_UNIT}", re.IGNORECASE)
_ONE = re.compile(
    rf"({_DIRECTION})\s*(?:of|is|about|:|：|为|是|约|大约)?\s*{_NUMBER}{_UNIT}"  # noqa: RUF001
    rf"|{_NUMBER}{_UNIT}\s*-?({_DIRECTION})?(?:的)?",
    re.IGNORECASE,
)


def read_sizes(text: str) -> tuple[Measures, str]:
    """What the text says, and the text without it."""
    said: dict[str, float] = {}

    def several(match: re.Match[str]) -> str:
        mm = _factor(match[4])
        for name, number in zip(("width", "depth", "height"), match.groups()[:3], strict=True):
            if number:
                said.setdefault(name, _number(number) * mm)
        return " "

    def one(match: re.Match[str]) -> str:
        direction, number, unit = match.groups()[:3] if match[1] else (match[6], match[4], match[5])
        said.setdefault(_direction(direction) if direction else "longest", _number(number) * _factor(unit))
        return " "

    text = _ONE.sub(one, _SEVERAL.sub(several, text))
    return Measures(**said).limited(), text


def _direction(word: str) -> str:
    return next(name for name, words in _DIRECTIONS.items() if word.lower() in words)


def _factor(unit: str) -> float:
    return next(_MM[name] for name, words in _UNITS.items() if unit.lower() in words)


def _number(text: str) -> float:
    if text[0].isdecimal():
        return float(text)
    total = current = 0
    for sign in text:
        if sign in "十百":
            total += (current or 1) * (10 if sign == "十" else 100)
            current = 0
        else:
            current = "零一二三四五六七八九".find(sign) if sign != "两" else 2
    return float(total + current)
