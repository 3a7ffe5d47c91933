"""What other rooms do with files."""

import io
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import ProtectedError

from accounts.models import Activity, FileRemoval, User
from accounts.services.deletion import account_delete
from accounts.services.files import removals_run
from config.db import uuid7
from config.files.errors import (
    FileInUseError,
    FileLostError,
    FileNotHereError,
    FileQuotaError,
    FileStorageError,
    FileUnknownError,
)
from generation.models import StoredFile
from generation.selectors.files import bytes_used, file_get_for
from generation.services.files import (
    file_add,
    file_delete,
    file_open,
    file_store,
    files_of_owner,
    object_put,
)
from tests.generation.files.uploads import stored
from tests.support.pictures import picture

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("source", [picture(), io.BytesIO(picture())], ids=["bytes", "file"])
def test_stored_and_read(alice: User, source: Any) -> None:
    file = file_store(owner_id=alice.pk, source=source, name="茶馆.png")
    assert (file.is_image, file.is_text, file.width, file.height) == (True, False, 40, 30)
    with file_open(file) as content:
        assert content.read() == picture()
    assert file_get_for(alice.pk, file.pk) == file
    assert not Activity.objects.exists()  # what the room does is the room's activity


def test_a_text_says_so(alice: User) -> None:
    file = file_store(owner_id=alice.pk, source="茶".encode())
    assert (file.name, file.is_image, file.is_text) == ("file", False, True)


def test_a_row_that_is_rolled_back_leaves_its_object_to_the_sweep(alice: User) -> None:
    put = object_put(owner_id=alice.pk, source=b"a text")
    with transaction.atomic():
        file_add(owner_id=alice.pk, stored=put)
        transaction.set_rollback(True)
    assert not StoredFile.objects.exists()
    assert stored() == {put.key}
    # The step is repeated without storing the object again.
    file = file_add(owner_id=alice.pk, stored=put)
    assert (file.key, stored()) == (put.key, {put.key})


def test_the_room_that_is_left_counts_when_the_row_comes(alice: User, settings: Any) -> None:
    first, second = (object_put(owner_id=alice.pk, source=b"x" * 60) for _ in range(2))
    settings.FILE_QUOTA_BYTES = 100
    file_add(owner_id=alice.pk, stored=first)
    with pytest.raises(FileQuotaError):
        file_add(owner_id=alice.pk, stored=second)
    assert bytes_used(alice.pk) == 60


def test_what_is_deleted_makes_room(alice: User, settings: Any) -> None:
    settings.FILE_QUOTA_BYTES = 100
    file = file_store(owner_id=alice.pk, source=b"x" * 100)
    file_delete(file=file)
    assert file_store(owner_id=alice.pk, source=b"x" * 100).pk
    settings.FILE_QUOTA_BYTES = -1
    assert file_store(owner_id=alice.pk, source=b"x" * 100).pk


def test_one_accounts_files_take_nobody_elses_room(alice: User, bob: User, settings: Any) -> None:
    settings.FILE_QUOTA_BYTES = 100
    for owner in (alice, bob):
        file_store(owner_id=owner.pk, source=b"x" * 100)


def test_who_wants_to_refer_to_files_gets_only_ones_own(alice: User, bob: User) -> None:
    mine = [file_store(owner_id=alice.pk, source=b"a") for _ in range(3)]
    theirs = file_store(owner_id=bob.pk, source=b"a")
    wanted = [mine[2].pk, mine[0].pk]
    with transaction.atomic():
        assert files_of_owner(alice.pk, wanted) == [mine[2], mine[0]]
        assert files_of_owner(alice.pk, []) == []
    nobody = uuid7()
    with pytest.raises(FileUnknownError) as raised, transaction.atomic():
        files_of_owner(alice.pk, [*wanted, theirs.pk, nobody])
    assert raised.value.params["file_ids"] == ", ".join(sorted([str(theirs.pk), str(nobody)]))
    with pytest.raises(FileNotHereError):
        file_get_for(alice.pk, theirs.pk)


def test_what_is_in_use_stays(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    file = file_store(owner_id=alice.pk, source=b"a")

    def protected(rows: object) -> None:
        raise ProtectedError("a message shows it", {file})

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(type(StoredFile.objects.all()), "delete", protected)
        with pytest.raises(FileInUseError):
            file_delete(file=file)
    assert not FileRemoval.objects.exists()
    assert not Activity.objects.exists()
    assert stored() == {file.key}


def test_a_file_that_is_gone_already(alice: User) -> None:
    file = file_store(owner_id=alice.pk, source=b"a")
    same = file_get_for(alice.pk, file.pk)
    file_delete(file=file)
    with pytest.raises(FileNotHereError):
        file_delete(file=same)


def test_reading_what_is_lost_or_out_of_reach(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    file = file_store(owner_id=alice.pk, source=b"a")

    def away(*_args: Any, **_options: Any) -> Any:
        raise ConnectionError("the storage is away")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(type(default_storage._wrapped), "_open", away)
        with pytest.raises(FileStorageError):
            file_open(file)
    default_storage.delete(file.key)
    with pytest.raises(FileLostError):
        file_open(file)


def test_files_go_with_their_account(alice: User, bob: User) -> None:
    mine = file_store(owner_id=alice.pk, source=b"a")
    deleted = file_store(owner_id=alice.pk, source=b"b")
    theirs = file_store(owner_id=bob.pk, source=b"a")
    file_delete(file=deleted)
    account_delete(user_id=alice.pk)
    assert list(StoredFile.objects.all()) == [theirs]
    assert mine.key in stored()
    removals_run()
    assert stored() == {theirs.key}
