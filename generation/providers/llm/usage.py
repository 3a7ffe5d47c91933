"""What a vendor says it counted, as far as it can be true; the rest is derived or estimated, and marked.

Money is counted by this, so nothing is taken for a figure that isn't one: zeros beside a text, booleans, negative or
endless numbers, more tokens than there is room for. Names: OpenAI and most others (`prompt_tokens`), Anthropic's and
OpenAI's newer ones (`input_tokens`), Bedrock's (`inputTokens`), Google's (`promptTokenCount`),
Ollama's (`prompt_eval_count`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from generation.providers.base import Usage
from generation.providers.llm.base import ChatRequest
from generation.providers.llm.tokens import estimate_input_tokens, estimated_usage

_INPUT: Final = ("prompttokens", "inputtokens", "prompttokencount", "inputtokencount", "promptevalcount")
_OUTPUT: Final = (
    "completiontokens",
    "outputtokens",
    "candidatestokencount",
    "outputtokencount",
    "generatedtokens",
    "evalcount",
)
_TOTAL: Final = ("totaltokens", "totaltokencount")
_THOUGHTS: Final = ("reasoningtokens", "thoughtstokencount")
_CACHED: Final = ("cachedtokens", "promptcachehittokens", "cachedcontenttokencount")
#: What stands beside the input at Bedrock and Anthropic, not in it.
_CACHE_READ: Final = ("cachereadinputtokens",)
_CACHE_WRITTEN: Final = ("cachewriteinputtokens", "cachecreationinputtokens")
_DETAILS: Final = re.compile(r"(prompt|input|completion|output)tokens?details")
_NUMBER: Final = re.compile(r"\s*\d{1,12}(\.\d{0,9})?\s*")

#: No vocabulary has words so long that a text has fewer tokens than one for so many characters.
_MOST_CHARACTERS = 24
#: Templates and tools that a server adds to what was sent.
_ADDED = 1_000


@dataclass(frozen=True, slots=True)
class Counted:
    """The figures that were sent, before anybody asked whether they can be true; None: not sent."""

    input: int | None = None
    output: int | None = None
    total: int | None = None
    cached: int = 0
    thoughts: int = 0

    def or_more(self, other: Counted) -> Counted:
        """Of two counts of one answer, the further one: streams count as they go on, and may end with zeros."""
        if other is NOTHING:
            return self
        return Counted(
            _more(self.input, other.input),
            _more(self.output, other.output),
            _more(self.total, other.total),
            max(self.cached, other.cached),
            max(self.thoughts, other.thoughts),
        )

    @property
    def is_charge(self) -> bool:
        """Whether it says that tokens were used."""
        return bool(self.input or self.output or self.total)


#: What nearly all pieces of a stream say.
NOTHING: Final = Counted()


def counted(*places: object) -> Counted:
    """The figures in the first of these that has any."""
    for place in places:
        if isinstance(place, Mapping) and (found := _counted(place)) != NOTHING:
            return found
    return NOTHING


def usage_of(
    found: Counted, request: ChatRequest, text: str, reasoning: str = "", *, model: str = "", most_output: int
) -> Usage:
    """The tokens of an answer: what was counted where that can be true, else derived or estimated, which is marked.

    `most_output` is the most that the request can be charged for (`LLM.max_billed_output_tokens`).
    """
    estimate = estimated_usage(request, text, reasoning, model=model)
    asked = "".join(message.content for message in request.messages)
    inputs = range(_least(asked), 2 * max(estimate.input_tokens, estimate_input_tokens(request)) + _ADDED)
    outputs = range(
        _least(text + reasoning), max(most_output + most_output // 20 + 50, estimate.output_tokens + 1)
    )
    tokens_in, tokens_out, total = found.input, found.output, found.total
    if tokens_in is None and total is not None and tokens_out is not None:
        tokens_in = total - tokens_out
    elif tokens_out is None and total is not None and tokens_in is not None:
        tokens_out = total - tokens_in
    elif found.thoughts and total == (tokens_in or 0) + (tokens_out or 0) + found.thoughts:
        tokens_out = (tokens_out or 0) + found.thoughts  # counted beside the answer, and billed
    is_estimate = tokens_in not in inputs or tokens_out not in outputs
    if (
        tokens_in is None
        and tokens_out is None
        and total in range(inputs.start + outputs.start, inputs.stop + outputs.stop)
    ):
        tokens_out = min(estimate.output_tokens, (total or 0) - inputs.start)
        tokens_in = (total or 0) - tokens_out
    if tokens_in is None or tokens_in not in inputs:
        tokens_in = estimate.input_tokens
    if tokens_out is None or tokens_out not in outputs:
        tokens_out = estimate.output_tokens
    thoughts = found.thoughts or estimate.reasoning_tokens
    return Usage(
        input_tokens=tokens_in,
        output_tokens=tokens_out,
        cached_tokens=min(found.cached, tokens_in),
        reasoning_tokens=min(thoughts, tokens_out),
        is_estimate=is_estimate,
    )


def _least(text: str) -> int:
    """The fewest tokens of a text."""
    return -(-len("".join(text.split())) // _MOST_CHARACTERS)


def _counted(place: Mapping[Any, Any]) -> Counted:
    values: dict[str, int] = {}
    for name, value in place.items():
        key = _plain(name)
        if _DETAILS.fullmatch(key) and isinstance(value, Mapping):
            for inner, number in value.items():
                _put(values, _plain(inner), number)
        else:
            _put(values, key, value)
    tokens_in = _first(values, _INPUT)
    read, written = _first(values, _CACHE_READ) or 0, _first(values, _CACHE_WRITTEN) or 0
    if tokens_in is not None and (read or written):
        tokens_in += read + written
    return Counted(
        tokens_in,
        _first(values, _OUTPUT),
        _first(values, _TOTAL),
        read or _first(values, _CACHED) or 0,
        _first(values, _THOUGHTS) or 0,
    )


def _put(values: dict[str, int], name: str, value: object) -> None:
    number = _number(value)
    if number is not None:
        values[name] = max(number, values.get(name, 0))


def _plain(name: object) -> str:
    return str(name)[:40].replace("_", "").replace("-", "").lower()


def _first(values: Mapping[str, int], names: tuple[str, ...]) -> int | None:
    return next((values[name] for name in names if name in values), None)


def _number(value: object) -> int | None:
    """A count: not a boolean, not negative, not endless; as text, too."""
    if isinstance(value, str):
        value = float(value) if _NUMBER.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return None
    return math.ceil(value)


def _more(one: int | None, other: int | None) -> int | None:
    return max((number for number in (one, other) if number is not None), default=None)
