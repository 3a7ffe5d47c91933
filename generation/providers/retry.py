"""From a vendor's failure to a `ProviderError`: one table per vendor, and the table of the transport.

Two questions decide about money, so every row answers them: may the request be repeated, and was it charged?

Transport (httpx2, from its source): a request is sent only on a connection that stands, so everything raised
while connecting (refused, DNS, TLS, proxy, no free connection) comes before it. httpx2 swallows an error of
writing and reports what reading then brings, so every error of reading or of the protocol may have followed
an accepted request. A write that timed out left the body incomplete, and an incomplete body is no request.

HTTP status of OpenAI-compatible vendors (platform.openai.com/docs/guides/error-codes,
api-docs.deepseek.com/quick_start/error_codes, platform.kimi.com/docs/api/errors,
help.aliyun.com/zh/model-studio/error-code, docs.siliconflow.cn/cn/faqs/error-code): tokens are billed from an
answer's `usage`; a 4xx is a refusal before any work and has none. 500 with the vendor's error object is the
vendor saying that it failed and to retry: not charged. The same status, 502, 504, 520 and 524 with a proxy's
page only say that the proxy lost the machine behind it, which may have gone on: unknown. 503, 521 to 523, 525,
526, 529 and 530 say that the request reached nobody: not charged.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType

from generation.providers import base
from generation.providers.base import ProviderError

MAX_RETRY_AFTER = 300.0
"""Seconds. A vendor that asks for more is asked again (or passed over) after this long."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a failure means. `charged` as in `ProviderError`."""

    code: str
    message: str
    retryable: bool
    charged: bool | None


_RATE_LIMITED = Rule(base.RATE_LIMITED, "The provider limits our request rate.", True, False)
_OVERLOADED = Rule(base.OVERLOADED, "The provider is overloaded.", True, False)
_FAILED = Rule(base.UNAVAILABLE, "The provider failed while answering.", True, False)
_UNREACHABLE = Rule(base.UNAVAILABLE, "The provider cannot be reached.", True, False)
_GATEWAY_LOST = Rule(base.UNAVAILABLE, "A gateway lost the provider; it may have gone on.", True, None)
_GATEWAY_TIMEOUT = Rule(base.TIMEOUT, "A gateway gave up waiting; the provider may have gone on.", True, None)
_NOT_RECEIVED = Rule(base.TIMEOUT, "The provider did not receive the whole request in time.", True, False)
_CONFLICT = Rule(base.UNAVAILABLE, "The provider is busy with a conflicting request.", True, False)
_REDIRECTED = Rule(base.UNAVAILABLE, "The provider's address redirects, which is not followed.", False, False)
_AUTH = Rule(base.AUTH_FAILED, "The provider refuses our key, or this account or region.", False, False)
_QUOTA = Rule(base.QUOTA_EXHAUSTED, "The account at the provider has no balance or quota left.", False, False)
_NO_MODEL = Rule(base.MODEL_NOT_FOUND, "The provider has no such model or address.", False, False)
_BAD_REQUEST = Rule(base.BAD_REQUEST, "The provider does not accept the request.", False, False)
_TOO_LONG = Rule(base.CONTEXT_TOO_LONG, "The request is longer than the model's context.", False, False)
_REFUSED = Rule(base.CONTENT_REFUSED, "The provider's moderation refuses the content.", False, False)
_CONNECTION_LOST = Rule(base.CONNECTION_LOST, "The connection broke after the request was sent.", True, None)
_NOT_CONNECTED = Rule(base.CONNECTION_LOST, "No connection to the provider.", True, False)
_CONNECT_TIMEOUT = Rule(base.TIMEOUT, "The provider did not take the connection in time.", True, False)
_POOL_TIMEOUT = Rule(base.TIMEOUT, "All connections to the provider stayed in use.", True, False)
_WRITE_TIMEOUT = Rule(base.TIMEOUT, "The request could not be sent in time.", True, False)
_READ_TIMEOUT = Rule(base.TIMEOUT, "The provider did not answer in time.", True, None)
_NO_WAY = Rule(base.UNAVAILABLE, "The provider's address may not be called from here.", False, False)
_NOT_SENDABLE = Rule(base.BAD_REQUEST, "The request cannot be sent in this form.", False, False)

NO_CODES: Mapping[str, Rule] = MappingProxyType({})

