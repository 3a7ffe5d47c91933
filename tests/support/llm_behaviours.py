"""What the local model server can do to a call, by name.

| name | effect |
| --- | --- |
| `ok` | answers |
| `delay=S` | answers after S seconds |
| `gather=N` | answers when N calls have been in flight at once |
| `rate-limit[=S]`, `rate-limit-once[=S]` | 429 with `Retry-After: S` (default 1), always or the first time |
| `rate-limit-date` | 429 with an HTTP date 30 s ahead |
| `overloaded-once`, `overloaded` | 503 the first time, or always |
| `error-500`, `bare-500` | 500 with the vendor's error object, or with a proxy's HTML page |
| `error-502`, `error-504`, `error-408`, `error-409` | that status with an HTML page |
| `auth` | 401 that repeats the key, as OpenAI's does |
| `echo`, `echo-401`, `echo-500` | an error object (200, 401, 500) that repeats the key everywhere, headers included |
| `no-balance`, `quota` | 402 (DeepSeek), 429 `insufficient_quota` (OpenAI) |
| `no-model` | 404 `model_not_found` |
| `no-route`, `no-method` | 404, 405 with a page, as where an address isn't served |
| `bad-request`, `context-too-long`, `moderated`, `risk` | 400; `risk` has DeepSeek's wording without a code |
| `content-filter`, `length` | half an answer with that finish reason |
| `eos` | an answer that ends as SiliconFlow's may |
| `refusal` | `message.refusal` instead of content |
| `no-choices`, `no-usage`, `no-finish`, `no-resource` | an answer without that part; DeepSeek's overload |
| `bad-json` | 200 with a body that is not JSON |
| `drip-thoughts` | byte by byte, thoughts first |
| `drip[=S]` | byte by byte, S seconds apart (default 0) |
| `keep-alive` | blank lines or comments before the answer, as DeepSeek sends them |
| `only-keep-alive` | blank lines or comments every 0.05 s and never an answer |
| `cut` | closes the connection in the middle of a character |
| `lost` | accepts, then resets the connection without an answer |
| `hang`, `hang-once` | accepts and says nothing, always or the first time |
| `stall` | half an answer, then nothing |
| `paced=S` | an answer whose pieces come S seconds apart |
| `reasoning`, `long-reasoning` | thoughts in `reasoning_content`; endless ones |
| `stream-error` | an error object in the middle of a stream |
| `redirect` | 307 to elsewhere |
| `usage-in-choice`, `usage-everywhere` | a stream that counts inside its last choice (Moonshot), in each piece |
| `deepseek-…`, `moonshot-…`, `qwen-…`, `siliconflow-…` | these vendors' own errors, as their documents show them |
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

_FIELD = re.compile(r"^\s*[-*]?\s*([^\s:：|#][^:：|\n]{0,40})\s*[:：]\s*(\S.*)$", re.MULTILINE)
_CHARACTERS_PER_TOKEN = 2
MARKER = re.compile(r"\[\[server:([a-z0-9-]+)(?:=([^\]]*))?\]\]")
_PAGE = b"<html><body><h1>Bad gateway</h1></body></html>"


@dataclass
class HttpError:
    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Answer:
    """What a model said, before it is put into the wire format."""

    text: str
    finish_reason: str | None = "stop"
    reasoning: str = ""
    refusal: str | None = None
    has_usage: bool = True
    has_choices: bool = True
    has_stream_error: bool = False
    usage_place: str = "end"

    def usage(self, body: Mapping[str, Any]) -> dict[str, Any] | None:
        if not self.has_usage:
            return None
        prompt = tokens_of("".join(text_of(m["content"]) for m in body["messages"]))
        reasoning = tokens_of(self.reasoning)
        completion = tokens_of(self.text) + reasoning
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": prompt // 4},
            "completion_tokens_details": {"reasoning_tokens": reasoning},
        }

    def whole(self, body: Mapping[str, Any]) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": None if self.refusal else self.text}
        if self.reasoning:
            message["reasoning_content"] = self.reasoning
        if self.refusal:
            message["refusal"] = self.refusal
        choice = {"index": 0, "message": message, "finish_reason": self.finish_reason}
        answer = {**_envelope(body, "chat.completion"), "choices": [choice] if self.has_choices else []}
        usage = self.usage(body)
        return {**answer, "usage": usage} if usage else answer

    def events(self, body: Mapping[str, Any], piece: int) -> list[dict[str, Any]]:
        base = _envelope(body, "chat.completion.chunk")

        def event(delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
            choices = [{"index": 0, "delta": delta, "finish_reason": finish}] if self.has_choices else []
            return {**base, "choices": choices}

        events = [event({"role": "assistant", "content": ""})]
        for name, text in (("reasoning_content", self.reasoning), ("refusal", self.refusal or "")):
            events += [event({name: text[i : i + piece]}) for i in range(0, len(text), piece)]
        if not self.refusal:
            events += [event({"content": self.text[i : i + piece]}) for i in range(0, len(self.text), piece)]
        if self.has_stream_error:
            error = {"error": {"message": "The server had an error", "type": "server_error", "code": None}}
            return [*events[: len(events) // 2], error]
        if self.finish_reason is not None:
            events.append(event({}, self.finish_reason))
        usage = self.usage(body)
        if usage and self.usage_place == "choice":
            events[-1]["choices"][0]["usage"] = usage
        elif usage and self.usage_place == "everywhere":
            events = [{**event, "usage": usage} for event in events]
        elif usage and (body.get("stream_options") or {}).get("include_usage"):
            events.append({**base, "choices": [], "usage": usage})
        return events


@dataclass
class Plan:
    """What to do with one call. `raw` replaces the answer's bytes; `changes` are set on the `Answer`."""

    action: str = "answer"
    delay: float | None = None
    error: HttpError | None = None
    raw: bytes | None = None
    pause: float = 0.0
    gather: int = 0
    half: bool = False
    ends_without_done: bool = False
    changes: dict[str, Any] = field(default_factory=dict)

    def shape(self, text: str, body: Mapping[str, Any]) -> Answer:
        answer = Answer(text[: len(text) // 2] if self.half else text)
        for name, value in self.changes.items():
            setattr(answer, name, value)
        self._limit(answer, body)
        return answer

    def _limit(self, answer: Answer, body: Mapping[str, Any]) -> None:
        """Thoughts with a budget of their own don't count towards the answer's limit, as at Aliyun and SiliconFlow."""
        limit = body.get("max_completion_tokens") or body.get("max_tokens")
        budget = body.get("thinking_budget")
        if not limit:
            return
        answer.reasoning = answer.reasoning[: (budget or limit) * _CHARACTERS_PER_TOKEN]
        left = limit if budget else limit - tokens_of(answer.reasoning)
        if tokens_of(answer.text) > left:
            answer.text, answer.finish_reason = answer.text[: left * _CHARACTERS_PER_TOKEN], "length"


Behaviour = Callable[..., Plan]


def tokens_of(text: str) -> int:
    """This server's own tokenizer: two characters are a token."""
    return -(-len(text) // _CHARACTERS_PER_TOKEN)


def last_user_message(body: Mapping[str, Any]) -> str:
    return next((text_of(m["content"]) for m in reversed(body["messages"]) if m["role"] == "user"), "")


def text_of(content: str | list[dict[str, Any]]) -> str:
    """A message's text; of its images, what can be told without a model: a line like `Image: image/png, 67 bytes`."""
    if isinstance(content, str):
        return content
    return "\n".join(
        part["text"] if part["type"] == "text" else _image(part["image_url"]) for part in content
    )


def _image(image: Mapping[str, str]) -> str:
    about, _, data = image["url"].partition(";base64,")
    return f"Image: {about.removeprefix('data:')}, {len(base64.b64decode(data, validate=True))} bytes"


def error_for(message: str, type_: str, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": type_, "param": None, "code": code}}


def echo_document(body: Mapping[str, Any]) -> str:
    """A Markdown document that repeats the fields (`name: value` lines) of the last user message."""
    prompt = MARKER.sub("", last_user_message(body))
    chinese = sum("\u4e00" <= c <= "\u9fff" for c in prompt) * 5 > len(prompt)
    found = [(name.strip(), value.strip()) for name, value in _FIELD.findall(prompt)][:40]
    title, intro, section, heads = (
        ("文档", "以下内容根据请求生成。🙂", "字段", "| 字段 | 内容 |")
        if chinese
        else ("Document", "Written from the request. 🙂", "Fields", "| Field | Value |")
    )
    first = prompt.strip().splitlines()[0][:60] if prompt.strip() else title
    bullets = "\n".join(f"- **{name}**: {value}" for name, value in found) or f"- {first}"
    rows = (
        "\n".join(f"| {name} | {value.replace('|', '/')} |" for name, value in found)
        or f"| {title} | {first} |"
    )
    return f"# {title}: {first}\n\n{intro}\n\n## {section}\n\n{bullets}\n\n{heads}\n| --- | --- |\n{rows}\n"


def _envelope(body: Mapping[str, Any], kind: str) -> dict[str, Any]:
    stamp = time.time_ns()
    return {
        "id": f"chatcmpl-{stamp}",
        "object": kind,
        "created": stamp // 10**9,
        "model": body.get("model", ""),
    }


def _error(
    status: int, body: Any, headers: dict[str, str] | None = None, *, is_once: bool = False
) -> Behaviour:
    def plan(value: str, received: Mapping[str, str], *, is_repeated: bool) -> Plan:
        if is_once and is_repeated:
            return Plan()
        return Plan(error=HttpError(status, body, dict(headers or {})))

    return plan


def _rate_limit(*, is_once: bool = False, is_date: bool = False, error: Any = None) -> Behaviour:
    body = error or error_for("Rate limit reached", "requests", "rate_limit_exceeded")

    def plan(value: str, received: Mapping[str, str], *, is_repeated: bool) -> Plan:
        if is_once and is_repeated:
            return Plan()
        wait = formatdate(time.time() + 30, usegmt=True) if is_date else value or "1"
        return Plan(error=HttpError(429, body, {"Retry-After": wait}))

    return plan


def _auth(value: str, received: Mapping[str, str], *, is_repeated: bool) -> Plan:
    key = received.get("authorization", "").removeprefix("Bearer ")
    body = error_for(f"Incorrect API key provided: {key}.", "invalid_request_error", "invalid_api_key")
    return Plan(error=HttpError(401, body))


def _echo(status: int) -> Behaviour:
    """Repeats what it was sent wherever an answer has a place for it."""

    def plan(value: str, received: Mapping[str, str], *, is_repeated: bool) -> Plan:
        key = received.get("authorization", "").removeprefix("Bearer ")
        said = error_for(f"You sent {key}", key, key) | {"id": key, "model": key}
        return Plan(error=HttpError(status, said, {"x-request-id": f"req-{key}", "Set-Cookie": f"k={key}"}))

    return plan


def _always(**fields: Any) -> Behaviour:
    def plan(value: str, received: Mapping[str, str], *, is_repeated: bool) -> Plan:
        return Plan(**fields)

    return plan


def _first_time(**fields: Any) -> Behaviour:
    def plan(value: str, received: Mapping[str, str], *, is_repeated: bool) -> Plan:
        return Plan() if is_repeated else Plan(**fields)

    return plan


def _delay(value: str, received: Mapping[str, str], *, is_repeated: bool) -> Plan:
    return Plan(delay=float(value or 1))


def _gather(value: str, received: Mapping[str, str], *, is_repeated: bool) -> Plan:
    return Plan(gather=int(value))


def _drip(value: str, received: Mapping[str, str], *, is_repeated: bool) -> Plan:
    return Plan(action="drip", pause=float(value or 0))


def _paced(value: str, received: Mapping[str, str], *, is_repeated: bool) -> Plan:
    return Plan(pause=float(value or 0))


_OVERLOADED = error_for("The engine is currently overloaded, please try again later", "server_error")
_TOO_LONG = "This model's maximum context length is 65536 tokens. However, you requested 90000 tokens."

BEHAVIOURS: dict[str, Behaviour] = {
    "ok": _always(),
    "delay": _delay,
    "gather": _gather,
    "rate-limit": _rate_limit(),
    "rate-limit-once": _rate_limit(is_once=True),
    "rate-limit-date": _rate_limit(is_date=True),
    "overloaded": _error(503, _OVERLOADED),
    "overloaded-once": _error(503, _OVERLOADED, {"Retry-After": "0"}, is_once=True),
    "error-500": _error(500, error_for("The server had an error", "server_error")),
    "bare-500": _error(500, _PAGE),
    "error-502": _error(502, _PAGE),
    "error-504": _error(504, _PAGE),
    "error-408": _error(408, _PAGE),
    "error-409": _error(409, _PAGE),
    "auth": _auth,
    "echo": _echo(200),
    "echo-401": _echo(401),
    "echo-500": _echo(500),
    "no-balance": _error(402, error_for("Insufficient Balance", "unknown_error", "invalid_request_error")),
    "quota": _error(429, error_for("You exceeded your quota", "insufficient_quota", "insufficient_quota")),
    "no-model": _error(404, error_for("No such model", "invalid_request_error", "model_not_found")),
    "bad-request": _error(400, error_for("Unknown parameter", "invalid_request_error", "unknown_parameter")),
    "context-too-long": _error(400, error_for(_TOO_LONG, "invalid_request_error", "invalid_request_error")),
    "moderated": _error(400, error_for("Rejected", "invalid_request_error", "content_policy_violation")),
    "risk": _error(400, error_for("Content Exists Risk", "invalid_request_error", "invalid_request_error")),
    "content-filter": _always(half=True, changes={"finish_reason": "content_filter"}),
    "length": _always(half=True, changes={"finish_reason": "length"}),
    "refusal": _always(changes={"refusal": "I can't help with that. 抱歉，我无法协助。"}),
    "eos": _always(changes={"finish_reason": "eos"}),
    "no-choices": _always(changes={"has_choices": False}),
    "no-usage": _always(changes={"has_usage": False}),
    "no-finish": _always(changes={"finish_reason": None}),
    "no-resource": _always(half=True, changes={"finish_reason": "insufficient_system_resource"}),
    "bad-json": _always(raw=b'{"id": "chatcmpl-1", "choices": [{"message": '),
    "drip": _drip,
    "drip-thoughts": _always(action="drip", changes={"reasoning": "先想一想：the user wants a document. 🤔"}),
    "keep-alive": _always(action="keep-alive"),
    "only-keep-alive": _always(action="only-keep-alive"),
    "cut": _always(action="cut"),
    "lost": _always(action="lost"),
    "hang": _always(action="hang"),
    "hang-once": _first_time(action="hang"),
    "stall": _always(action="stall"),
    "paced": _paced,
    "reasoning": _always(changes={"reasoning": "先想一想：the user wants a document. 🤔"}),
    "long-reasoning": _always(changes={"reasoning": "再想一想。🤔" * 200}),
    "stream-error": _always(changes={"has_stream_error": True}, ends_without_done=True),
    "usage-in-choice": _always(changes={"usage_place": "choice"}),
    "usage-everywhere": _always(changes={"usage_place": "everywhere"}),
    "no-route": _error(404, b"404 page not found"),
    "no-method": _error(405, b"Method Not Allowed"),
    # api-docs.deepseek.com/quick_start/error_codes
    "deepseek-auth": _error(
        401,
        error_for(
            "Authentication Fails, Your api key: ****9show is invalid",
            "authentication_error",
            "invalid_request_error",
        ),
    ),
    # platform.kimi.com/docs/api/errors
    "moonshot-rate-limit": _rate_limit(
        error={
            "error": {"type": "rate_limit_reached_error", "message": "max RPM: 3, please try again after 1s"}
        }
    ),
    "moonshot-overloaded": _error(
        429, {"error": {"type": "engine_overloaded_error", "message": "Overloaded"}}
    ),
    "moonshot-auth": _error(401, {"error": {"type": "invalid_authentication_error", "message": "Invalid"}}),
    "moonshot-quota": _error(429, {"error": {"type": "exceeded_current_quota_error", "message": "Recharge"}}),
    "moonshot-filter": _error(400, {"error": {"type": "content_filter", "message": "considered high risk"}}),
    "moonshot-too-long": _error(
        400, {"error": {"type": "invalid_request_error", "message": "Input token length too long"}}
    ),
    # help.aliyun.com/zh/model-studio/error-code
    "qwen-rate-limit": _rate_limit(
        error=error_for("You exceeded your current quota", "insufficient_quota", "insufficient_quota")
    ),
    "qwen-auth": _error(
        401, error_for("Incorrect API key provided. ", "invalid_request_error", "invalid_api_key")
    ),
    "qwen-arrears": _error(400, error_for("Access denied, good standing", "Arrearage", "Arrearage")),
    "qwen-inspection": _error(
        400, error_for("Input data may contain it", "data_inspection_failed", "data_inspection_failed")
    ),
    "qwen-too-long": _error(
        400,
        error_for(
            "Range of input length should be [1, 30720]", "invalid_request_error", "invalid_parameter_error"
        ),
    ),
    # docs.siliconflow.cn/cn/faqs/error-code: objects without `error` around them, a bare string for the key
    "siliconflow-rate-limit": _rate_limit(
        error={"message": "Request was rejected due to rate limiting. TPM limit reached.", "data": None}
    ),
    "siliconflow-overloaded": _error(
        503, {"code": 50505, "message": "Model service overloaded", "data": None}
    ),
    "siliconflow-auth": _error(401, "Invalid token"),
    "siliconflow-balance": _error(
        403, {"code": 30001, "message": "Sorry, your account balance", "data": None}
    ),
    "redirect": _error(307, b"", {"Location": "http://127.0.0.1:9/v1/chat/completions"}),
}
