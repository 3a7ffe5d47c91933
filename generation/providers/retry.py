"""From a failure to a `ProviderError`, for vendors who speak OpenAI's HTTP, and for the transport below them.

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
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType

from generation.providers import rules
from generation.providers.base import ProviderError
from generation.providers.error_words import Said, rule_of_words, said_in

MAX_RETRY_AFTER = 300.0
"""Seconds. A vendor that asks for more is asked again (or passed over) after this long."""


NO_CODES: Mapping[str, rules.Rule] = MappingProxyType({})

OPENAI_STATUS: Mapping[int, rules.Rule] = {
    400: rules.BAD_REQUEST,
    401: rules.AUTH,
    402: rules.QUOTA,
    403: rules.FORBIDDEN,
    404: rules.NO_MODEL,
    408: rules.NOT_RECEIVED,
    409: rules.CONFLICT,
    413: rules.TOO_LONG,
    422: rules.BAD_REQUEST,
    429: rules.RATE_LIMITED,
    500: rules.GATEWAY_LOST,
    502: rules.GATEWAY_LOST,
    503: rules.OVERLOADED,
    504: rules.GATEWAY_TIMEOUT,
    520: rules.GATEWAY_LOST,
    521: rules.UNREACHABLE,
    522: rules.UNREACHABLE,
    523: rules.UNREACHABLE,
    524: rules.GATEWAY_TIMEOUT,
    525: rules.UNREACHABLE,
    526: rules.UNREACHABLE,
    529: rules.OVERLOADED,
    530: rules.UNREACHABLE,
}

OPENAI_CODES: Mapping[str, rules.Rule] = {
    # OpenAI
    "context_length_exceeded": rules.TOO_LONG,
    "content_filter": rules.REFUSED,
    "content_policy_violation": rules.REFUSED,
    "moderation_blocked": rules.REFUSED,
    "insufficient_quota": rules.QUOTA,
    "billing_hard_limit_reached": rules.QUOTA,
    "billing_not_active": rules.QUOTA,
    "invalid_api_key": rules.AUTH,
    "unsupported_country_region_territory": rules.AUTH,
    "model_not_found": rules.NO_MODEL,
    "rate_limit_exceeded": rules.RATE_LIMITED,
    "server_error": rules.FAILED,
    "overloaded_error": rules.OVERLOADED,
    # Moonshot
    "engine_overloaded_error": rules.OVERLOADED,
    "exceeded_current_quota_error": rules.QUOTA,
    "rate_limit_reached_error": rules.RATE_LIMITED,
    "invalid_authentication_error": rules.AUTH,
    "incorrect_api_key_error": rules.AUTH,
    "permission_denied_error": rules.AUTH,
    "resource_not_found_error": rules.NO_MODEL,
    # Aliyun (compatible mode)
    "arrearage": rules.QUOTA,
    "allocationquota.freetieronly": rules.QUOTA,
    "data_inspection_failed": rules.REFUSED,
    "datainspectionfailed": rules.REFUSED,
    "invalidapikey": rules.AUTH,
    "modelnotfound": rules.NO_MODEL,
    "throttling": rules.RATE_LIMITED,
    "throttling.ratequota": rules.RATE_LIMITED,
    "throttling.burstrate": rules.RATE_LIMITED,
    "throttling.allocationquota": rules.RATE_LIMITED,
    "limit_requests": rules.RATE_LIMITED,
    "limit_burst_rate": rules.RATE_LIMITED,
    # SiliconFlow: numbers
    "20012": rules.NO_MODEL,
    "30001": rules.QUOTA,
    # gateways: one-api and its kin, LiteLLM, OpenRouter
    "insufficient_user_quota": rules.QUOTA,
    "insufficient_credits": rules.QUOTA,
    "insufficient_balance": rules.QUOTA,
    "insufficient_funds": rules.QUOTA,
    "pre_consume_token_quota_failed": rules.QUOTA,
    "quota_exceeded": rules.QUOTA,
    "quota_not_enough": rules.QUOTA,
    "budget_exceeded": rules.QUOTA,
    "payment_required": rules.QUOTA,
    "billing_error": rules.QUOTA,
    "authentication_error": rules.AUTH,
    "permission_error": rules.AUTH,
    "invalid_token": rules.AUTH,
    "token_expired": rules.AUTH,
    "account_deactivated": rules.AUTH,
    "too_many_requests": rules.RATE_LIMITED,
    "rate_limit_error": rules.RATE_LIMITED,
    "resource_exhausted": rules.RATE_LIMITED,
    "not_found_error": rules.NO_MODEL,
    "model_not_exist": rules.NO_MODEL,
    # Zhipu, MiniMax: numbers that nobody else uses for something else
    "1113": rules.QUOTA,
    "1008": rules.QUOTA,
    # llama.cpp
    "exceed_context_size_error": rules.TOO_LONG,
}

QWEN_CODES: Mapping[str, rules.Rule] = {"insufficient_quota": rules.RATE_LIMITED}
"""Aliyun gives OpenAI's name for an empty account to its tokens per minute (help.aliyun.com/model-studio, error
codes, 429); what is used up for good there is called arrearage or AllocationQuota.FreeTierOnly."""

TRANSPORT: Mapping[str, rules.Rule] = {
    "ConnectError": rules.NOT_CONNECTED,
    "ProxyError": rules.NOT_CONNECTED,
    "ConnectTimeout": rules.CONNECT_TIMEOUT,
    "PoolTimeout": rules.POOL_TIMEOUT,
    "WriteTimeout": rules.WRITE_TIMEOUT,
    "ReadTimeout": rules.READ_TIMEOUT,
    "UnsupportedProtocol": rules.NOT_SENDABLE,
    "LocalProtocolError": rules.NOT_SENDABLE,
    "TooManyRedirects": rules.REDIRECTED,
}
"""By the name of the exception's class, so that nothing heavy is imported. Others: connection lost."""

