"""Files that come and go at the same moment."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from accounts.models import FileRemoval, User
from accounts.services.deletion import account_delete
from config.errors import AppError
from config.files.errors import FileNotHereError, FileQuotaError
from generation.models import StoredFile
from generation.selectors.files import bytes_used
from generation.services.files import file_add, file_delete, file_store, object_put
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


def test_an_account_goes_while_a_file_comes(alice: User) -> None:
    put = object_put(owner_id=alice.pk, source=b"a text")
    account_delete(user_id=alice.pk)
    with pytest.raises(FileNotHereError):
        file_add(owner_id=alice.pk, stored=put)
    assert not StoredFile.objects.exists()
