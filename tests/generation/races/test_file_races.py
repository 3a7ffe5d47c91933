"""Files that come and go at the same moment."""

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

from accounts.models import FileRemoval, User
from accounts.services.deletion import account_delete
from config.errors import AppError
from config.files.errors import (
    FileNotHereError,
    FileQuotaError,
    UploadBusyError,
    UploadNotHereError,
    UploadStateError,
)
from generation.models import StoredFile, Upload
from generation.selectors.files import bytes_used
from generation.services.files import file_add, file_delete, file_store, object_put
from generation.services.uploads import part_put, upload_abort, upload_begin, upload_complete
from tests.generation.files.conftest import use_storage
from tests.generation.files.uploads import stored
from tests.generation.races.conftest import Together


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    use_storage(settings, "config.files.storages.DiskStorage", location=str(tmp_path / "media"))


def outcome(function: Callable[[], Any]) -> str:
    try:
        function()
    except AppError as exc:
        return exc.code
    return ""


def test_files_that_come_together_get_in_as_far_as_there_is_room(
    alice: User, together: Together, settings: Any
) -> None:
    """Each alone would fit."""
    settings.FILE_QUOTA_BYTES = 350
    store = partial(file_store, owner_id=alice.pk, source=b"x" * 100)
    outcomes = together(*[partial(outcome, store)] * 8)
    assert sorted(outcomes) == [""] * 3 + [FileQuotaError.code] * 5
    assert bytes_used(alice.pk) == 300
    assert stored() == set(StoredFile.objects.values_list("key", flat=True))


def test_deleted_twice_it_goes_once(alice: User, together: Together) -> None:
    file = file_store(owner_id=alice.pk, source=b"a text")
    same = StoredFile.objects.get(pk=file.pk)
    deletions = [partial(outcome, partial(file_delete, file=one)) for one in (file, same)]
    assert sorted(together(*deletions)) == ["", FileNotHereError.code]
    assert FileRemoval.objects.filter(prefix=file.key).count() == 1


def test_what_is_announced_together_gets_in_as_far_as_there_is_room(
    alice: User, together: Together, settings: Any
) -> None:
    settings.FILE_QUOTA_BYTES = 350
    begin = partial(upload_begin, owner_id=alice.pk, name="a", size=100)
    store = partial(file_store, owner_id=alice.pk, source=b"x" * 100)
    outcomes = together(*[partial(outcome, begin)] * 4, *[partial(outcome, store)] * 4)
    assert sorted(outcomes) == [""] * 3 + [FileQuotaError.code] * 5
    assert bytes_used(alice.pk) == 300


def test_completed_at_once_an_upload_becomes_one_file(alice: User, together: Together) -> None:
    """Some are told to come back, or that it was aborted; the quota and the storage have one file or none."""
    for others in ([upload_complete] * 3, [upload_complete, upload_abort]):
        upload = upload_begin(owner_id=alice.pk, name="a", size=6)
        part_put(upload=upload, number=1, source=io.BytesIO(b"a text"), size=6)
        rows = [Upload.objects.get(pk=upload.pk) for _ in others]
        outcomes = together(
            *[partial(outcome, partial(do, upload=row)) for do, row in zip(others, rows, strict=True)]
        )
        assert "" in outcomes
        assert set(outcomes) <= {"", UploadBusyError.code, UploadStateError.code}
        upload.refresh_from_db()
        files = StoredFile.objects.count()
        assert (upload.state, upload.claimed_at) == ("completed" if files else "aborted", None)
        assert files <= 1
        assert bytes_used(alice.pk) == 6 * files
        assert stored() == set(StoredFile.objects.values_list("key", flat=True))
        assert FileRemoval.objects.filter(prefix=upload.folder).count() == 1
        StoredFile.objects.all().delete()
        for key in stored():
            default_storage.delete(key)


def test_an_account_goes_while_an_upload_is_completed(alice: User, together: Together) -> None:
    upload = upload_begin(owner_id=alice.pk, name="a", size=6)
    part_put(upload=upload, number=1, source=io.BytesIO(b"a text"), size=6)
    outcomes = together(
        partial(outcome, partial(upload_complete, upload=upload)),
        partial(outcome, partial(account_delete, user_id=alice.pk)),
    )
    assert outcomes[1] == ""
    assert outcomes[0] in ("", FileNotHereError.code, UploadNotHereError.code)
    assert not StoredFile.objects.exists()
    assert not Upload.objects.exists()


def test_an_account_goes_while_a_file_comes(alice: User) -> None:
    put = object_put(owner_id=alice.pk, source=b"a text")
    account_delete(user_id=alice.pk)
    with pytest.raises(FileNotHereError):
        file_add(owner_id=alice.pk, stored=put)
    assert not StoredFile.objects.exists()
