"""A user's own key is verified by asking its vendor for the models: through the API, against a local server."""

from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.errors import ProviderModelUnknownError
from accounts.models import ProviderKey, User
from accounts.services.keys import KeyQuestion
from config.crypto import Secret
from config.egress.errors import EgressRefusedError
from generation.jobs import verification
from generation.jobs.verification import near_names, verify_key
from generation.providers.llm.listing import MAX_MODELS
from generation.providers.openai_client import close_clients
from tests.support.closed_port import closed_port
from tests.support.llm_server import LLMServer, key_hash, model_list

KEYS = "/api/v1/api-keys"
KEY = "sk-marked-0123456789-wxyz"
VENDORS = ("openai", "deepseek", "moonshot", "qwen", "siliconflow")


@pytest.fixture(scope="module")
def shared() -> Iterator[LLMServer]:
    with LLMServer() as server:
        yield server
        close_clients()


@pytest.fixture
def server(shared: LLMServer, settings: Any) -> LLMServer:
    """Every vendor's place, and what `custom` names; it is on this machine, so the operator opens it."""
    shared.listing, shared.models = (
        "ok",
        model_list("deepseek-chat", "deepseek-reasoner", "通义千问-plus", "qwen3:latest"),
    )
    shared.listings.clear()
    settings.PROVIDER_VENDORS = {
        name: {"base_url": shared.url, "model": "deepseek-chat", "dialect": name} for name in VENDORS
    }
    settings.EGRESS_ALLOW_PRIVATE = ["127.0.0.1"]
    settings.EGRESS_ALLOW_HTTP = True
    return shared


@pytest.fixture
def client(alice: User, client_for: Any) -> APIClient:
    return client_for(alice)


def attempt(client: APIClient, **fields: Any) -> Any:
    return client.post(f"{KEYS}/verify", {"provider": "deepseek", "api_key": KEY, **fields})


def code(answer: Any) -> tuple[int, str]:
    body = answer.json()
    return answer.status_code, body["code"] if body["status"] == "error" else body["data"]["code"]


@pytest.mark.parametrize("provider", VENDORS)
def test_each_vendor_is_asked_with_the_key(client: APIClient, server: LLMServer, provider: str) -> None:
    data = attempt(client, provider=provider).json()["data"]
    assert data["models"] == ["deepseek-chat", "deepseek-reasoner", "qwen3:latest", "通义千问-plus"]
    assert data["is_key_checked"] is True
    assert server.listings == [key_hash(KEY)]


def test_each_provider_that_can_be_chosen_has_an_address(settings: Any) -> None:
    known = {
        name for name, vendor in settings.PROVIDER_VENDORS.items() if vendor["base_url"] and vendor["dialect"]
    }
    makers = {
        name for made in settings.ORDER_VENDORS.values() for name, one in made.items() if one["base_url"]
    }
    assert known | makers >= set(ProviderKey.Provider.values) - {"custom"}


def test_a_server_of_ones_own_says_nothing_of_the_key(client: APIClient, server: LLMServer) -> None:
    own = {"provider": "custom", "base_url": server.url}
    data = client.post(f"{KEYS}/verify", own).json()["data"]
    assert (len(data["models"]), data["is_key_checked"]) == (4, False)
    assert server.listings == [key_hash("")], "no key, no header"
    assert attempt(client, base_url=server.url).json()["data"]["is_key_checked"] is False


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ("deepseek-auth", (422, "PROVIDER_KEY_REFUSED")),
        ("no-balance", (422, "PROVIDER_KEY_NO_CREDIT")),
        ("no-route", (422, "PROVIDER_KEY_UNCHECKED")),
        ("no-method", (422, "PROVIDER_KEY_UNCHECKED")),
        ("bad-request", (422, "PROVIDER_KEY_UNCHECKED")),
        ("error-500", (502, "EGRESS_UNREACHABLE")),
        ("error-502", (502, "EGRESS_UNREACHABLE")),
        ("redirect", (502, "EGRESS_UNREACHABLE")),
        ("lost", (502, "EGRESS_UNREACHABLE")),
        ("cut", (502, "EGRESS_UNREACHABLE")),
        ("bad-json", (502, "PROVIDER_BAD_ANSWER")),
        ("rate-limit", (503, "PROVIDER_RATE_LIMITED")),
        ("overloaded", (503, "PROVIDER_OVERLOADED")),
        ("hang", (504, "EGRESS_TIMEOUT")),
        ("only-keep-alive", (504, "EGRESS_TIMEOUT")),
    ],
)
def test_every_failure_says_what_to_do(
    client: APIClient,
    server: LLMServer,
    monkeypatch: pytest.MonkeyPatch,
    behaviour: str,
    expected: tuple[int, str],
) -> None:
    if behaviour in ("hang", "only-keep-alive"):
        monkeypatch.setattr(verification, "TIMEOUT_S", 0.3)
    server.listing = behaviour
    for own in ({}, {"base_url": server.url}):
        answer = attempt(client, **own)
        assert code(answer) == expected
        facts = answer.json()["data"]
        assert facts["charged"] is False
        assert facts["retryable"] is (expected[0] >= 500)
        assert KEY not in answer.text
    assert len(server.listings) == 2, "each is asked once"


