"""What `/docs` offers to try out does no harm to who tries it."""

from typing import Any
from uuid import UUID

import orjson
import pytest
from django.db import transaction

from accounts.models import User
from config.demo import DEMO_PASSWORD
from tests.architecture.test_locks import example, in_order
from tests.architecture.test_strangers import keys
from tests.architecture.test_worst_bodies import JSON

__all__ = ["keys"]


@pytest.mark.django_db
def test_no_example_changes_the_callers_password_or_ends_the_account(
    client_for: Any, alice: User, keys: dict[str, UUID]
) -> None:
    """The caller is the demo account, whose password everybody knows."""
    alice.set_password(DEMO_PASSWORD)
    alice.username, alice.email = "demo", "demo@example.com"
    alice.save()
    harmed = []
    for door in in_order():
        body = example(door)
        with transaction.atomic():
            client_for(User.objects.get(pk=alice.pk)).generic(
                door.method.upper(),
                door.url(keys),
                b"" if body is None else orjson.dumps(body),
                content_type=JSON,
            )
            account = User.objects.filter(pk=alice.pk).first()
            if account is None or not account.check_password(DEMO_PASSWORD) or account.username != "demo":
                harmed.append(str(door))
            transaction.set_rollback(True)
    assert harmed == []
