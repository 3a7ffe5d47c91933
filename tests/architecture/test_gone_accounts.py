"""An account that is deleted while its request is under way: nothing is left of it, and nothing is a fault of ours."""

from typing import Any
from uuid import UUID

import orjson
import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.api.authentication import BearerAuthentication
from accounts.models import User
from accounts.services.deletion import account_delete
from tests.architecture.test_endpoints import OPEN
from tests.architecture.test_locks import BODIES, example
from tests.architecture.test_strangers import Door, doors, key_models
from tests.architecture.test_worst_bodies import JSON
from tests.conftest import make_user
from tests.support.rows import make_rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def keys() -> dict[str, UUID]:
    """Rows of the account that goes."""
    owner = make_user("owner", is_staff=True)
    return {name: make_rows(model, 1, owner).pk for name, model in key_models().items()}


@pytest.fixture
def client(client_for: Any, keys: dict[str, UUID], monkeypatch: pytest.MonkeyPatch) -> APIClient:
    """Between who somebody is and what they want, the account has gone: each request is told at first what was true
    while it was there."""
    owner = User.objects.get()
    client: APIClient = client_for(owner)
    known: list[Any] = []
    real = BearerAuthentication.authenticate

    def late(authentication: Any, request: Any) -> Any:
        if request in asked:
            return real(authentication, request)
        asked.append(request)
        known[:] = known or [real(authentication, request)]
        return known[0]

    asked: list[Any] = []
    monkeypatch.setattr(BearerAuthentication, "authenticate", late)
    assert client.patch("/api/v1/auth/me", {}).status_code == 200
    make_user("somebody else", is_staff=True, is_superuser=True)
    assert account_delete(user_id=owner.pk)
    return client


def knock(door: Door, client: APIClient, keys: dict[str, UUID]) -> Any:
    body = BODIES[str(door)](keys) if str(door) in BODIES else example(door)
    content = b"" if body is None else orjson.dumps(body)
    return client.generic(door.method.upper(), door.url(keys), content, content_type=JSON)


def test_who_is_deleted_meanwhile_is_told_so(client: APIClient, keys: dict[str, UUID]) -> None:
    broken, answers = {}, set()
    for door in doors():
        if door.method != "get" and door.address not in OPEN:
            answer = knock(door, client, keys)
            answers.add(answer.status_code)
            if answer.status_code >= 500:
                broken[str(door)] = answer.content
            assert User.objects.get().username == "somebody else", door
    connection.check_constraints()
    assert broken == {}
    assert 404 in answers
