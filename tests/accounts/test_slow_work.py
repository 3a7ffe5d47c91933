"""Nothing slow is done inside a transaction: on SQLite it holds the one writer's lock."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from config.egress.urls import CheckedUrl
from tests.conftest import PASSWORD

AUTH = "/api/v1/auth"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def was_in_transaction(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """For each password that is hashed and each name that is looked up, whether a transaction was open."""
    seen: list[bool] = []
    encode = MD5PasswordHasher.encode

    def noted(self: Any, password: str, salt: str) -> str:
        seen.append(connection.in_atomic_block)
        return encode(self, password, salt)

    def looked_up(checked: CheckedUrl, **_: Any) -> None:
        seen.append(connection.in_atomic_block)

    monkeypatch.setattr(MD5PasswordHasher, "encode", noted)
    monkeypatch.setattr("accounts.services.keys.resolve", looked_up)
    yield seen
    assert seen
    assert not any(seen)


def test_an_account_is_opened(was_in_transaction: list[bool]) -> None:
    body = {"username": "李雷", "email": "lilei@example.com", "password": PASSWORD}
    assert APIClient().post(f"{AUTH}/register", body).status_code == 201


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_somebody_logs_in(alice: User, was_in_transaction: list[bool], password: str) -> None:
    APIClient().post(f"{AUTH}/login", {"login": "alice", "password": password})


def test_a_password_is_changed(alice: User, client_for: Any, was_in_transaction: list[bool]) -> None:
    body = {"current_password": PASSWORD, "new_password": "更好的 password 42"}
    assert client_for(alice).post(f"{AUTH}/password", body).status_code == 200


def test_an_account_is_deleted(alice: User, client_for: Any, was_in_transaction: list[bool]) -> None:
    assert client_for(alice).delete(f"{AUTH}/me", {"password": PASSWORD}).status_code == 204


def test_staff_open_an_account(staff: User, was_in_transaction: list[bool]) -> None:
    client = Client()
    client.force_login(staff)
    form = {
        "username": "王芳", "email": "wang@example.com", "language": "zh",
        "password1": PASSWORD, "password2": PASSWORD,
    }  # fmt: skip
    assert client.post(reverse("admin:accounts_user_add"), form).status_code == 302
    assert User.objects.get(username="王芳").check_password(PASSWORD)


def test_staff_set_a_password(staff: User, alice: User, was_in_transaction: list[bool]) -> None:
    client = Client()
    client.force_login(staff)
    form = {"usable_password": "true", "password1": "更好的 password 42", "password2": "更好的 password 42"}
    answer = client.post(reverse("admin:auth_user_password_change", args=[alice.pk]), form)
    assert answer.status_code == 302
    assert User.objects.get(pk=alice.pk).check_password("更好的 password 42")


def test_a_key_is_kept_and_moved(alice: User, client_for: Any, was_in_transaction: list[bool]) -> None:
    client, url = client_for(alice), "https://llm.example.com/v1"
    made = client.post("/api/v1/api-keys", {"provider": "custom", "base_url": url, "model_name": "m"})
    assert made.status_code == 201
    moved = {"base_url": "https://other.example.com/v1", "api_key": "sk-1"}
    assert client.patch(made.headers["Location"], moved).status_code == 200


def test_thirty_register_at_once(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]

    def register(number: int) -> int:
        body = {"username": f"user{number}", "email": f"u{number}@example.com", "password": PASSWORD}
        try:
            return int(APIClient().post(f"{AUTH}/register", body).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(30) as pool:
        assert set(pool.map(register, range(30))) == {201}
    assert User.objects.count() == 30
