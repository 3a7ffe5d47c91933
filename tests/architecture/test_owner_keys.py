"""Whatever belongs to an account goes with it: every key to the user cascades, in Django and in the database."""

from collections.abc import Iterable
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, models

from accounts.models import User
from accounts.services import user_delete
from tests.conftest import PASSWORD

HOUSE = (
    "accounts",
    "config",
    "generation",
    "templates",
    "prompts",
    "models3d",
    "minutes",
    "conversations",
    "agents",
)

#: Keys to a user that are no ownership, with the reason.
KEPT: dict[str, str] = {}


def house_models() -> list[type[models.Model]]:
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model.__module__.split(".")[0] in HOUSE
    ]


def keys_to_users(found: Iterable[type[models.Model]]) -> list[Any]:
    return [
        field
        for model in found
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey) and field.remote_field.model is User
    ]


def not_cascading(found: Iterable[type[models.Model]]) -> set[str]:
    return {str(key) for key in keys_to_users(found) if key.remote_field.on_delete is not models.CASCADE}


def test_every_owner_key_cascades() -> None:
    assert not_cascading(house_models()) == set(KEPT)


def test_there_are_owner_keys_to_look_at() -> None:
    assert {"platform.IdempotencyRecord.owner", "generation.Job.owner"} <= {
        str(key) for key in keys_to_users(house_models())
    }


def test_the_guard_finds_a_planted_key() -> None:
    class Planted(models.Model):  # noqa: DJ008
        owner = models.ForeignKey(
            settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
        )

        class Meta:
            app_label = "planted"

    class Friendly(models.Model):  # noqa: DJ008
        owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

        class Meta:
            app_label = "planted"

    del apps.all_models["planted"]
    for model in (Planted, Friendly):
        model._meta.get_field("owner").remote_field.model = User
    assert not_cascading([Planted, Friendly]) == {"planted.Planted.owner"}


@pytest.mark.django_db
def test_deleting_an_account_leaves_no_key_to_it(alice: User, bob: User, client_for) -> None:
    client_for(alice).post("/api/v1/auth/logout", headers={"Idempotency-Key": "k"})
    gone = alice.pk

    user_delete(user=alice, password=PASSWORD)

    for key in keys_to_users(apps.get_models(include_auto_created=True)):
        assert not key.model._base_manager.filter(**{key.attname: gone}).exists(), key
    assert User.objects.get() == bob
    connection.check_constraints()