OPENAI_STATUS: Mapping[int, Rule] = {
    400: _BAD_REQUEST,
    401: _AUTH,
    402: _QUOTA,
    403: _AUTH,
    404: _NO_MODEL,
    408: _NOT_RECEIVED,
    409: _CONFLICT,
    413: _TOO_LONG,
    422: _BAD_REQUEST,
    429: _RATE_LIMITED,
    500: _GATEWAY_LOST,
    502: _GATEWAY_LOST,
    503: _OVERLOADED,
    504: _GATEWAY_TIMEOUT,
    520: _GATEWAY_LOST,
    521: _UNREACHABLE,
    522: _UNREACHABLE,
    523: _UNREACHABLE,
    524: _GATEWAY_TIMEOUT,
    525: _UNREACHABLE,
    526: _UNREACHABLE,
    529: _OVERLOADED,
    530: _UNREACHABLE,
}

OPENAI_CODES: Mapping[str, Rule] = {
    # OpenAI
    "context_length_exceeded": _TOO_LONG,
    "content_filter": _REFUSED,
    "content_policy_violation": _REFUSED,
    "moderation_blocked": _REFUSED,
    "insufficient_quota": _QUOTA,
    "billing_hard_limit_reached": _QUOTA,
    "billing_not_active": _QUOTA,
    "invalid_api_key": _AUTH,
    "unsupported_country_region_territory": _AUTH,
    "model_not_found": _NO_MODEL,
    "rate_limit_exceeded": _RATE_LIMITED,
    "server_error": _FAILED,
    "overloaded_error": _OVERLOADED,
    # Moonshot
    "engine_overloaded_error": _OVERLOADED,
    "exceeded_current_quota_error": _QUOTA,
    "rate_limit_reached_error": _RATE_LIMITED,
    "invalid_authentication_error": _AUTH,
    "incorrect_api_key_error": _AUTH,
    "permission_denied_error": _AUTH,
    "resource_not_found_error": _NO_MODEL,
    # Aliyun (compatible mode)
    "arrearage": _QUOTA,
    "allocationquota.freetieronly": _QUOTA,
    "data_inspection_failed": _REFUSED,
    "datainspectionfailed": _REFUSED,
    "invalidapikey": _AUTH,
    "modelnotfound": _NO_MODEL,
    "throttling": _RATE_LIMITED,
    "throttling.ratequota": _RATE_LIMITED,
    "throttling.burstrate": _RATE_LIMITED,
    "throttling.allocationquota": _RATE_LIMITED,
    "limit_requests": _RATE_LIMITED,
    "limit_burst_rate": _RATE_LIMITED,
    # SiliconFlow: numbers
    "20012": _NO_MODEL,
    "30001": _QUOTA,
    # llama.cpp
    "exceed_context_size_error": _TOO_LONG,
}

QWEN_CODES: Mapping[str, Rule] = {"insufficient_quota": _RATE_LIMITED}
"""Aliyun gives OpenAI's name for an empty account to its tokens per minute (help.aliyun.com/model-studio, error
codes, 429); what is used up for good there is called arrearage or AllocationQuota.FreeTierOnly."""

# For vendors that put only `invalid_request_error` into `code` (DeepSeek, Moonshot, Aliyun, Ollama).
OPENAI_MESSAGES: tuple[tuple[re.Pattern[str], Rule], ...] = (
    (re.compile(r"content exists risk|data inspection|inappropriate content", re.IGNORECASE), _REFUSED),
    (
        re.compile(
            r"maximum context length|context (window|length|size)|exceeded model token limit"
            r"|range of input length|input token length too long|max_total_tokens",
            re.IGNORECASE,
        ),
        _TOO_LONG,
    ),
    (re.compile(r"insufficient balance|balance is insufficient|in good standing", re.IGNORECASE), _QUOTA),
    (
        re.compile(r"model\b.{0,120}\b(not exist|does not exist|not found)", re.IGNORECASE | re.DOTALL),
        _NO_MODEL,
    ),
)
_EXAMINED = 2_000

TRANSPORT: Mapping[str, Rule] = {
    "ConnectError": _NOT_CONNECTED,
    "ProxyError": _NOT_CONNECTED,
    "ConnectTimeout": _CONNECT_TIMEOUT,
    "PoolTimeout": _POOL_TIMEOUT,
    "WriteTimeout": _WRITE_TIMEOUT,
    "ReadTimeout": _READ_TIMEOUT,
    "UnsupportedProtocol": _NOT_SENDABLE,
    "LocalProtocolError": _NOT_SENDABLE,
    "TooManyRedirects": _REDIRECTED,
}
"""By the name of the exception's class, so that nothing heavy is imported. Others: connection lost."""


