"""What tests of own keys share: a scripted vendor, and how a client adds a key."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import Activity, User
from accounts.services import keys as service
from accounts.services.keys import (
    KeyQuestion,
    Verified,
)
from tests.support.databases import fresh_database, in_use

KEYS = "/api/v1/api-keys"
KEY = "sk-marked-0123456789-wxyz"
CUSTOM = {"provider": "custom", "base_url": "https://llm.example.com/v1", "model_name": "qwen3:8b"}


class Vendor:
    """Answers with `models`, or raises `failure`; `asked` is what it was asked."""

    def __init__(self) -> None:
        self.models: tuple[str, ...] = ("deepseek-chat", "通义千问")
        self.failure: Exception | None = None
        self.asked: list[KeyQuestion] = []
        self.was_in_transaction: list[bool] = []

    def __call__(self, question: KeyQuestion) -> Verified:
        self.asked.append(question)
        self.was_in_transaction.append(connection.in_atomic_block)
        if self.failure:
            raise self.failure
        return Verified(self.models, is_key_checked=True)


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Vendor:
    made = Vendor()
    monkeypatch.setattr(service, "_verifiers", [made])
    return made


@pytest.fixture
def client(alice: User, client_for: Any) -> APIClient:
    return client_for(alice)


@pytest.fixture
def arena(django_db_blocker: Any) -> Iterator[None]:
    """A database that other threads see, too."""
    with django_db_blocker.unblock(), fresh_database() as database, in_use(database):
        yield


def add(client: APIClient, **fields: Any) -> Any:
    return client.post(KEYS, {"provider": "deepseek", "api_key": KEY, **fields})


def problems(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return {one["field"]: one["code"] for one in answer.json()["data"]["details"]["fields"]}


def code(answer: Any) -> tuple[int, str]:
    body = answer.json()
    return answer.status_code, body["code"] if body["status"] == "error" else body["data"]["code"]


def actions(owner: User) -> list[str]:
    return list(Activity.objects.filter(owner=owner).order_by("pk").values_list("action", flat=True))
