"""Listing a vendor's models, by which a user's key is verified."""

from __future__ import annotations

from typing import Any

import pytest

from generation.providers.base import CODES, ProviderError
from generation.providers.guarded import guarded
from generation.providers.llm import listing
from generation.providers.llm.listing import KEY_CHECKING, list_models
from generation.providers.llm.openai_wire import DIALECTS
from tests.support.closed_port import closed_port
from tests.support.llm_server import LLMServer, key_hash, model_list

KEY = "sk-marked-7f3a91-never-show"
AUTH = {
    "openai": "auth",
    "deepseek": "deepseek-auth",
    "moonshot": "moonshot-auth",
    "qwen": "qwen-auth",
    "siliconflow": "siliconflow-auth",
    "generic": "auth",
}
BUSY = {
    "openai": "rate-limit",
    "deepseek": "rate-limit",
    "moonshot": "moonshot-rate-limit",
    "qwen": "qwen-rate-limit",
    "siliconflow": "siliconflow-rate-limit",
    "generic": "rate-limit",
}
NAMES = ("Qwen/Qwen3-8B", "deepseek-chat", "通义千问-增强版", "🤖-mini")


def models(server: LLMServer, dialect: str | None = None, **options: Any) -> tuple[str, ...]:
    fields = {"provider": "vendor", "api_key": KEY, "base_url": server.url, "dialect": dialect, **options}
    return list_models(**fields)


def failure(server: LLMServer, listing: str, dialect: str | None = None, **options: Any) -> ProviderError:
    server.listing = listing
    with pytest.raises(ProviderError) as caught:
        models(server, dialect, **options)
    error = caught.value
    assert error.charged is False, "nothing is bought by a look"
    assert error.code in CODES
    assert error.provider == "vendor"
    assert error.__context__ is None
    assert KEY not in f"{error!r} {vars(error)}"
    assert len(server.listings) <= 1, "the SDK must not repeat a call by itself"
    return error


each_vendor = pytest.mark.parametrize("dialect", sorted(DIALECTS))


def test_every_dialect_is_tested() -> None:
    assert set(AUTH) == set(BUSY) == set(DIALECTS)
    assert set(DIALECTS) - {"generic"} == KEY_CHECKING


class TestEachVendor:
    @each_vendor
    def test_a_good_key_gets_the_names(self, server: LLMServer, dialect: str) -> None:
        server.models = model_list(*reversed(NAMES), NAMES[0])
        assert models(server, dialect) == NAMES
        assert server.listings == [key_hash(KEY)]
        assert server.calls == [], "nothing is bought"

    @each_vendor
    def test_a_refused_key_is_said_to_be_one(self, server: LLMServer, dialect: str) -> None:
        error = failure(server, AUTH[dialect], dialect)
        assert (error.code, error.retryable) == ("PROVIDER_AUTH_FAILED", False)

    @each_vendor
    def test_a_limit_says_how_long(self, server: LLMServer, dialect: str) -> None:
        error = failure(server, BUSY[dialect], dialect)
        assert (error.code, error.retryable, error.retry_after) == ("PROVIDER_RATE_LIMITED", True, 1.0)

    @each_vendor
    @pytest.mark.parametrize(
        ("behaviour", "code", "is_retryable"),
        [
            ("error-500", "PROVIDER_UNAVAILABLE", True),
            ("bare-500", "PROVIDER_UNAVAILABLE", True),
            ("error-502", "PROVIDER_UNAVAILABLE", True),
            ("overloaded", "PROVIDER_OVERLOADED", True),
            ("redirect", "PROVIDER_UNAVAILABLE", False),
            ("no-balance", "PROVIDER_QUOTA_EXHAUSTED", False),
            ("lost", "PROVIDER_CONNECTION_LOST", True),
            ("cut", "PROVIDER_CONNECTION_LOST", True),
            ("bad-json", "PROVIDER_BAD_ANSWER", False),
        ],
    )
    def test_other_failures_say_nothing_of_the_key(
        self, server: LLMServer, dialect: str, behaviour: str, code: str, is_retryable: bool
    ) -> None:
        error = failure(server, behaviour, dialect)
        assert (error.code, error.retryable) == (code, is_retryable)

    @each_vendor
    @pytest.mark.parametrize("behaviour", ["hang", "only-keep-alive"])
    def test_it_ends_in_time(self, server: LLMServer, dialect: str, behaviour: str) -> None:
        error = failure(server, behaviour, dialect, timeout_s=0.3)
        assert (error.code, error.retryable) == ("PROVIDER_TIMEOUT", True)


