"""Whatever belongs to an account goes with it: every key to the user cascades, every row and every file is found."""

import uuid
from collections.abc import Iterable
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import Group, Permission
from django.db import connection, models

from accounts.domain.files import owner_prefix
from accounts.models import User
from accounts.services.deletion import _owned, account_delete
from accounts.services.users import user_delete
from generation.models import Job, ProviderCall
from tests.architecture.house import own_models
from tests.conftest import PASSWORD
from tests.support.rows import make_rows, makers

#: Keys to a user that are no ownership, with the reason.
KEPT: dict[str, str] = {
    "accounts.Invitation.invited_by": "an invitation belongs to the house, whoever of the staff made it",
    "accounts.Invitation.used_by": "that it was used stays true",
    "models3d.ModelReport.reporter": "what is wrong with a model stays so, whoever said it",
    "models3d.ModelReport.decided_by": "a decision stays one, whoever of the staff made it",
}


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
    assert not_cascading(own_models()) == set(KEPT)


def test_there_are_owner_keys_to_look_at() -> None:
    assert {"platform.IdempotencyRecord.owner", "generation.Job.owner"} <= {
        str(key) for key in keys_to_users(own_models())
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


# -- rows ----------------------------------------------------------------------------------------------------------


def owned_models() -> set[type[models.Model]]:
    """Every table with rows that belong to somebody, by a key of their own or by what they are part of."""
    owned: set[type[models.Model]] = {User}
    found = True
    while found:
        found = False
        for model in apps.get_models(include_auto_created=True):
            keys = (field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey))
            cascading = {key.related_model for key in keys if key.remote_field.on_delete is models.CASCADE}
            if model not in owned and cascading & owned:
                owned.add(model)
                found = True
    return owned - {User}


def foreign_rows(user: User) -> None:
    """Rows that others' packages keep of a user."""
    user.groups.add(Group.objects.get_or_create(name="编辑")[0])
    user.user_permissions.add(Permission.objects.all()[0])
    LogEntry.objects.create(user=user, object_repr="茶", action_flag=ADDITION)


FOREIGN = {"admin"}


def everything_of(user: User) -> None:
    """One row at least in every table that has any of an account."""
    for model in sorted(owned_models(), key=lambda one: one._meta.label):
        if model._meta.app_label not in FOREIGN and not model._meta.auto_created:
            assert model._meta.label in makers(), f"{model._meta.label} needs a maker in its app's rows"
            make_rows(model, 1, user)
    foreign_rows(user)


def row_counts() -> dict[str, int]:
    return {model._meta.label: model._base_manager.count() for model in owned_models()}


def gained(before: dict[str, int]) -> dict[str, int]:
    return {label: count - before[label] for label, count in row_counts().items()}


@pytest.mark.django_db
def test_deleting_an_account_empties_every_table_of_it_and_of_nothing_else(alice: User, bob: User) -> None:
    start = row_counts()
    everything_of(bob)
    of_bob = gained(start)
    middle = row_counts()
    everything_of(alice)
    of_alice = gained(middle)
    assert [label for label, number in of_alice.items() if number < 1] == []
    gone = alice.pk

    user_delete(user=alice, password=PASSWORD)

    connection.check_constraints()
    assert gained(start) == of_bob
    for key in keys_to_users(apps.get_models(include_auto_created=True)):
        assert not key.model._base_manager.filter(**{key.attname: gone}).exists(), key
    assert User.objects.get() == bob


def test_the_ways_of_deletion_reach_every_table() -> None:
    """Found twice: here by what cascades, there by the lookups that lead to the user."""
    assert {way.model for way in _owned()} == owned_models()


@pytest.mark.django_db
def test_others_rows_that_mention_what_goes_are_kept_without_it(alice: User, bob: User) -> None:
    """A row of bob's that points at alice's, by a key that may be empty."""
    theirs = make_rows(ProviderCall, 1)
    job = Job.objects.create(owner=alice, kind="test.text")
    type(theirs).objects.filter(pk=theirs.pk).update(job=job)

    account_delete(user_id=alice.pk)

    theirs.refresh_from_db()
    assert theirs.job_id is None
    connection.check_constraints()


# -- files ---------------------------------------------------------------------------------------------------------


OWNER = uuid.UUID(int=7)


def row_of_owner(model: type[models.Model], seen: tuple[type[models.Model], ...] = ()) -> models.Model:
    """A row that belongs to OWNER, itself or by what it is part of; in memory only."""
    row = model()
    for field in model._meta.concrete_fields:
        if not isinstance(field, models.ForeignKey) or field.remote_field.on_delete is not models.CASCADE:
            continue
        if field.related_model is User:
            setattr(row, field.attname, OWNER)
        elif field.related_model not in (model, *seen):
            setattr(row, field.name, row_of_owner(field.related_model, (*seen, model)))
    return row


def misplaced_files(found: Iterable[type[models.Model]]) -> set[str]:
    """Files of accounts that would be stored outside of their owner's folder."""
    return {
        str(field)
        for model in found
        for field in model._meta.concrete_fields
        if isinstance(field, models.FileField)
        and not field.generate_filename(row_of_owner(model), "茶.glb").startswith(owner_prefix(OWNER))
    }


def test_every_file_of_an_account_lies_in_its_folder() -> None:
    assert misplaced_files(owned_models()) == set()


def test_the_guard_finds_files_that_lie_elsewhere() -> None:
    class Stray(models.Model):  # noqa: DJ008
        owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
        good = models.FileField(upload_to=lambda row, name: f"{owner_prefix(row.owner_id)}meshes/{name}")
        bad = models.FileField(upload_to="uploads/")

        class Meta:
            app_label = "planted"

    class Part(models.Model):  # noqa: DJ008
        whole = models.ForeignKey(Stray, on_delete=models.CASCADE, related_name="+")
        good = models.FileField(upload_to=lambda row, name: f"{owner_prefix(row.whole.owner_id)}{name}")

        class Meta:
            app_label = "planted"

    del apps.all_models["planted"]
    Stray._meta.get_field("owner").remote_field.model = User
    Part._meta.get_field("whole").remote_field.model = Stray
    assert misplaced_files([Stray, Part]) == {"planted.Stray.bad"}
