"""The JSON of chat completions, as OpenAI defines it and as compatible vendors vary it. No network here."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import orjson

from generation.providers import retry, rules
from generation.providers.llm.base import ChatImage, ChatMessage, ChatRequest
from generation.providers.llm.json_schema import is_closed, json_rule, keywords
from generation.providers.llm.openai_refusals import without
from generation.providers.llm.thoughts import ALIYUN, SILICONFLOW, Limits, Thoughts

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
    - `has_raw_thoughts`: servers of all kinds, some of which leave thoughts in the text.
    - `is_ones_own`: servers of the operator's own, which list all models that they have.
    - `codes`: error codes that mean something else than at OpenAI.
    """

    limit_field: str = "max_tokens"
    json: JsonWay = "schema"
    strict: StrictSchemas | None = None
    fixed_temperature: re.Pattern[str] | None = None
    reasoning_switch: re.Pattern[str] | None = None
    thoughts: Thoughts | None = None
    has_raw_thoughts: bool = False
    is_ones_own: bool = False
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
    "siliconflow": Dialect(json="told", thoughts=SILICONFLOW, has_raw_thoughts=True),
    "generic": Dialect(has_raw_thoughts=True, is_ones_own=True),
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


def request_body(
    request: ChatRequest,
    *,
    model: str,
    dialect: Dialect,
    is_stream: bool,
    refused: frozenset[str] = frozenset(),
) -> bytes:
    """The body of the call, without what this model's server has `refused` (see `openai_refusals`).

    Raises `ValueError` (orjson) for text that is not valid Unicode.
    """
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": message.role, "content": _content(message)} for message in request.messages],
        **limits(request, model=model, dialect=dialect).sent,
    }
    if request.temperature is not None and not _has_fixed_temperature(dialect, model):
        body["temperature"] = request.temperature
    if dialect.reasoning_switch is not None and dialect.reasoning_switch.match(model):
        body["thinking"] = {"type": "enabled" if request.reasoning else "disabled"}
    if request.json_schema is not None:
        _ask_for_json(body, request.json_schema, dialect, refused)
    if is_stream:
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}
    return orjson.dumps(without(body, refused))


def _content(message: ChatMessage) -> str | list[dict[str, Any]]:
    """The text, or with images its parts; vendors differ in what they fetch, so that none is told an address."""
    if not message.images:
        return message.content
    parts: list[dict[str, Any]] = [
        {"type": "image_url", "image_url": {"url": _data_url(image)}} for image in message.images
    ]
    if message.content.strip():
        parts.append({"type": "text", "text": message.content})
    return parts


def _data_url(image: ChatImage) -> str:
    return f"data:{image.media_type};base64,{base64.b64encode(image.data).decode()}"


def _has_fixed_temperature(dialect: Dialect, model: str) -> bool:
    return dialect.fixed_temperature is not None and dialect.fixed_temperature.match(model) is not None


def _ask_for_json(
    body: dict[str, Any], schema: Mapping[str, Any], dialect: Dialect, refused: frozenset[str]
) -> None:
    takes_it = dialect.strict is not None and dialect.strict.take(schema, body["model"])
    if (takes_it or dialect.json == "schema") and not refused & {"json_schema", "response_format"}:
        name = {"name": "answer", "schema": schema, "strict": is_closed(schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": name}
        return
    if dialect.json != "told" and "response_format" not in refused:
        body["response_format"] = {"type": "json_object"}
    rule = json_rule(schema)
    messages = body["messages"]
    if messages[0]["role"] == "system":
        messages[0]["content"] = f"{messages[0]['content']}\n\n{rule}"
    else:
        messages.insert(0, {"role": "system", "content": rule})
