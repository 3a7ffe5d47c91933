"""Bedrock's Converse API as mappings: what is sent, what comes back whole or in events. No network here.

Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and ..._ConverseStream.html.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from generation.providers import base
from generation.providers.base import ProviderError, Usage
from generation.providers.llm.base import ChatDelta, ChatRequest, ChatResult, FinishReason
from generation.providers.llm.json_schema import json_rule
from generation.providers.llm.tokens import estimate_tokens, estimated_usage

_STOP_REASONS: Final[Mapping[str, FinishReason]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "content_filtered": "content_filter",
    "guardrail_intervened": "content_filter",
}
_NOT_IN_METADATA = re.compile(r"[^a-zA-Z0-9\s:_@$#=/+,.-]")


def parameters(request: ChatRequest, *, model: str) -> dict[str, Any]:
    """The arguments of `converse` and `converse_stream`.

    System messages go first, wherever they stood. Bedrock wants turns to alternate, so neighbours of one role become
    one turn. A schema is told, not enforced: `outputConfig` exists for few models and none of Amazon's own
    (userguide/structured-output.html). `requestMetadata` stands in the account's invocation log, which is how a call
    whose answer was lost is found. Raises `UnicodeError` for half a surrogate pair, which boto3 would send.
    """
    for message in request.messages:
        message.content.encode()
    system = [{"text": message.content} for message in request.messages if message.role == "system"]
    if request.json_schema is not None:
        system.append({"text": json_rule(request.json_schema)})
    turns: list[dict[str, Any]] = []
    for message in request.messages:
        if message.role == "system":
            continue
        if not turns or turns[-1]["role"] != message.role:
            turns.append({"role": message.role, "content": []})
        turns[-1]["content"].append({"text": message.content})
    limits: dict[str, Any] = {"maxTokens": request.max_output_tokens}
    if request.temperature is not None:
        limits["temperature"] = request.temperature
    found: dict[str, Any] = {"modelId": model, "messages": turns, "inferenceConfig": limits}
    if system:
        found["system"] = system
    if request.request_key:
        key = _NOT_IN_METADATA.sub("_", request.request_key)[:240]
        found["requestMetadata"] = {"request_key": key, "attempt": str(request.attempt)}
    return found


def parse_answer(
    answer: Mapping[str, Any],
    request: ChatRequest,
    *,
    provider: str,
    model: str,
    secrets: Sequence[str] = (),
) -> ChatResult:
    """Raises `ProviderError` for an answer without a message or a known end."""
    reference = reference_of(answer, secrets)
    message = _mapping(_mapping(answer.get("output")).get("message"))
    blocks = [block for block in message.get("content") or () if isinstance(block, Mapping)]
    text = "".join(_string(block.get("text")) for block in blocks)
    reasoning = "".join(
        _string(_mapping(_mapping(block.get("reasoningContent")).get("reasoningText")).get("text"))
        for block in blocks
    )
    usage = parse_usage(answer.get("usage"), reasoning)
    if not message:
        raise bad_answer("The provider's answer has no message.", provider, reference, usage)
    finish = finish_reason_of(
        answer.get("stopReason"), provider=provider, provider_ref=reference, usage=usage
    )
    return ChatResult(
        text=text,
        finish_reason=finish,
        usage=usage or estimated_usage(request, text, reasoning),
        provider=provider,
        model=model,
        provider_ref=reference,
        reasoning=reasoning,
    )


def parse_delta(event: Mapping[str, Any]) -> ChatDelta | None:
    """The piece that an event of a stream brings, if it brings text."""
    delta = _mapping(_mapping(event.get("contentBlockDelta")).get("delta"))
    text, reasoning = _string(delta.get("text")), _string(_mapping(delta.get("reasoningContent")).get("text"))
    return ChatDelta(text=text, reasoning=reasoning) if text or reasoning else None


def parse_usage(value: object, reasoning: str) -> Usage | None:
    """What Bedrock counted: its input leaves out what its cache had, and thoughts are counted as output only, so that
    their part of it is our estimate."""
    if not isinstance(value, Mapping):
        return None
    cached = _count(value.get("cacheReadInputTokens"))
    output = _count(value.get("outputTokens"))
    return Usage(
        input_tokens=_count(value.get("inputTokens")) + cached + _count(value.get("cacheWriteInputTokens")),
        output_tokens=output,
        cached_tokens=cached,
        reasoning_tokens=min(estimate_tokens(reasoning), output),
    )


def finish_reason_of(
    value: object, *, provider: str, provider_ref: str | None, usage: Usage | None
) -> FinishReason:
    """Raises `ProviderError` for a reason that does not say that the answer is whole, cut or filtered."""
    if isinstance(value, str) and value in _STOP_REASONS:
        return _STOP_REASONS[value]
    raise bad_answer("The provider's answer has no known end.", provider, provider_ref, usage)


def bad_answer(message: str, provider: str, provider_ref: str | None, usage: Usage | None) -> ProviderError:
    """An accepted call with a useless answer: charged when the vendor counted it, else unknown."""
    return ProviderError(
        base.BAD_ANSWER,
        message,
        retryable=True,
        charged=True if usage else None,
        provider=provider,
        provider_ref=provider_ref,
        usage=usage,
    )


def reference_of(answer: Mapping[str, Any], secrets: Sequence[str] = ()) -> str | None:
    return base.reference(_mapping(answer.get("ResponseMetadata")).get("RequestId"), *secrets)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(value: object) -> int:
    return max(value, 0) if isinstance(value, int) else 0
