"""The JSON of chat completions, as OpenAI defines it and as compatible vendors vary it. No network here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from generation.providers import base, retry
from generation.providers.base import ProviderError, Usage
from generation.providers.llm.base import ChatRequest, ChatResult, FinishReason
from generation.providers.llm.tokens import estimate_input_tokens, estimate_tokens


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a vendor departs from the others.

    - `limit_field`: OpenAI's newer models refuse `max_tokens`; most others know nothing else.
    - `has_json_schema`: False where `response_format` knows only `json_object` (DeepSeek, Moonshot, Aliyun);
      the schema is then spelled out in the system message, which these vendors require to mention JSON.
    """

    limit_field: str = "max_tokens"
    has_json_schema: bool = True


DIALECTS: Final[Mapping[str, Dialect]] = {
    "openai": Dialect(limit_field="max_completion_tokens"),
    "deepseek": Dialect(has_json_schema=False),
    "generic": Dialect(),
}

_HOSTS: Final[Mapping[str, str]] = {
    "api.openai.com": "openai",
    "api.deepseek.com": "deepseek",
    "api.moonshot.cn": "deepseek",
    "dashscope.aliyuncs.com": "deepseek",
    "api.siliconflow.cn": "deepseek",
}

_FINISH_REASONS: Final[Mapping[str, FinishReason]] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content_filter",
}
_OUT_OF_RESOURCES = "insufficient_system_resource"
"""DeepSeek's finish reason for an answer that its servers broke off (api-docs.deepseek.com)."""


def dialect_of(host: str) -> str:
    """The name of the dialect spoken at `host`."""
    return _HOSTS.get(host, "generic")


def request_body(request: ChatRequest, *, model: str, dialect: Dialect, is_stream: bool) -> bytes:
    """The body of the call. Raises `ValueError` (orjson) for text that is not valid Unicode."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": message.role, "content": message.content} for message in request.messages],
        dialect.limit_field: request.max_output_tokens,
    }
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.json_schema is not None:
        _ask_for_json(body, request.json_schema, dialect)
    if is_stream:
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}
    return orjson.dumps(body)


def parse_answer(
    content: bytes, request: ChatRequest, *, provider: str, model: str, provider_ref: str | None
) -> ChatResult:
    """The result in a 200 answer. Raises `ProviderError` for an answer without a usable choice.

    A refusal's sentence becomes the text, with `finish_reason="content_filter"`.
    """
    try:
        data = orjson.loads(content)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise bad_answer("The provider's answer is not JSON.", provider, provider_ref, None)
    provider_ref = provider_ref or _string(data.get("id")) or None
    usage = parse_usage(data.get("usage"))
    choice = first_choice(data)
    if choice is None:
        if isinstance(data.get("error"), dict):
            raise retry.openai_stream_error(data["error"], provider=provider, provider_ref=provider_ref)
        raise bad_answer("The provider's answer has no choice.", provider, provider_ref, usage)
    message = choice.get("message")
    message = message if isinstance(message, dict) else {}
    refusal = _string(message.get("refusal"))
    text, reasoning = refusal or _string(message.get("content")), reasoning_of(message)
    finish = finish_reason_of(
        choice.get("finish_reason"), bool(refusal), provider=provider, provider_ref=provider_ref, usage=usage
    )
    return ChatResult(
        text=text,
        finish_reason=finish,
        usage=usage or estimated_usage(request, text, reasoning),
        provider=provider,
        model=model,
        provider_ref=provider_ref,
        reasoning=reasoning,
    )


def first_choice(data: Mapping[str, Any]) -> dict[str, Any] | None:
    choices = data.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return choices[0]
    return None


def text_of(part: Mapping[str, Any]) -> str:
    return _string(part.get("content"))


def refusal_of(part: Mapping[str, Any]) -> str:
    return _string(part.get("refusal"))


def reasoning_of(part: Mapping[str, Any]) -> str:
    """A model's thoughts: `reasoning_content` (DeepSeek, Qwen), `reasoning` (Ollama, vLLM)."""
    return _string(part.get("reasoning_content")) or _string(part.get("reasoning"))


def finish_reason_of(
    value: object, is_refusal: bool, *, provider: str, provider_ref: str | None, usage: Usage | None
) -> FinishReason:
    """Raises `ProviderError` for a reason that does not say that the answer is whole, cut or filtered."""
    if is_refusal:
        return "content_filter"
    if isinstance(value, str) and value in _FINISH_REASONS:
        return _FINISH_REASONS[value]
    if value == _OUT_OF_RESOURCES:
        raise ProviderError(
            base.OVERLOADED,
            "The provider ran out of resources while answering.",
            retryable=True,
            charged=True if usage else None,
            provider=provider,
            provider_ref=provider_ref,
            usage=usage,
        )
    raise bad_answer("The provider's answer has no known end.", provider, provider_ref, usage)


def parse_usage(value: object) -> Usage | None:
    if not isinstance(value, dict):
        return None
    inputs, outputs = value.get("prompt_tokens_details"), value.get("completion_tokens_details")
    return Usage(
        input_tokens=_count(value.get("prompt_tokens")),
        output_tokens=_count(value.get("completion_tokens")),
        cached_tokens=_count(inputs.get("cached_tokens"))
        if isinstance(inputs, dict)
        else _count(value.get("prompt_cache_hit_tokens")),
        reasoning_tokens=_count(outputs.get("reasoning_tokens")) if isinstance(outputs, dict) else 0,
    )


def estimated_usage(request: ChatRequest, text: str, reasoning: str) -> Usage:
    thoughts = estimate_tokens(reasoning)
    return Usage(
        input_tokens=estimate_input_tokens(request),
        output_tokens=estimate_tokens(text) + thoughts,
        reasoning_tokens=thoughts,
        is_estimate=True,
    )


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


def _ask_for_json(body: dict[str, Any], schema: Mapping[str, Any], dialect: Dialect) -> None:
    if dialect.has_json_schema:
        name = {"name": "answer", "schema": schema, "strict": _is_strict(schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": name}
        return
    body["response_format"] = {"type": "json_object"}
    rule = f"Answer with one JSON object that matches this JSON Schema:\n{orjson.dumps(schema).decode()}"
    messages = body["messages"]
    if messages[0]["role"] == "system":
        messages[0]["content"] = f"{messages[0]['content']}\n\n{rule}"
    else:
        messages.insert(0, {"role": "system", "content": rule})


def _is_strict(schema: object) -> bool:
    """Whether OpenAI's strict mode takes the schema: every object closed and every property required."""
    if isinstance(schema, Mapping):
        properties = schema.get("properties")
        if schema.get("type") == "object" or properties is not None:
            if schema.get("additionalProperties") is not False:
                return False
            if set(schema.get("required", ())) != set(properties or ()):
                return False
        return all(_is_strict(value) for value in schema.values())
    if isinstance(schema, list | tuple):
        return all(_is_strict(value) for value in schema)
    return True


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(value: object) -> int:
    return max(value, 0) if isinstance(value, int) else 0
