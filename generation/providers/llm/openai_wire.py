"""The JSON of chat completions, as OpenAI defines it and as compatible vendors vary it. No network here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import orjson

from generation.providers import base, retry, rules
from generation.providers.base import ProviderError, Usage
from generation.providers.llm.base import ChatRequest, ChatResult, FinishReason
from generation.providers.llm.json_schema import is_closed, json_rule, keywords
from generation.providers.llm.thoughts import ALIYUN, SILICONFLOW, Limits, Thoughts
from generation.providers.llm.tokens import estimated_usage

JsonWay = Literal["schema", "mode", "told"]


@dataclass(frozen=True, slots=True)
class StrictSchemas:
    """Where a vendor takes `json_schema` although not for everything: only for schemas that are closed, only from
    these models (none: all), only with these keywords (none: all)."""

    models: frozenset[str] = frozenset()
    keywords: frozenset[str] = frozenset()

    def take(self, schema: Mapping[str, Any], model: str) -> bool:
        return (
            (not self.models or model in self.models)
            and (not self.keywords or keywords(schema) <= self.keywords)
            and is_closed(schema)
        )


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a vendor departs from the others.

    - `limit_field`: OpenAI's newer models refuse `max_tokens`, Moonshot calls it outdated; most others know
      nothing else.
    - `json`: "schema" sends `response_format` json_schema, "mode" sends json_object, "told" sends neither. In the
      last two the schema is spelled out in the system message; json_object must be mentioned there anyway.
    - `strict`: what is sent as a json_schema all the same.
    - `fixed_temperature`: models that refuse any temperature but their own, so that none is sent.
    - `reasoning_switch`: models that think unless they are told not to, by the field `thinking`.
    - `thoughts`: set where the limit leaves a model's thoughts out; then `limit_field` is not asked.
    - `codes`: error codes that mean something else than at OpenAI.
    """

    limit_field: str = "max_tokens"
    json: JsonWay = "schema"
    strict: StrictSchemas | None = None
    fixed_temperature: re.Pattern[str] | None = None
    reasoning_switch: re.Pattern[str] | None = None
    thoughts: Thoughts | None = None
    codes: Mapping[str, rules.Rule] = field(default_factory=lambda: retry.NO_CODES)


# platform.kimi.ai/docs/api/chat (request) and github.com/MoonshotAI/walle, mfjs-spec (keywords): a strict schema
# with anything else is refused, one that isn't strict is no more than json_object. Since kimi-k2.5 no temperature
# is taken.
_MOONSHOT = Dialect(
    limit_field="max_completion_tokens",
    json="mode",
    strict=StrictSchemas(
        keywords=frozenset(
            {
                *("type", "properties", "required", "additionalProperties", "items", "enum", "anyOf"),
                *("description", "default", "$defs", "$ref"),
            }
        )
    ),
    fixed_temperature=re.compile(r"kimi-(k2\.[5-9]|k[3-9])"),
)
# help.aliyun.com/zh/model-studio/json-mode: json_object from nearly all models, json_schema from few.
_QWEN = Dialect(
    json="mode",
    strict=StrictSchemas(models=frozenset({"qwen-plus", "qwen-plus-latest", "qwen-flash", "qwen3-max"})),
    thoughts=ALIYUN,
    codes=retry.QWEN_CODES,
)

DIALECTS: Final[Mapping[str, Dialect]] = {
    # platform.openai.com/docs/guides/reasoning: reasoning models take no temperature.
    "openai": Dialect(
        limit_field="max_completion_tokens", fixed_temperature=re.compile(r"(o\d|gpt-[5-9])(?!.*chat)")
    ),
    # api-docs.deepseek.com/guides/json_mode: no json_schema.
    # Since V4 thinking is on by default and switched by `thinking` (api-docs.deepseek.com/guides/thinking_mode).
    "deepseek": Dialect(json="mode", reasoning_switch=re.compile(r"deepseek-(flash|pro|v[4-9])")),
    "moonshot": _MOONSHOT,
    "qwen": _QWEN,
    # docs.siliconflow.cn/en/userguide/guides/json-mode: not for DeepSeek V3 and R1; many others answer 400 with
    # code 20024, "Json mode is not supported for this model".
    "siliconflow": Dialect(json="told", thoughts=SILICONFLOW),
    "generic": Dialect(),
}

_HOSTS: Final[Mapping[str, str]] = {
    "api.openai.com": "openai",
    "api.deepseek.com": "deepseek",
    "api.moonshot.cn": "moonshot",
    "api.moonshot.ai": "moonshot",
    "dashscope.aliyuncs.com": "qwen",
    "dashscope-intl.aliyuncs.com": "qwen",
    "api.siliconflow.cn": "siliconflow",
    "api.siliconflow.com": "siliconflow",
}