class TestOddServers:
    @pytest.mark.parametrize("behaviour", ["no-route", "no-method"])
    def test_an_address_without_the_list_proves_nothing(self, server: LLMServer, behaviour: str) -> None:
        error = failure(server, behaviour)
        assert (error.code, error.retryable) == ("PROVIDER_MODEL_NOT_FOUND", False)

    def test_without_a_key_none_is_sent(self, server: LLMServer) -> None:
        models(server, api_key="")
        assert server.listings == [key_hash("")]

    @pytest.mark.parametrize(
        "key", ["sk-钥匙", "sk-two words", "sk-line\r\nX-Evil: 1", "sk-\ud83d", "sk-\x00"]
    )
    def test_a_key_that_no_header_takes_is_refused_unsent(self, server: LLMServer, key: str) -> None:
        error = failure(server, "ok", api_key=key)
        assert error.code == "PROVIDER_AUTH_FAILED"
        assert key not in f"{error!r} {vars(error)}"
        assert server.listings == []

    @pytest.mark.parametrize("answer", [{"object": "list", "data": None}, {"object": "list", "data": []}, []])
    def test_no_models_are_an_answer(self, server: LLMServer, answer: object) -> None:
        server.models = answer
        assert models(server) == ()

    def test_a_bare_list_is_read(self, server: LLMServer) -> None:
        server.models = model_list("千问", "b")["data"]
        assert models(server) == ("b", "千问")

    def test_names_that_are_none_are_left_out(self, server: LLMServer) -> None:
        server.models = model_list("ok", "", "two\nlines", "x" * 201)
        server.models["data"] += [{"id": 7}, {"name": "x"}, "x", None]
        assert models(server) == ("ok",)

    @pytest.mark.parametrize(
        "answer",
        [{}, {"data": "x"}, {"data": {}}, "models", 7, None, {"data": [7]}, {"error": {"message": KEY}}],
        ids=str,
    )
    def test_what_is_no_list_is_a_bad_answer(self, server: LLMServer, answer: object) -> None:
        server.models = answer
        assert failure(server, "ok").code == "PROVIDER_BAD_ANSWER"

    def test_only_so_many_are_taken(self, server: LLMServer) -> None:
        server.models = model_list(*(f"model-{number:05}" for number in range(3_000)))
        found = models(server)
        assert len(found) == listing.MAX_MODELS
        assert found[-1] == "model-00999"

    def test_a_list_without_end_is_not_read_to_the_end(self, server: LLMServer) -> None:
        server.models = model_list("模" * listing.MAX_BYTES)
        assert failure(server, "ok").code == "PROVIDER_BAD_ANSWER"

    @pytest.mark.parametrize("base_url", ["http://[", "ftp://vendor.example/v1", "vendor.example", ""])
    def test_an_address_that_is_none_is_refused(self, server: LLMServer, base_url: str) -> None:
        assert failure(server, "ok", base_url=base_url).code in (
            "PROVIDER_BAD_REQUEST",
            "PROVIDER_UNAVAILABLE",
        )
        assert failure(server, "ok", base_url=base_url, transport=guarded).code == "PROVIDER_ADDRESS_REFUSED"

    def test_a_server_that_is_not_there(self, server: LLMServer) -> None:
        error = failure(server, "ok", base_url=f"http://127.0.0.1:{closed_port()}/v1")
        assert (error.code, error.retryable) == ("PROVIDER_CONNECTION_LOST", True)

    def test_the_environments_openai_variables_stay_with_openai(
        self, server: LLMServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
        models(server, api_key="")
        assert server.listings == [key_hash("")]
