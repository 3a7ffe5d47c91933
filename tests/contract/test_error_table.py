"""From a vendor's failure to a code: every row of the tables, and how long to wait."""

from __future__ import annotations

import httpx2
import pytest

from config.egress import errors as egress
from generation.providers import retry
from generation.providers.base import CODES, IMAGES_REFUSED, TOO_SLOW, ProviderError, Usage

NOW = 1_800_000_000.0


def error(code: str = "", message: str = "", type_: str = "") -> dict[str, str]:
    return {"code": code, "message": message, "type": type_}


class TestStatus:
    @pytest.mark.parametrize(
        ("status", "body", "code", "charged"),
        [
            (400, error("context_length_exceeded"), "PROVIDER_CONTEXT_TOO_LONG", False),
            (400, error("invalid_request_error", "Model Not Exist"), "PROVIDER_MODEL_NOT_FOUND", False),
            (400, error("invalid_request_error", "Content Exists Risk"), "PROVIDER_CONTENT_REFUSED", False),
            (
                400,
                error("data_inspection_failed", "输入数据可能包含不当内容"),
                "PROVIDER_CONTENT_REFUSED",
                False,
            ),
            (400, error("Arrearage"), "PROVIDER_QUOTA_EXHAUSTED", False),
            (
                400,
                error("", "Range of input length should be [1, 30720]"),
                "PROVIDER_CONTEXT_TOO_LONG",
                False,
            ),
            (400, {"code": 20012, "message": "Model does not exist."}, "PROVIDER_MODEL_NOT_FOUND", False),
            (400, "ein Text", "PROVIDER_BAD_REQUEST", False),
            (400, None, "PROVIDER_BAD_REQUEST", False),
            (401, error("invalid_api_key"), "PROVIDER_AUTH_FAILED", False),
            (402, error("", "Insufficient Balance"), "PROVIDER_QUOTA_EXHAUSTED", False),
            (403, error("unsupported_country_region_territory"), "PROVIDER_AUTH_FAILED", False),
            (403, {"code": 30001, "message": "balance"}, "PROVIDER_QUOTA_EXHAUSTED", False),
            (
                404,
                error("", "model 'qwen' not found, try pulling it first"),
                "PROVIDER_MODEL_NOT_FOUND",
                False,
            ),
            (408, None, "PROVIDER_TIMEOUT", False),
            (409, None, "PROVIDER_UNAVAILABLE", False),
            (413, None, "PROVIDER_CONTEXT_TOO_LONG", False),
            (418, None, "PROVIDER_BAD_REQUEST", False),
            (422, None, "PROVIDER_BAD_REQUEST", False),
            (429, error("rate_limit_exceeded", type_="tokens"), "PROVIDER_RATE_LIMITED", False),
            (429, error("insufficient_quota"), "PROVIDER_QUOTA_EXHAUSTED", False),
            (429, error("", type_="engine_overloaded_error"), "PROVIDER_OVERLOADED", False),
            (500, error("", "The server had an error"), "PROVIDER_UNAVAILABLE", False),
            (500, "<html>", "PROVIDER_UNAVAILABLE", None),
            (502, None, "PROVIDER_UNAVAILABLE", None),
            (503, None, "PROVIDER_OVERLOADED", False),
            (504, None, "PROVIDER_TIMEOUT", None),
            (522, None, "PROVIDER_UNAVAILABLE", False),
            (524, None, "PROVIDER_TIMEOUT", None),
            (599, None, "PROVIDER_UNAVAILABLE", None),
            (307, None, "PROVIDER_UNAVAILABLE", False),
        ],
    )
    def test_code_and_charge(self, status: int, body: object, code: str, charged: bool | None) -> None:
        found = retry.openai_status_error(status, body, {}, provider="v", provider_ref="req_1")
        assert (found.code, found.charged) == (code, charged)
        assert (found.provider, found.provider_ref) == ("v", "req_1")

    def test_what_cannot_get_better_is_not_repeated(self) -> None:
        for status in (400, 401, 402, 403, 404, 413, 422, 307):
            assert not retry.openai_status_error(status, None, {}, provider="v").retryable
        for status in (408, 409, 429, 500, 502, 503, 504, 529):
            assert retry.openai_status_error(status, None, {}, provider="v").retryable

    def test_every_row_has_a_known_code(self) -> None:
        tables = [retry.OPENAI_STATUS, retry.OPENAI_CODES, retry.QWEN_CODES, retry.TRANSPORT, retry.GUARD]
        found = {rule.code for table in tables for rule in table.values()}
        assert found == CODES - {TOO_SLOW, IMAGES_REFUSED}, "which we say ourselves, or by words alone"

    def test_aliyuns_used_up_minute_is_no_empty_account(self) -> None:
        body = error("insufficient_quota", "You exceeded your current quota")
        found = retry.openai_status_error(429, body, {}, provider="qwen", codes=retry.QWEN_CODES)
        assert (found.code, found.retryable) == ("PROVIDER_RATE_LIMITED", True)

    def test_the_vendors_words_are_not_repeated(self) -> None:
        body = error("x", "Incorrect API key provided: sk-marked")
        found = retry.openai_status_error(401, body, {"x": "sk-marked"}, provider="v")
        assert "sk-marked" not in f"{found} {found!r} {vars(found)}"


