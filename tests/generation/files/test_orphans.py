"""Objects without rows and rows without objects are found, in a folder and in a bucket."""

import os
import time
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from accounts.domain.files import owner_prefix
from accounts.models import User
from config.db import uuid7
from generation import tasks
from generation.models import StoredFile
from generation.services import files, orphans
from generation.services.files import file_store, object_put
from tests.generation.files.uploads import stored

pytestmark = pytest.mark.django_db


@pytest.fixture
def days_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is made in the test is too young for who looks."""
    monkeypatch.setattr(orphans, "YOUNGEST", timedelta(seconds=-60))


def clean(*arguments: str) -> str:
    said = StringIO()
    call_command("clean_orphans", *arguments, stdout=said)
    return said.getvalue()


def lonely(owner: User) -> str:
    """What a process leaves that dies between the object and its row."""
    return object_put(owner_id=owner.pk, source=b"a text").key


def test_a_young_object_stays(alice: User) -> None:
    key = lonely(alice)
    said = clean("--delete")
    assert "0 files without a row" in said
    assert stored() == {key}


@pytest.mark.usefixtures("days_later", "any_storage")
def test_an_old_one_goes_if_it_has_no_row(alice: User, bob: User) -> None:
    kept = {file_store(owner_id=owner.pk, source=b"a text").key for owner in (alice, bob)}
    lone = lonely(alice)
    gone = f"{owner_prefix(uuid7())}{'0' * 32}"  # of an account that isn't there
    default_storage.save(gone, ContentFile(b"x"))

    said = clean()
    assert "2 files without a row" in said
    assert lone in said
    assert "Nothing was changed" in said
    assert stored() == {*kept, lone, gone}

    assert "2 files were deleted." in clean("--delete")
    assert stored() == kept
    assert "0 files without a row" in clean()


@pytest.mark.usefixtures("days_later")
def test_what_isnt_ours_stays(alice: User) -> None:
    others = [
        f"{owner_prefix(alice.pk)}readme.txt",
        "exports/a.csv",
        "users/li/0123456789abcdef0123456789abcdef",
    ]
    for name in others:
        default_storage.save(name, ContentFile(b"x"))
    clean("--delete")
    assert all(default_storage.exists(name) for name in others)


@pytest.mark.usefixtures("any_storage")
def test_a_row_without_its_object_is_marked_and_kept(alice: User, days_later: None) -> None:
    file = file_store(owner_id=alice.pk, source=b"a text")
    default_storage.delete(file.key)
    assert "1 rows without a file" in clean()
    file.refresh_from_db()
    assert file.missing_since is None

    assert tasks.clean_orphans() == {"deleted": 0, "missing": 1}
    file.refresh_from_db()
    since = file.missing_since
    assert since is not None
    tasks.clean_orphans()
    file.refresh_from_db()
    assert file.missing_since == since

    default_storage.save(file.key, ContentFile(b"a text"))
    tasks.clean_orphans()
    file.refresh_from_db()
    assert file.missing_since is None


@pytest.mark.usefixtures("days_later")
def test_a_storage_of_another_installation_is_left_alone(alice: User) -> None:
    """A new, empty database beside a full bucket."""
    keys = {lonely(alice) for _ in range(orphans.MOST_ORPHANS + 1)}
    assert tasks.clean_orphans() == {"deleted": 0, "missing": 0}
    with pytest.raises(CommandError, match="Nothing was changed"):
        clean("--delete")
    assert stored() == keys
    assert "21 files were deleted." in clean("--delete", "--force")
    assert stored() == set()


@pytest.mark.usefixtures("days_later")
def test_an_object_that_got_its_row_meanwhile_stays(alice: User) -> None:
    put = object_put(owner_id=alice.pk, source=b"a text")
    found = orphans.orphans_find()
    assert found.objects == [put.key]
    files.file_add(owner_id=alice.pk, stored=put)
    assert orphans.orphans_clean(found) == 0
    assert stored() == {put.key}


@pytest.mark.usefixtures("days_later")
def test_a_run_ends_in_time_and_all_get_their_turn(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {lonely(alice), lonely(bob)}
    clock = iter(range(1000))
    monkeypatch.setattr(orphans.time, "monotonic", lambda: float(next(clock)))
    rounds = 0
    while stored():
        found = orphans.orphans_find(seconds=1.5)
        assert not found.is_whole
        orphans.orphans_clean(found)
        rounds += 1
        assert rounds < 100
    assert len(keys) == 2


def test_age_is_read_from_the_storage(alice: User, tmp_path: Path) -> None:
    key = lonely(alice)
    old = time.time() - timedelta(days=1, minutes=1).total_seconds()
    os.utime(default_storage.path(key), (old, old))
    assert orphans.orphans_find().objects == [key]


def test_nothing_is_there_yet(db: None, any_storage: Any) -> None:
    assert "0 files and 0 rows were compared." in clean()
    assert StoredFile.objects.count() == 0
