"""Rate limits: so many per window for each user or address, told in every answer."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import RequestFactory
from rest_framework.test import APIClient

from accounts.models import User
from config.api.addresses import address_group, client_address
from tests.conftest import PASSWORD

pytestmark = pytest.mark.urls("tests.config.probes")

DETAIL = "/api/v1/detail"


@pytest.fixture(autouse=True)
def _limit(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.RATE_LIMIT_MAX_REQUESTS = 3
    monkeypatch.setattr("config.api.throttling.time", lambda: 1_800_000_012.0)


def test_headers_count_down_and_then_it_is_a_429(client_for, alice: User) -> None:
    client = client_for(alice)
    answers = [client.get(DETAIL) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    refused = answers[3]
    assert refused.headers["RateLimit-Limit"] == "3"
    assert refused.headers["RateLimit-Reset"] == refused.headers["Retry-After"] == "48"
    assert (refused.json()["data"]["code"], refused.json()["data"]["retryable"]) == ("RATE_LIMITED", True)


def test_window_ends(client_for, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_for(alice)
    for _ in range(4):
        client.get(DETAIL)
    monkeypatch.setattr("config.api.throttling.time", lambda: 1_800_000_060.0)
    assert client.get(DETAIL).status_code == 200


def test_everybody_has_a_limit_of_their_own(client_for, alice: User, bob: User) -> None:
    crowd = client_for(alice)
    for _ in range(4):
        crowd.get(DETAIL)
    assert client_for(bob).get(DETAIL).status_code == 200
    assert APIClient().get("/api/v1/echo").status_code == 200


def test_errors_count_and_carry_the_headers(client_for, alice: User) -> None:
    answer = client_for(alice).patch(DETAIL, {}, headers={"If-Match": '"stale"'})
    assert (answer.status_code, answer.headers["RateLimit-Remaining"]) == (412, "2")


def test_guessing_tokens_is_limited_by_address() -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Bearer guess")
    statuses = [client.get(DETAIL).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]


def test_switched_off(client_for, alice: User, settings) -> None:
    settings.RATE_LIMIT_MAX_REQUESTS = 0
    answer = client_for(alice).get(DETAIL)
    assert "RateLimit-Limit" not in answer.headers


def test_health_and_docs_are_not_limited(anonymous: APIClient) -> None:
    for _ in range(5):
        assert anonymous.get("/health").status_code == 200
        assert anonymous.get("/openapi.json").status_code == 200


def test_without_its_cache_it_refuses_nobody(client_for, alice: User, settings) -> None:
    from tests.support.closed_port import closed_port

    settings.CACHES = {
        "default": {
            "BACKEND": "config.cache.SafeRedisCache",
            "LOCATION": f"redis://127.0.0.1:{closed_port()}/0",
        }
    }
    client = client_for(alice)
    assert [client.get(DETAIL).status_code for _ in range(4)] == [200] * 4


# -- log-ins -----------------------------------------------------------------------------------------------------


def log_in(login: str, password: str, address: str = "192.0.2.1") -> Any:
    return APIClient(REMOTE_ADDR=address).post("/api/v1/auth/login", {"login": login, "password": password})


@pytest.fixture
def _only_logins(settings) -> None:
    settings.RATE_LIMIT_MAX_REQUESTS = 0
    settings.LOGIN_LIMIT_MAX_ATTEMPTS = 3


@pytest.mark.usefixtures("_only_logins")
def test_guesses_at_an_account_are_limited_from_wherever_they_come(alice: User) -> None:
    statuses = [log_in("Alice", "wrong", f"192.0.2.{n}").status_code for n in range(4)]
    assert statuses == [401, 401, 401, 429]
    assert log_in("alice", PASSWORD, "192.0.2.9").status_code == 429


@pytest.mark.usefixtures("_only_logins")
def test_guesses_from_an_address_are_limited_whatever_the_account(alice: User) -> None:
    statuses = [log_in(f"nobody{n}", "wrong").status_code for n in range(4)]
    assert statuses == [401, 401, 401, 429]
    assert log_in("alice", PASSWORD).status_code == 429
    assert log_in("alice", PASSWORD, "192.0.2.2").status_code == 200


@pytest.mark.usefixtures("_only_logins")
def test_right_passwords_are_not_counted(alice: User) -> None:
    assert [log_in("alice", PASSWORD).status_code for _ in range(5)] == [200] * 5


@pytest.mark.usefixtures("_only_logins")
def test_guessing_the_current_password_is_limited_too(client_for, alice: User) -> None:
    client = client_for(alice)
    change = {"current_password": "wrong", "new_password": "a long new 密码"}
    statuses = [client.post("/api/v1/auth/password", change).status_code for _ in range(3)]
    assert statuses == [403, 403, 403]
    assert client.post("/api/v1/auth/password", change).status_code == 429
    assert client.delete("/api/v1/auth/me", {"password": PASSWORD}).status_code == 429


# -- addresses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxies", "forwarded", "seen"),
    [
        (0, "203.0.113.7", "192.0.2.1"),
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "forged, 203.0.113.7", "203.0.113.7"),
        (2, "forged, 203.0.113.7, 198.51.100.1", "203.0.113.7"),
        (3, "203.0.113.7", "203.0.113.7"),
        (1, None, "192.0.2.1"),
        (1, " , ", "192.0.2.1"),
    ],
)
def test_forwarded_addresses_count_from_the_right(
    settings, proxies: int, forwarded: str | None, seen: str
) -> None:
    settings.NUM_PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded is not None else {}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR="192.0.2.1")
    assert client_address(request) == seen


def test_forged_header_opens_no_second_account_of_requests(settings) -> None:
    for number in range(4):
        answer = APIClient().get("/api/v1/echo", headers={"X-Forwarded-For": f"203.0.113.{number}"})
    assert answer.status_code == 429
    cache.clear()


def test_one_ipv6_customer_is_one_caller() -> None:
    assert (
        address_group("2001:db8:1:2::3")
        == address_group("2001:db8:1:2:ffff::9")
        != address_group("2001:db8:1:3::3")
    )
    assert address_group("192.0.2.1") == "192.0.2.1"
    assert address_group("not:an:address") == "not:an:address"