class TestTransport:
    @pytest.mark.parametrize(
        ("exception", "code", "charged"),
        [
            (httpx2.ConnectError("x"), "PROVIDER_CONNECTION_LOST", False),
            (httpx2.ProxyError("x"), "PROVIDER_CONNECTION_LOST", False),
            (httpx2.ConnectTimeout("x"), "PROVIDER_TIMEOUT", False),
            (httpx2.PoolTimeout("x"), "PROVIDER_TIMEOUT", False),
            (httpx2.WriteTimeout("x"), "PROVIDER_TIMEOUT", False),
            (httpx2.ReadTimeout("x"), "PROVIDER_TIMEOUT", None),
            (httpx2.ReadError("x"), "PROVIDER_CONNECTION_LOST", None),
            (httpx2.WriteError("x"), "PROVIDER_CONNECTION_LOST", None),
            (httpx2.RemoteProtocolError("x"), "PROVIDER_CONNECTION_LOST", None),
            (httpx2.DecodingError("x"), "PROVIDER_CONNECTION_LOST", None),
            (httpx2.UnsupportedProtocol("x"), "PROVIDER_BAD_REQUEST", False),
            (httpx2.LocalProtocolError("x"), "PROVIDER_BAD_REQUEST", False),
            (RuntimeError("anything else"), "PROVIDER_CONNECTION_LOST", None),
        ],
        ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
    )
    def test_code_and_charge(self, exception: Exception, code: str, charged: bool | None) -> None:
        found = retry.transport_error(exception, provider="v")
        assert (found.code, found.charged) == (code, charged)

    def test_every_name_in_the_tables_is_the_librarys_or_the_guards(self) -> None:
        assert [name for name in retry.TRANSPORT if not hasattr(httpx2, name)] == []
        assert [name for name in retry.GUARD if not hasattr(egress, name)] == []


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({}, None),
            ({"retry-after": "7"}, 7.0),
            ({"retry-after": " 2.5 "}, 2.5),
            ({"retry-after": "0"}, 0.0),
            ({"retry-after": "-3"}, 0.0),
            ({"retry-after": "99999"}, retry.MAX_RETRY_AFTER),
            ({"retry-after": "nan"}, None),
            ({"retry-after": "inf"}, None),
            ({"retry-after": "bald"}, None),
            ({"retry-after": "稍后"}, None),
            ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
            ({"retry-after-ms": "x", "retry-after": "9"}, 9.0),
            ({"retry-after": "Fri, 15 Jan 2027 08:00:20 GMT"}, 20.0),
            ({"retry-after": "Fri, 15 Jan 2027 07:00:00 GMT"}, 0.0),
            ({"retry-after": "Fri, 15 Jan 2027 08:00:20 -0000"}, 20.0),
            ({"retry-after": "Sat, 15 Jan 2028 08:00:00 GMT"}, retry.MAX_RETRY_AFTER),
        ],
    )
    def test_seconds_milliseconds_and_dates(self, headers: dict[str, str], seconds: float | None) -> None:
        assert retry.parse_retry_after(headers, now=NOW) == seconds

    def test_only_what_may_be_repeated_waits(self) -> None:
        headers = httpx2.Headers({"Retry-After": "7"})
        assert retry.openai_status_error(503, None, headers, provider="v").retry_after == 7.0
        assert retry.openai_status_error(401, None, headers, provider="v").retry_after is None


class TestFallback:
    def test_only_for_faults_of_one_provider_that_cost_nothing(self) -> None:
        def allows(code: str, charged: bool | None) -> bool:
            return ProviderError(code, "x", retryable=True, charged=charged).allows_fallback

        elsewhere_the_same = {
            "PROVIDER_BAD_REQUEST",
            "PROVIDER_CONTEXT_TOO_LONG",
            "PROVIDER_CONTENT_REFUSED",
            "PROVIDER_BAD_ANSWER",
            "PROVIDER_ADDRESS_REFUSED",
        }
        assert {code for code in CODES if allows(code, False)} == CODES - elsewhere_the_same
        assert not any(allows(code, charged) for code in CODES for charged in (None, True))


class TestUsage:
    def test_sums_keep_the_doubt(self) -> None:
        total = Usage(10, 5, 3, 2) + Usage(1, 1, 1, 1, is_estimate=True)
        assert total == Usage(11, 6, 4, 3, is_estimate=True)
        assert not (Usage(1, 1) + Usage(1, 1)).is_estimate