GUARD: Mapping[str, rules.Rule] = {
    "EgressRefusedError": rules.ADDRESS_REFUSED,
    "EgressTooLargeError": rules.TOO_LARGE,
}
"""What the guard for users' addresses (config.egress) says, which stands behind httpx2's exception."""


def openai_status_error(
    status: int,
    body: object,
    headers: Mapping[str, str],
    *,
    provider: str,
    provider_ref: str | None = None,
    codes: Mapping[str, rules.Rule] = NO_CODES,
) -> ProviderError:
    """The error for an answer of status 3xx to 5xx from an OpenAI-compatible vendor.

    `body` is the decoded error object (or whatever came instead). It is only looked at, never passed on.
    `codes` are the vendor's own meanings, which come before `OPENAI_CODES`.
    """
    rule = _openai_rule(status, body, codes)
    wait = parse_retry_after(headers) if rule.retryable else None
    return rule.error(provider, provider_ref=provider_ref, retry_after=wait)


def openai_body_error(
    body: object,
    *,
    provider: str,
    provider_ref: str | None = None,
    codes: Mapping[str, rules.Rule] = NO_CODES,
    is_begun: bool = False,
) -> ProviderError:
    """The error for a body that says so under 200, or in a stream. A status in it counts as the status.

    `is_begun`: words of the answer had come. From then on, and where nothing says why it failed, the charge is unknown.
    """
    said = said_in(body)
    rule = _named_rule(said, codes)
    if rule is None and said.status is not None:
        rule = status_rule(said.status)
    if rule is None or is_begun or rule is rules.FAILED:
        rule = (rule or rules.FAILED).after_acceptance()
    return rule.error(provider, provider_ref=provider_ref)


def transport_error(error: BaseException, *, provider: str) -> ProviderError:
    """The error for an exception of httpx2 (or of what lies below it)."""
    behind: BaseException | None = error
    while behind is not None:
        rule = _by_class(behind, GUARD)
        if rule is not None:
            return rule.error(provider)
        behind = behind.__cause__
    return (_by_class(error, TRANSPORT) or rules.CONNECTION_LOST).error(provider)


def no_way_error(error: BaseException | None = None, *, provider: str) -> ProviderError:
    """No way to the provider's address could be made, or none is allowed. Nothing was sent.

    `error` is what making it raised; without one, the address is none at all.
    """
    if error is None:
        return rules.ADDRESS_REFUSED.error(provider)
    return (_by_class(error, GUARD) or rules.NO_WAY).error(provider)


def deadline_error(*, provider: str, provider_ref: str | None = None) -> ProviderError:
    """The answer had begun but did not end within the request's `timeout_s`."""
    return rules.READ_TIMEOUT.error(provider, provider_ref=provider_ref)


def cut_error(*, provider: str, provider_ref: str | None = None) -> ProviderError:
    """The answer had begun and broke off."""
    return rules.CONNECTION_LOST.error(provider, provider_ref=provider_ref)


def not_sendable_error(*, provider: str) -> ProviderError:
    """The request cannot be written as JSON (half a surrogate pair, for instance)."""
    return rules.NOT_SENDABLE.error(provider)


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


def status_rule(status: int) -> rules.Rule:
    """What a status means when nothing in the answer says more."""
    if status in OPENAI_STATUS:
        return OPENAI_STATUS[status]
    if 300 <= status < 400:
        return rules.REDIRECTED
    return rules.BAD_REQUEST if 400 <= status < 500 else rules.GATEWAY_LOST


def _by_class(error: BaseException, table: Mapping[str, rules.Rule]) -> rules.Rule | None:
    return next((table[cls.__name__] for cls in type(error).__mro__ if cls.__name__ in table), None)


def _openai_rule(status: int, body: object, codes: Mapping[str, rules.Rule]) -> rules.Rule:
    said = said_in(body)
    named = _named_rule(said, codes, status)
    if status == 500:
        return named or (rules.FAILED if said.message and not isinstance(body, str) else rules.GATEWAY_LOST)
    if named is not None and (status < 500 or named in (rules.QUOTA, rules.NO_MODEL)):
        return named
    return status_rule(status)


def _named_rule(said: Said, codes: Mapping[str, rules.Rule], status: int | None = None) -> rules.Rule | None:
    for name in said.codes:
        rule = codes.get(name) or OPENAI_CODES.get(name)
        if rule is not None:
            return rule
    return rule_of_words(said.message, status if status is not None else said.status)


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _capped(seconds: float) -> float:
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)
