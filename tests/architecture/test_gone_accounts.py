"""An account that is deleted while its request is under way: nothing is left of it, and nothing is a fault of ours."""

from typing import Any
from uuid import UUID

import orjson
import pytest
from django.db import connection

from accounts.models import User
from accounts.services.deletion import account_delete
from config.api.views import ApiView
from tests.architecture.test_endpoints import OPEN
from tests.architecture.test_locks import BODIES, example
from tests.architecture.test_strangers import Door, doors, key_models
from tests.architecture.test_worst_bodies import JSON
from tests.conftest import make_user
from tests.support.rows import make_rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def deletion(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between who somebody is and what they want, the account goes."""
    real = ApiView.check_permissions

    def gone(view: ApiView, request: Any) -> None:
        real(view, request)
        if request.user is not None:
            account_delete(user_id=request.user.pk)

    monkeypatch.setattr(ApiView, "check_permissions", gone)


def knock(door: Door, client_for: Any) -> Any:
    owner = make_user("owner", is_staff=True)
    models = key_models()
    needed = {"project_id", *door.parameters} & models.keys()
    keys: dict[str, UUID] = {name: make_rows(models[name], 1, owner).pk for name in needed}
    body = BODIES[str(door)](keys) if str(door) in BODIES else example(door)
    content = b"" if body is None else orjson.dumps(body)
    return client_for(owner).generic(door.method.upper(), door.url(keys), content, content_type=JSON)


def test_who_is_deleted_meanwhile_is_told_so(client_for: Any, deletion: None) -> None:
    make_user("somebody else", is_staff=True, is_superuser=True)
    broken = {}
    for door in doors():
        if door.method != "get" and door.address not in OPEN:
            answer = knock(door, client_for)
            if answer.status_code >= 500:
                broken[str(door)] = answer.content
            assert User.objects.get().username == "somebody else", door
    connection.check_constraints()
    assert broken == {}