def test_a_limit_says_how_long(client: APIClient, server: LLMServer) -> None:
    server.listing = "rate-limit"
    assert attempt(client).headers["Retry-After"] == "1"


def test_nobody_waits_longer_than_ten_seconds(
    client: APIClient, server: LLMServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert verification.TIMEOUT_S == 10.0
    monkeypatch.setattr(verification, "TIMEOUT_S", 0.2)
    server.listing = "only-keep-alive"
    assert code(attempt(client, base_url=server.url)) == (504, "EGRESS_TIMEOUT")


def test_a_server_that_is_not_there(client: APIClient, server: LLMServer) -> None:
    assert code(attempt(client, base_url=f"http://127.0.0.1:{closed_port()}/v1")) == (
        502,
        "EGRESS_UNREACHABLE",
    )


def test_an_address_is_checked_at_every_call(client: APIClient, server: LLMServer, settings: Any) -> None:
    """What was allowed when it was saved may lead inside by now."""
    path = client.post(KEYS, {"provider": "custom", "api_key": KEY, "base_url": server.url}).headers[
        "Location"
    ]
    settings.EGRESS_ALLOW_PRIVATE = []
    answer = client.post(f"{path}/verify")
    assert code(answer) == (422, "EGRESS_REFUSED")
    assert server.listings == []


def test_a_name_that_leads_inside_is_refused(server: LLMServer, settings: Any) -> None:
    """Found out only when the name is looked up: by the transport."""
    settings.EGRESS_ALLOW_PRIVATE = ["192.168.77.0/24"]
    question = KeyQuestion("custom", Secret(KEY), f"https://localhost:{server.port}/v1", "")
    with pytest.raises(EgressRefusedError) as caught:
        verify_key(question)
    assert caught.value.reason == "address"
    assert caught.value.__context__ is None
    assert server.listings == []


class TestModels:
    def test_one_that_the_vendor_has(self, client: APIClient, server: LLMServer) -> None:
        for name in ("deepseek-chat", "通义千问-plus", "qwen3:latest", "qwen3"):
            assert attempt(client, model_name=name).status_code == 200, name

    def test_near_names_of_one_that_it_has_not(self, client: APIClient, server: LLMServer) -> None:
        answer = attempt(client, model_name="deepseek-caht")
        assert code(answer) == (422, "PROVIDER_MODEL_UNKNOWN")
        assert answer.json()["data"]["details"] == {
            "model": "deepseek-caht",
            "near": ["deepseek-chat", "deepseek-reasoner"],
        }
        chinese = client.post(
            f"{KEYS}/verify",
            {"provider": "qwen", "api_key": KEY, "model_name": "通义千问"},
            headers={"Accept-Language": "zh"},
        )
        assert "通义千问-plus" in chinese.json()["data"]["message"]
        assert "相近的有" in chinese.json()["data"]["message"]

    def test_without_any_model_none_is_near(self, client: APIClient, server: LLMServer) -> None:
        server.models = model_list()
        answer = attempt(client, model_name="deepseek-chat")
        assert answer.json()["data"]["details"]["near"] == []

    def test_what_is_like_nothing_is_answered_with_the_first_ones(self) -> None:
        assert near_names("zzz", [f"model-{n}" for n in range(9)]) == [f"model-{n}" for n in range(5)]

    def test_a_list_that_is_cut_off_denies_nothing(self, server: LLMServer) -> None:
        server.models = model_list(*(f"model-{n:05}" for n in range(MAX_MODELS + 1)))
        question = KeyQuestion("openai", Secret(KEY), "", "model-99999")
        assert len(verify_key(question).models) == MAX_MODELS
        server.models = model_list(*(f"model-{n:05}" for n in range(MAX_MODELS - 1)))
        with pytest.raises(ProviderModelUnknownError):
            verify_key(question)

    def test_a_server_that_lists_the_key_is_not_repeated(self, client: APIClient, server: LLMServer) -> None:
        server.models = model_list("deepseek-chat", KEY, f"x{KEY}x")
        assert attempt(client).json()["data"]["models"] == ["deepseek-chat"]
        assert KEY not in attempt(client, model_name="sk-marked").text.replace('"sk-marked"', "")


def test_a_key_that_cant_be_decrypted_is_said_to_be_one(
    client: APIClient, server: LLMServer, settings: Any
) -> None:
    settings.ENCRYPTION_KEYS = ["b2xk" * 10 + "b2s="]
    path = client.post(KEYS, {"provider": "openai", "api_key": KEY}).headers["Location"]
    settings.ENCRYPTION_KEYS = ["bmV3" * 10 + "bmU="]
    assert code(client.post(f"{path}/verify")) == (500, "SECRET_UNREADABLE")
    assert server.listings == []
