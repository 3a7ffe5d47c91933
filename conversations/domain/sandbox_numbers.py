"""What the sandbox calculates: expressions in a message, and what is to be done with the last result."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final

NUMBERS: Final = {
    **dict(
        zip(
            ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"],
            range(2, 11),
            strict=True,
        )
    ),
    **dict(zip("一二三四五六七八九十", range(1, 11), strict=True)),
    "两": 2,
}
_OPERATORS: Final[Mapping[type[ast.operator], Callable[[Fraction, Fraction], Fraction]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_NAMED: Final = (
    (r"\b(?:plus|added to)\b|加上?", "+"),
    (r"\bminus\b|减去?", "-"),
    (r"\btimes\b|\bmultiplied by\b|乘以?|×", "*"),
    (r"\bdivided by\b|除以|÷", "/"),
)
_EXPRESSION: Final = re.compile(
    r"(?<![A-Za-z0-9_.])\(?\s*-?\d[\d.()+*/ -]{0,80}[\d)](?![A-Za-z0-9_.]*[A-Za-z0-9_])"
)
_GOES_ON: Final = (
    (re.compile(r"\bdouble (?:it|that)|翻一?倍"), "*", "2"),
    (re.compile(r"\bhalve (?:it|that)|\bhalf of (?:it|that)|除以二|一半"), "/", "2"),
    (re.compile(r"\b(?:add|plus)\D{0,12}?(\d+(?:\.\d+)?)|加上?\s*(\d+(?:\.\d+)?)"), "+", ""),
    (re.compile(r"\b(?:subtract|minus|take away)\D{0,12}?(\d+(?:\.\d+)?)|减去?\s*(\d+(?:\.\d+)?)"), "-", ""),
    (re.compile(r"\b(?:times|multipl\w+)\D{0,12}?(\d+(?:\.\d+)?)|乘以?\s*(\d+(?:\.\d+)?)"), "*", ""),
    (re.compile(r"\bdivid\w+\D{0,12}?(\d+(?:\.\d+)?)|除以\s*(\d+(?:\.\d+)?)"), "/", ""),
)
#: Dates, telephone numbers and the like are no calculations.
_DATE: Final = re.compile(r"\d+(?:[-/]\d+){2,}|\d{3,}-\d+")
_LONGEST_STEP: Final = 40
_PLACES: Final = 6


def counted(word: str) -> int:
    """`5`, `five` or `五` as a number."""
    return int(word) if word.isdecimal() else NUMBERS[word.lower()]


def expression_in(text: str, last: str | None) -> str | None:
    """What a message asks to be worked out: an expression, or a step on from the `last` result."""
    named = text
    for words, sign in _NAMED:
        named = re.sub(words, f" {sign} ", named, flags=re.IGNORECASE)
    for found in _EXPRESSION.finditer(named):
        expression = found[0].strip()
        if re.search(r"[\d)]\s*[-+*/]", expression) and not _DATE.fullmatch(expression):
            return expression
    if last is None or len(text) > _LONGEST_STEP:
        return None
    for pattern, sign, number in _GOES_ON:
        if (step := pattern.search(text.lower())) is not None:
            return f"{last} {sign} {number or next(filter(None, step.groups()))}"
    return None


def shown(expression: str) -> str:
    """The expression as people write it."""
    spaced = re.sub(r"\s*(?<=[\d)\s])([-+*/])\s*", r" \1 ", expression)
    return spaced.replace("*", "×").replace("/", "÷").strip()


def worked_out(expression: str) -> str | None:
    """The value; None for what is no calculation. Raises `ZeroDivisionError`."""
    try:
        value = _value(ast.parse(expression.replace(" ", ""), mode="eval").body)
    except (SyntaxError, ValueError):
        return None
    if value.denominator == 1:
        return str(value.numerator)
    return f"{float(value):.{_PLACES}f}".rstrip("0").rstrip(".")


def _value(node: ast.expr) -> Fraction:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return Fraction(str(node.value))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_value(node.left), _value(node.right))
    raise ValueError("no calculation")