def openai_status_error(
    status: int,
    body: object,
    headers: Mapping[str, str],
    *,
    provider: str,
    provider_ref: str | None = None,
    codes: Mapping[str, Rule] = NO_CODES,
) -> ProviderError:
    """The error for an answer of status 3xx to 5xx from an OpenAI-compatible vendor.

    `body` is the decoded error object (or whatever came instead). It is only looked at, never passed on.
    `codes` are the vendor's own meanings, which come before `OPENAI_CODES`.
    """
    rule = _openai_rule(status, body, codes)
    wait = parse_retry_after(headers) if rule.retryable else None
    return _error(rule, provider, provider_ref=provider_ref, retry_after=wait)


def openai_stream_error(
    body: object, *, provider: str, provider_ref: str | None = None, codes: Mapping[str, Rule] = NO_CODES
) -> ProviderError:
    """The error for an error object inside a stream: the request was accepted, so the charge is unknown."""
    rule = _named_rule(body, codes) or _FAILED
    return _error(
        Rule(rule.code, rule.message, rule.retryable, None),
        provider,
        provider_ref=provider_ref,
        retry_after=None,
    )


def transport_error(error: BaseException, *, provider: str) -> ProviderError:
    """The error for an exception of httpx2 (or of what lies below it)."""
    for cls in type(error).__mro__:
        if cls.__name__ in TRANSPORT:
            return _error(TRANSPORT[cls.__name__], provider)
    return _error(_CONNECTION_LOST, provider)


def no_way_error(*, provider: str) -> ProviderError:
    """There is no way to the provider's address, or none is allowed. Nothing was sent."""
    return _error(_NO_WAY, provider)


def deadline_error(*, provider: str, provider_ref: str | None = None) -> ProviderError:
    """The answer had begun but did not end within the request's `timeout_s`."""
    return _error(_READ_TIMEOUT, provider, provider_ref=provider_ref)


def cut_error(*, provider: str, provider_ref: str | None = None) -> ProviderError:
    """The answer had begun and broke off."""
    return _error(_CONNECTION_LOST, provider, provider_ref=provider_ref)


def not_sendable_error(*, provider: str) -> ProviderError:
    """The request cannot be written as JSON (half a surrogate pair, for instance)."""
    return _error(_NOT_SENDABLE, provider)


def parse_retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds to wait, from `retry-after-ms` or `Retry-After` (seconds or an HTTP date, RFC 9110), 0 to
    `MAX_RETRY_AFTER`; None without a usable value. `headers` must ignore case or be in lower case."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return _capped(milliseconds / 1000)
    value = headers.get("retry-after")
    seconds = _number(value)
    if seconds is not None:
        return _capped(seconds)
    try:
        moment = parsedate_to_datetime(value or "")
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    start = datetime.fromtimestamp(time.time() if now is None else now, tz=UTC)
    return _capped((moment - start).total_seconds())


def _openai_rule(status: int, body: object, codes: Mapping[str, Rule]) -> Rule:
    named = _named_rule(body, codes)
    if status == 500:
        return named or (_FAILED if _text_of(body, "message") else _GATEWAY_LOST)
    if named is not None and status < 500:
        return named
    if status in OPENAI_STATUS:
        return OPENAI_STATUS[status]
    if status < 400:
        return _REDIRECTED
    return _BAD_REQUEST if status < 500 else _GATEWAY_LOST


def _named_rule(body: object, codes: Mapping[str, Rule]) -> Rule | None:
    for field in ("code", "type"):
        name = _text_of(body, field).lower()
        rule = codes.get(name) or OPENAI_CODES.get(name)
        if rule is not None:
            return rule
    message = _text_of(body, "message")[:_EXAMINED]
    return next((rule for pattern, rule in OPENAI_MESSAGES if pattern.search(message)), None)


def _text_of(body: object, field: str) -> str:
    if isinstance(body, Mapping):
        value = body.get(field)
        return str(value) if isinstance(value, str | int) else ""
    return ""


def _error(
    rule: Rule, provider: str, *, provider_ref: str | None = None, retry_after: float | None = None
) -> ProviderError:
    return ProviderError(
        rule.code,
        rule.message,
        retryable=rule.retryable,
        charged=rule.charged,
        provider=provider,
        provider_ref=provider_ref,
        retry_after=retry_after,
    )


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _capped(seconds: float) -> float:
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)
