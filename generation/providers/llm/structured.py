"""Answers that are data: ask for JSON of a schema, check it, and let the model correct itself once.

Whatever a vendor promises about schemas, its answer is checked here. Adapters choose how to ask (`Dialect.json`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from generation.providers import base
from generation.providers.base import ProviderError, Usage
from generation.providers.llm.base import ChatMessage, ChatRequest, ChatResult
from generation.providers.llm.json_schema import referred, subschemas

#: Answers that one value can take: the first, and a correction.
MOST_ANSWERS = 2
MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 64

_FENCED = re.compile(r"\A```[a-zA-Z0-9]*[ \t]*\r?\n(.*?)\r?\n?```\Z", re.DOTALL)
_PROBLEMS = 8
_PROBLEM_CHARACTERS = 300
_SHOWN_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class StructuredResult:
    """`value` is valid; `results` are the one or two answers that were bought for it, in their order."""

    value: Any
    results: tuple[ChatResult, ...]

    @property
    def usage(self) -> Usage:
        return sum((result.usage for result in self.results), Usage())


def complete_json(
    call: Callable[[ChatRequest], ChatResult], request: ChatRequest, schema: Mapping[str, Any]
) -> StructuredResult:
    """JSON of `schema` from a model.

    `call` buys one answer; it is called once, and a second time when the first answer is not what was asked for, with
    that answer and what is wrong with it added to the conversation. The job engine gives a `call` that makes each
    round a step of its own, so that a repeated job buys neither again.

    Raises what `call` raises; `ProviderError` `PROVIDER_CONTENT_REFUSED` for a filtered answer and
    `PROVIDER_BAD_ANSWER` when the second answer is wrong, too, both charged and not worth repeating, as the answers
    are bought and kept; `ValueError`, before anything is bought, for a schema that is none.
    """
    check = _Check(schema)
    request = replace(request, json_schema=schema)
    results: list[ChatResult] = []
    for _ in range(MOST_ANSWERS):
        result = call(request)
        results.append(result)
        if result.finish_reason == "content_filter":
            raise _useless(base.CONTENT_REFUSED, "The provider's moderation cut the answer.", results)
        value, problems = check.read(result)
        if not problems:
            return StructuredResult(value, tuple(results))
        request = _with_correction(request, result.text, problems)
    raise _useless(base.BAD_ANSWER, "The answer is not of the form asked for, even when corrected.", results)


def parse_json(text: str) -> Any:
    """The value that `text` is, which may stand in a code fence but have nothing around it.

    Raises `ValueError`, with a sentence for the model, for anything else: other words, NaN and infinities, half
    surrogate pairs and NUL characters (which no database column takes), more than `MAX_DEPTH` levels or
    `MAX_CHARACTERS` characters.
    """
    if len(text) > MAX_CHARACTERS:
        raise ValueError("The answer is too long.")
    text = text.strip().removeprefix("\ufeff")
    fenced = _FENCED.match(text)
    try:
        value = orjson.loads(fenced[1] if fenced else text)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"The answer is not one JSON value and nothing else: {error}.") from None
    _refuse_extremes(value)
    return value


def _refuse_extremes(value: Any) -> None:
    """Level by level, so that no depth can exhaust the stack."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError(f"The answer is nested deeper than {MAX_DEPTH} levels.")
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below += item.keys()
                below += item.values()
            elif isinstance(item, list):
                below += item
            elif isinstance(item, str) and "\x00" in item:
                raise ValueError("The answer holds a NUL character.")
            elif isinstance(item, float) and not math.isfinite(item):
                raise ValueError("The answer holds a number that is too large.")
        level = below


class _Check:
    """A schema, made ready to check answers."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        from jsonschema import Draft202012Validator, SchemaError
        from referencing import Registry

        plain = orjson.loads(orjson.dumps(schema))
        try:
            Draft202012Validator.check_schema(plain)
        except SchemaError as error:
            raise ValueError(f"This is no JSON Schema: {error.message}") from None
        for part in subschemas(plain):
            if "$ref" in part:
                referred(part["$ref"], plain)
        # An empty registry, so that nothing can ever be downloaded.
        self._validator = Draft202012Validator(plain, registry=Registry())

    def read(self, result: ChatResult) -> tuple[Any, list[str]]:
        """The value and what is wrong with it."""
        if result.finish_reason == "length":
            return None, ["The answer was cut off at its length limit. Say the same more briefly."]
        try:
            value = parse_json(result.text)
        except ValueError as error:
            return None, [str(error)]
        errors = sorted(
            self._validator.iter_errors(value), key=lambda error: [str(part) for part in error.path]
        )
        return value, [_problem(error) for error in errors[:_PROBLEMS]]


def _problem(error: Any) -> str:
    place = "/".join(str(part) for part in error.absolute_path) or "the whole answer"
    return f"{place}: {error.message}"[:_PROBLEM_CHARACTERS]


def _with_correction(request: ChatRequest, answer: str, problems: list[str]) -> ChatRequest:
    """The conversation, with the answer and what is wrong with it. Vendors refuse messages without a text."""
    listed = "\n".join(f"- {problem}" for problem in problems)
    ask = f"This does not match the JSON Schema:\n{listed}\nAnswer again with the corrected JSON and nothing else."
    said = (ChatMessage("assistant", answer[:_SHOWN_CHARACTERS]),) if answer.strip() else ()
    return replace(request, messages=(*request.messages, *said, ChatMessage("user", ask)))


def _useless(code: str, message: str, results: list[ChatResult]) -> ProviderError:
    last = results[-1]
    return ProviderError(
        code,
        message,
        retryable=False,
        charged=True,
        provider=last.provider,
        provider_ref=last.provider_ref,
        usage=sum((result.usage for result in results), Usage()),
    )
