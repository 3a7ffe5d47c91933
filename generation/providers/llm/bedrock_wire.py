"""Bedrock's Converse API as mappings: what is sent, what comes back whole or in events. No network here.

Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and ..._ConverseStream.html.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from generation.providers import base
from generation.providers.base import ProviderError, Usage
from generation.providers.llm import finish
from generation.providers.llm.answer_text import AnswerText
from generation.providers.llm.base import ChatMessage, ChatRequest, ChatResult, FinishReason
from generation.providers.llm.json_schema import json_rule
from generation.providers.llm.usage import Counted, counted, usage_of

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
        turns[-1]["content"] += _blocks(message)
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


def _blocks(message: ChatMessage) -> list[dict[str, Any]]:
    """A message's images and text (API_runtime_ImageBlock.html: the format is the type without `image/`)."""
    blocks: list[dict[str, Any]] = [
        {"image": {"format": image.media_type.partition("/")[2], "source": {"bytes": image.data}}}
        for image in message.images
    ]
    if not blocks or message.content.strip():
        blocks.append({"text": message.content})
    return blocks


def parse_answer(
    answer: Mapping[str, Any],
    request: ChatRequest,
    *,
    provider: str,
    model: str,
    secrets: Sequence[str] = (),
) -> ChatResult:
    """Raises `ProviderError` for an answer without a message, or one that the model broke off."""
    reference = reference_of(answer, secrets)
    message = _mapping(_mapping(answer.get("output")).get("message"))
    found = counted(answer.get("usage"))
    blocks = [block for block in message.get("content") or () if isinstance(block, Mapping)]
    text = "".join(_string(block.get("text")) for block in blocks)
    reasoning = "".join(
        _string(_mapping(_mapping(block.get("reasoningContent")).get("reasoningText")).get("text"))
        for block in blocks
    )
    usage = usage_of(found, request, text, reasoning, model=model, most_output=request.max_output_tokens)
    if not message:
        raise bad_answer("The provider's answer has no message.", provider, reference, found, usage)
    said = AnswerText()
    said.feed(text, reasoning)
    said.end()
    return ChatResult(
        text=said.text,
        finish_reason=finish_reason_of(answer.get("stopReason"), provider, reference, found, usage),
        usage=usage,
        provider=provider,
        model=model,
        provider_ref=reference,
        reasoning=said.reasoning,
        cut=said.cut,
    )


def parse_delta(event: Mapping[str, Any]) -> tuple[str, str]:
    """The text and the thoughts that an event of a stream brings."""
    delta = _mapping(_mapping(event.get("contentBlockDelta")).get("delta"))
    return _string(delta.get("text")), _string(_mapping(delta.get("reasoningContent")).get("text"))


def finish_reason_of(
    value: object, provider: str, provider_ref: str | None, found: Counted, usage: Usage
) -> FinishReason:
    """Raises `ProviderError` for a reason that says that the model broke off, or wants a tool that nobody offered."""
    if finish.plain_reason(value) in {*finish.BROKEN, "tooluse"}:
        raise bad_answer("The model did not end its answer.", provider, provider_ref, found, usage)
    return finish.meaning_of(value, provider=provider)


def bad_answer(
    message: str, provider: str, provider_ref: str | None, found: Counted, usage: Usage
) -> ProviderError:
    """An accepted call with a useless answer: charged when the vendor counted it, else unknown."""
    return ProviderError(
        base.BAD_ANSWER,
        message,
        retryable=True,
        charged=True if found.is_charge else None,
        provider=provider,
        provider_ref=provider_ref,
        usage=usage if found.is_charge else None,
    )


def reference_of(answer: Mapping[str, Any], secrets: Sequence[str] = ()) -> str | None:
    return base.reference(_mapping(answer.get("ResponseMetadata")).get("RequestId"), *secrets)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
