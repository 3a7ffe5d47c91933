"""What an answer must be like, decided by rules alone: the same text always gets the same verdict."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from prompts.domain.languages import language_of

MAX_ASSERTIONS = 20
MAX_VALUE_CHARACTERS = 2_000
MAX_SCHEMA_CHARACTERS = 10_000
MAX_DEPTH = 64
LONGEST = 1_000_000
LANGUAGES = ("zh", "en", "ja", "ko", "fr", "de", "es", "pt", "it")
#: These lead elsewhere, around in circles, or into regular expressions that nothing bounds.
REFUSED_KEYWORDS = frozenset(
    {"$ref", "$dynamicRef", "$recursiveRef", "pattern", "patternProperties", "format"}
)
_FENCED = re.compile(r"\A\s*```[a-zA-Z0-9]*[ \t]*\r?\n(.*?)\r?\n?```\s*\Z", re.DOTALL)


class AssertionType(StrEnum):
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    MATCHES = "matches"
    JSON_SCHEMA = "json_schema"
    LENGTH = "length"
    LANGUAGE = "language"


#: The fields of each, at least one of which it has besides its `type`.
NEEDS: dict[str, set[str]] = {
    AssertionType.CONTAINS: {"value"},
    AssertionType.NOT_CONTAINS: {"value"},
    AssertionType.MATCHES: {"pattern"},
    AssertionType.JSON_SCHEMA: {"schema"},
    AssertionType.LENGTH: {"min", "max"},
    AssertionType.LANGUAGE: {"language"},
}


@dataclass(frozen=True, slots=True)
class Verdict:
    type: str
    passed: bool


def problem_of(assertion: Mapping[str, Any]) -> str | None:
    """What is wrong with an assertion itself: a word, or None. Each has `type` and what that needs, nothing else."""
    kind = assertion.get("type")
    if not isinstance(kind, str) or kind not in NEEDS:
        return "unknown_type"
    given = set(assertion) - {"type"}
    if not given or not given <= NEEDS[AssertionType(kind)]:
        return "wrong_fields"
    return _PROBLEMS[AssertionType(kind)](assertion)


def allowed_instead(assertion: Mapping[str, Any], problem: str) -> list[str]:
    """What could stand where `problem_of` found something else; nothing where that can't be listed."""
    if problem == "unknown_type":
        return sorted(NEEDS)
    if problem == "wrong_fields":
        return sorted(NEEDS[AssertionType(assertion["type"])])
    if assertion["type"] == AssertionType.LANGUAGE:
        return sorted(LANGUAGES)
    return []


def verdicts(assertions: Sequence[Mapping[str, Any]], text: str) -> list[Verdict]:
    """One for each assertion, in their order. They have no problem."""
    return [Verdict(one["type"], _CHECKS[AssertionType(one["type"])](one, text)) for one in assertions]


# -- what is wrong with one --------------------------------------------------------------------------------------------


def _value_problem(assertion: Mapping[str, Any]) -> str | None:
    value = assertion["value"]
    if not isinstance(value, str) or not value or len(value) > MAX_VALUE_CHARACTERS:
        return "wrong_value"
    return None


def _pattern_problem(assertion: Mapping[str, Any]) -> str | None:
    pattern = assertion["pattern"]
    if not isinstance(pattern, str) or not pattern or len(pattern) > MAX_VALUE_CHARACTERS:
        return "wrong_value"
    return None if _compiled(pattern) else "pattern_invalid"


def _schema_problem(assertion: Mapping[str, Any]) -> str | None:
    from jsonschema import Draft202012Validator, SchemaError  # heavy

    schema = assertion["schema"]
    if not isinstance(schema, dict) or _depth(schema) > MAX_DEPTH:
        return "wrong_value"
    if len(json.dumps(schema)) > MAX_SCHEMA_CHARACTERS:
        return "wrong_value"
    if not REFUSED_KEYWORDS.isdisjoint(_keys(schema)):
        return "schema_keyword_refused"
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError:
        return "schema_invalid"
    return None


def _length_problem(assertion: Mapping[str, Any]) -> str | None:
    bounds = [assertion.get("min", 0), assertion.get("max", LONGEST)]
    if not all(isinstance(one, int) and not isinstance(one, bool) and 0 <= one <= LONGEST for one in bounds):
        return "wrong_value"
    return None if bounds[0] <= bounds[1] else "wrong_value"


def _language_problem(assertion: Mapping[str, Any]) -> str | None:
    return None if assertion["language"] in LANGUAGES else "wrong_value"


_PROBLEMS = {
    AssertionType.CONTAINS: _value_problem,
    AssertionType.NOT_CONTAINS: _value_problem,
    AssertionType.MATCHES: _pattern_problem,
    AssertionType.JSON_SCHEMA: _schema_problem,
    AssertionType.LENGTH: _length_problem,
    AssertionType.LANGUAGE: _language_problem,
}


# -- whether a text is like that ---------------------------------------------------------------------------------------


def _fits_schema(assertion: Mapping[str, Any], text: str) -> bool:
    from jsonschema import Draft202012Validator

    fenced = _FENCED.match(text)
    try:
        value = json.loads(fenced[1] if fenced else text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return False
    if _depth(value) > MAX_DEPTH:
        return False
    valid: bool = Draft202012Validator(assertion["schema"]).is_valid(value)
    return valid


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


_CHECKS = {
    AssertionType.CONTAINS: lambda one, text: one["value"] in text,
    AssertionType.NOT_CONTAINS: lambda one, text: one["value"] not in text,
    AssertionType.MATCHES: lambda one, text: _compiled(one["pattern"]).search(text) is not None,
    AssertionType.JSON_SCHEMA: _fits_schema,
    AssertionType.LENGTH: lambda one, text: one.get("min", 0) <= len(text.strip()) <= one.get("max", LONGEST),
    AssertionType.LANGUAGE: lambda one, text: language_of(text) == one["language"],
}


def _compiled(pattern: str) -> Any:
    """A regular expression of RE2, which takes time in proportion to the text, whatever the pattern; None for what is
    none."""
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(pattern, options=options)
    except re2.error:
        return None


def _keys(value: Any) -> Iterator[str]:
    """All names in a JSON value, level by level."""
    level = [value]
    while level:
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                yield from item
                below += item.values()
            elif isinstance(item, list):
                below += item
        level = below


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level and depth <= MAX_DEPTH:
        depth += 1
        level = [
            inner
            for item in level
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
    return depth