# `eos` is SiliconFlow's (docs.siliconflow.cn/cn/api-reference/chat-completions/chat-completions).
_FINISH_REASONS: Final[Mapping[str, FinishReason]] = {
    "stop": "stop",
    "eos": "stop",
    "length": "length",
    "content_filter": "content_filter",
}
_OUT_OF_RESOURCES = "insufficient_system_resource"
"""DeepSeek's finish reason for an answer that its servers broke off (api-docs.deepseek.com)."""


def dialect_of(host: str) -> str:
    """The name of the dialect spoken at `host`."""
    return _HOSTS.get(host, "generic")


def dialect_of_url(url: str) -> str:
    """The name of the dialect spoken at `url`, whatever it is."""
    try:
        return dialect_of(urlsplit(url).hostname or "")
    except ValueError:
        return "generic"


def limits(request: ChatRequest, *, model: str, dialect: Dialect) -> Limits:
    """How long the answer may be: what is sent, and the most output that is billed."""
    if dialect.thoughts is not None:
        return dialect.thoughts.limits(model, request.max_output_tokens)
    return Limits({dialect.limit_field: request.max_output_tokens}, request.max_output_tokens)


def request_body(request: ChatRequest, *, model: str, dialect: Dialect, is_stream: bool) -> bytes:
    """The body of the call. Raises `ValueError` (orjson) for text that is not valid Unicode."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": message.role, "content": message.content} for message in request.messages],
        **limits(request, model=model, dialect=dialect).sent,
    }
    if request.temperature is not None and not _has_fixed_temperature(dialect, model):
        body["temperature"] = request.temperature
    if dialect.reasoning_switch is not None and dialect.reasoning_switch.match(model):
        body["thinking"] = {"type": "enabled" if request.reasoning else "disabled"}
    if request.json_schema is not None:
        _ask_for_json(body, request.json_schema, dialect)
    if is_stream:
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}
    return orjson.dumps(body)


def parse_answer(
    content: bytes,
    request: ChatRequest,
    *,
    dialect: Dialect,
    provider: str,
    model: str,
    provider_ref: str | None,
    secret: str = "",
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
    provider_ref = provider_ref or base.reference(data.get("id"), secret)
    choice = first_choice(data)
    usage = usage_of(data, choice)
    if choice is None:
        if isinstance(data.get("error"), dict):
            raise retry.openai_stream_error(
                data["error"], provider=provider, provider_ref=provider_ref, codes=dialect.codes
            )
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
        usage=usage or estimated_usage(request, text, reasoning, model=model),
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


def usage_of(data: Mapping[str, Any], choice: Mapping[str, Any] | None) -> Usage | None:
    """What was counted; in a stream of Moonshot's it may stand inside the choice."""
    return parse_usage(data.get("usage")) or (parse_usage(choice.get("usage")) if choice else None)


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
    outputs = value.get("completion_tokens_details")
    return Usage(
        input_tokens=_count(value.get("prompt_tokens")),
        output_tokens=_count(value.get("completion_tokens")),
        cached_tokens=_cached(value),
        reasoning_tokens=_count(outputs.get("reasoning_tokens")) if isinstance(outputs, dict) else 0,
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


def _has_fixed_temperature(dialect: Dialect, model: str) -> bool:
    return dialect.fixed_temperature is not None and dialect.fixed_temperature.match(model) is not None


def _ask_for_json(body: dict[str, Any], schema: Mapping[str, Any], dialect: Dialect) -> None:
    takes_it = dialect.strict is not None and dialect.strict.take(schema, body["model"])
    if takes_it or dialect.json == "schema":
        name = {"name": "answer", "schema": schema, "strict": is_closed(schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": name}
        return
    if dialect.json == "mode":
        body["response_format"] = {"type": "json_object"}
    rule = json_rule(schema)
    messages = body["messages"]
    if messages[0]["role"] == "system":
        messages[0]["content"] = f"{messages[0]['content']}\n\n{rule}"
    else:
        messages.insert(0, {"role": "system", "content": rule})


def _cached(usage: Mapping[str, Any]) -> int:
    """OpenAI and Qwen nest it, DeepSeek and Moonshot have it at the top."""
    details = usage.get("prompt_tokens_details")
    nested = details.get("cached_tokens") if isinstance(details, dict) else None
    return (
        _count(nested) or _count(usage.get("prompt_cache_hit_tokens")) or _count(usage.get("cached_tokens"))
    )


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _count(value: object) -> int:
    return max(value, 0) if isinstance(value, int) else 0
