"""Files that come in parts: in any order, as often as one likes, gone on with after whatever came in between; in a
folder and in a bucket alike."""

import hashlib
import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as house
from django.core.files.storage import default_storage
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Activity, FileRemoval, User
from accounts.services import files as removals
from accounts.services.deletion import account_delete
from accounts.services.files import removals_run
from config.files.errors import FileQuotaError, UploadBusyError, UploadPartSizeError, UploadStateError
from generation import tasks
from generation.models import StoredFile, Upload
from generation.selectors.files import bytes_used
from generation.services import orphans, uploads
from generation.services.files import file_store
from generation.services.uploads import part_put, upload_begin, upload_complete
from tests.generation.files.parts import (
    PART,
    UPLOADS,
    Requests,
    arrived,
    begin,
    complete,
    parts_stored,
    pieces,
    put,
    send,
)
from tests.generation.files.uploads import refusal, stored
from tests.support.meshes import stl_in_words
from tests.support.pictures import picture

pytestmark = pytest.mark.django_db

ClientFor = Callable[[User], APIClient]
#: Three parts, the last one short.
TEXT = ("茶" * 700).encode()


@pytest.fixture(autouse=True)
def _small_parts(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.UPLOAD_PART_BYTES = PART
    monkeypatch.setattr(removals, "_late_writers", timedelta)


@pytest.fixture
def client(alice: User, client_for: ClientFor) -> APIClient:
    return client_for(alice)


def begun(client: APIClient, size: int = len(TEXT), **given: Any) -> dict[str, Any]:
    answer = begin(client, size, **given)
    assert answer.status_code == 201, answer.json()
    upload: dict[str, Any] = answer.json()["data"]
    assert answer.headers["Location"].endswith(f"{UPLOADS}/{upload['id']}")
    return upload


def test_parts_in_any_order_become_a_file(client: APIClient, any_storage: str) -> None:
    upload = begun(client, sha256=hashlib.sha256(TEXT).hexdigest().upper())
    assert [(one["number"], one["size"]) for one in upload["parts"]] == [(1, PART), (2, PART), (3, 100)]
    assert upload["state"] == "open"
    assert arrived(client, upload) == []
    send(upload, TEXT, 3, 1)
    assert arrived(client, upload) == [1, 3]
    answer = complete(client, upload)
    assert refusal(answer) == (409, "UPLOAD_INCOMPLETE")
    assert answer.json()["data"]["details"] == {"parts": [2]}
    send(upload, b"x" * PART * 3, 2)
    send(upload, TEXT, 2, 1)

    file = complete(client, upload).json()["data"]
    assert (file["name"], file["media_type"], file["size"]) == ("茶杯.stl", "text/plain", len(TEXT))
    with default_storage.open(StoredFile.objects.get().key) as kept:
        assert kept.read() == TEXT

    # Once more it is the same one, and nothing else can be done to it.
    assert complete(client, upload).json()["data"]["id"] == file["id"]
    assert put(upload["parts"][0]["url"], TEXT[:PART]) in ((409, "UPLOAD_WRONG_STATE"), (200, ""))
    assert refusal(client.delete(f"{UPLOADS}/{upload['id']}")) == (409, "UPLOAD_WRONG_STATE")
    shown = client.get(f"{UPLOADS}/{upload['id']}").json()["data"]
    assert (shown["state"], shown["file_id"], shown["parts"]) == ("completed", file["id"], [])
    assert StoredFile.objects.count() == 1
    assert list(Activity.objects.order_by("pk").values_list("action", flat=True)) == [
        "begin_upload",
        "upload_file",
    ]

    # The parts go; one that somebody sends by an old link of the storage, too.
    assert removals_run() == 1
    assert parts_stored() == set()
    client.delete(f"/api/v1/files/{file['id']}")
    assert refusal(complete(client, upload)) == (404, "FILE_NOT_FOUND")


def test_a_picture_gets_its_thumbnails(client: APIClient) -> None:
    content = picture("JPEG", (400, 300))
    upload = begun(client, len(content))
    send(upload, content)
    file = complete(client, upload).json()["data"]
    assert (file["width"], file["height"], len(file["thumbnails"])) == (400, 300, 2)


def test_the_documents_client_goes_on(client: APIClient, any_storage: str, tmp_path: Path) -> None:
    """Its lines are run as they stand there, and break in the middle."""
    document = (Path(house.BASE_DIR) / "docs" / "files.md").read_text(encoding="utf-8")
    [lines] = re.findall(r"```python\n(import requests\n.*?)```", document, re.DOTALL)
    source = tmp_path / "杯 子.stl"
    source.write_bytes(stl_in_words() * 5)
    names: dict[str, Any] = {}
    exec(lines.replace("import requests\n", ""), names)  # noqa: S102 — our own document
    upload = names["upload"]

    names["requests"] = Requests(client, breaks_at=2)
    begun_id = names["begin"](source)
    with pytest.raises(ConnectionError):
        upload(source, begun_id)
    assert arrived(client, {"id": begun_id}) == [1, 2]
    names["requests"] = Requests(client)
    file = upload(source, begun_id)
    assert (file["name"], file["size"]) == ("杯 子.stl", source.stat().st_size)


def test_what_arrives_wrongly_changes_nothing(client: APIClient) -> None:
    """In a folder we see it at once; a bucket takes what its link was signed for."""
    upload = begun(client)
    [first, *_] = upload["parts"]
    send(upload, TEXT, 1)
    for wrong in (b"", TEXT[: PART - 1], TEXT[: PART + 1], TEXT):
        assert put(first["url"], wrong) == (422, "UPLOAD_PART_WRONG_SIZE")
    with pytest.raises(UploadPartSizeError):  # a line that breaks
        part_put(upload=Upload.objects.get(), number=1, source=io.BytesIO(b"short"), size=PART)
    assert parts_stored() == {f"{upload['id']}/1"}
    with default_storage.open(Upload.objects.get().part_key(1)) as kept:
        assert kept.read() == TEXT[:PART]

    for token in ("", "x", first["url"].rpartition("/")[2] + "x", first["url"].rpartition("/")[2][:-1]):
        answer = APIClient().put(f"/files/parts/{token}")
        assert answer.status_code in (403, 404)
    assert APIClient().post(first["url"]).status_code == 405


@pytest.mark.once
def test_a_part_of_another_size_is_none_in_a_bucket(client: APIClient, bucket: Any) -> None:
    """One that checks signatures refuses it; this one doesn't."""
    upload = begun(client)
    [first, second, _] = upload["parts"]
    assert "content-length" in first["url"]
    put(first["url"], TEXT[:5])
    put(second["url"], TEXT)
    send(upload, TEXT, 3)
    assert arrived(client, upload) == [3]
    assert complete(client, upload).json()["data"]["details"] == {"parts": [1, 2]}


def test_what_is_announced(client: APIClient, settings: Any) -> None:
    for size in (0, -1, 1.5, "10", None, 10**30):
        assert refusal(begin(client, size)) == (422, "VALIDATION_FAILED"), size  # type: ignore[arg-type]
    answer = begin(client, 10 * 10**12)
    assert refusal(answer) == (413, "FILE_TOO_LARGE")
    assert answer.json()["data"]["details"] == {"limit": settings.MESH_MAX_BYTES}
    for given in (
        {"sha256": "x"},
        {"sha256": "0" * 63},
        {"sha256": "g" * 64},
        {"name": ""},
        {"owner": "bob"},
    ):
        assert refusal(begin(client, 1, **given)) == (422, "VALIDATION_FAILED"), given
    assert not Upload.objects.exists()

    for name, kept in {
        "../../etc/passwd": "passwd",
        "茶\u202e杯.stl": "茶杯.stl",
        "杯" * 300 + ".stl": 200,
    }.items():
        shown = begun(client, name=name)["name"]
        assert kept in (shown, len(shown))
    settings.FILE_QUOTA_BYTES = 3 * len(TEXT) + 10
    answer = begin(client, 11)
    assert refusal(answer) == (409, "FILE_QUOTA_EXCEEDED")
    assert answer.json()["data"]["details"] == {
        "used": 3 * len(TEXT),
        "limit": 3 * len(TEXT) + 10,
        "size": 11,
    }
    begun(client, 10)


def test_what_cannot_be_kept_leaves_the_upload_open(
    alice: User, client: APIClient, any_storage: str, settings: Any
) -> None:
    upload = begun(client, sha256="0" * 64)
    send(upload, TEXT)
    answer = complete(client, upload)
    assert refusal(answer) == (422, "UPLOAD_HASH_DIFFERS")
    nonsense = b"\x00\x01" * 500
    other = begun(client, len(nonsense))
    send(other, nonsense)
    assert refusal(complete(client, other)) == (422, "FILE_TYPE_REFUSED")
    settings.FILE_MAX_BYTES = 1000
    third = begun(client)
    send(third, TEXT)
    assert refusal(complete(client, third)) == (413, "FILE_TOO_LARGE")

    assert not StoredFile.objects.exists()
    assert stored() == set()
    assert Upload.objects.filter(state="open", claimed_at=None).count() == 3
    # Its parts can be sent anew.
    content = b"t" * 1000
    send(other, content)
    assert complete(client, other).status_code == 200
    assert bytes_used(alice.pk) == 2 * len(TEXT) + 1000


def test_strangers_find_none(bob: User, client: APIClient, client_for: ClientFor) -> None:
    upload = begun(client)
    send(upload, TEXT)
    stranger = client_for(bob)
    for answer in (
        stranger.get(f"{UPLOADS}/{upload['id']}"),
        complete(stranger, upload),
        stranger.delete(f"{UPLOADS}/{upload['id']}"),
    ):
        assert refusal(answer) == (404, "UPLOAD_NOT_FOUND")
    assert stranger.get(UPLOADS).json()["data"] == []
    assert [one["id"] for one in client.get(f"{UPLOADS}?state=open").json()["data"]] == [upload["id"]]
    assert complete(client, upload).status_code == 200


def test_aborted_it_leaves_nothing(alice: User, client: APIClient, any_storage: str) -> None:
    upload = begun(client)
    send(upload, TEXT, 2)
    for _ in range(2):
        assert client.delete(f"{UPLOADS}/{upload['id']}").status_code == 204
    assert FileRemoval.objects.count() == 1
    assert refusal(complete(client, upload)) == (409, "UPLOAD_WRONG_STATE")
    put(upload["parts"][0]["url"], TEXT[:PART])
    assert removals_run() == 1
    assert parts_stored() == set()
    assert bytes_used(alice.pk) == 0


def test_links_of_a_storage_outlive_the_upload(
    client: APIClient, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is looked at again until they have expired."""
    upload = begun(client)
    client.delete(f"{UPLOADS}/{upload['id']}")
    monkeypatch.setattr(removals, "_late_writers", lambda: timedelta(hours=1))
    assert removals_run() == 0
    send(upload, TEXT, 1)
    assert parts_stored()
    assert removals_run() == 0
    assert parts_stored() == set()
    monkeypatch.setattr(removals, "_late_writers", timedelta)
    assert removals_run() == 1


def test_its_time_ends(alice: User, client: APIClient, any_storage: str) -> None:
    upload, other = begun(client), begun(client)
    send(upload, TEXT)
    Upload.objects.filter(pk=upload["id"]).update(expires_at=timezone.now())
    assert refusal(complete(client, upload)) == (409, "UPLOAD_WRONG_STATE")
    assert tasks.expire_uploads() == {"expired": 1, "forgotten": 0}
    assert tasks.expire_uploads() == {"expired": 0, "forgotten": 0}
    assert client.get(f"{UPLOADS}/{upload['id']}").json()["data"]["state"] == "expired"
    assert removals_run() == 1
    assert parts_stored() == set()
    assert bytes_used(alice.pk) == len(TEXT)

    Upload.objects.update(updated_at=timezone.now() - timedelta(days=8))
    assert tasks.expire_uploads() == {"expired": 0, "forgotten": 1}
    assert list(Upload.objects.values_list("pk", flat=True)) == [Upload.objects.get(pk=other["id"]).pk]


def test_it_isnt_expired_while_it_is_put_together(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = begun(client)
    send(upload, TEXT)
    real, seen = uploads._put_together, []

    def meanwhile(row: Upload, whole: Any) -> None:
        Upload.objects.update(expires_at=timezone.now())
        seen.append(tasks.expire_uploads()["expired"])
        seen.append(refusal(complete(client, upload)))
        real(row, whole)

    monkeypatch.setattr(uploads, "_put_together", meanwhile)
    assert complete(client, upload).status_code == 200
    assert seen == [0, (409, "UPLOAD_WRONG_STATE")]


def test_a_second_one_is_told_to_come_back(
    alice: User, client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = begun(client)
    send(upload, TEXT)
    row, real = Upload.objects.get(), uploads._put_together

    def meanwhile(one: Upload, whole: Any) -> None:
        monkeypatch.setattr(uploads, "_put_together", real)
        answer = complete(client, upload)
        assert refusal(answer) == (409, "UPLOAD_BUSY")
        assert answer.headers["Retry-After"] == "1"
        real(one, whole)

    monkeypatch.setattr(uploads, "_put_together", meanwhile)
    file = upload_complete(upload=row)
    assert upload_complete(upload=row) == file

    # Of one that died, the next takes over, and what the first still does counts for nothing.
    other = Upload.objects.get(pk=begun(client)["id"])
    other.claimed_at = timezone.now()
    other.save()
    with pytest.raises(UploadBusyError):
        upload_complete(upload=other)
    Upload.objects.filter(pk=other.pk).update(claimed_at=timezone.now() - timedelta(minutes=11))
    assert refusal(complete(client, {"id": other.pk})) == (409, "UPLOAD_INCOMPLETE")


def test_who_was_too_slow_keeps_nothing(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = begun(client)
    send(upload, TEXT)
    row, real = Upload.objects.get(), uploads._put_together

    def meanwhile(one: Upload, whole: Any) -> None:
        real(one, whole)
        client.delete(f"{UPLOADS}/{upload['id']}")

    monkeypatch.setattr(uploads, "_put_together", meanwhile)
    with pytest.raises(UploadStateError):
        upload_complete(upload=row)
    assert not StoredFile.objects.exists()
    assert stored() == set()


@pytest.mark.usefixtures("any_storage")
def test_parts_that_nobody_can_go_on_with_are_found(
    alice: User, client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of a row that a restored database doesn't know; an open upload's stay."""
    kept, lost = begun(client), begun(client)
    for upload in (kept, lost):
        send(upload, TEXT, 1)
    Upload.objects.filter(pk=lost["id"]).delete()
    assert tasks.clean_orphans()["deleted"] == 0
    assert len(parts_stored()) == 2
    monkeypatch.setattr(orphans, "YOUNGEST", timedelta(seconds=-60))
    assert tasks.clean_orphans()["deleted"] == 1
    assert parts_stored() == {f"{kept['id']}/1"}


def test_they_go_with_their_account(alice: User, client: APIClient) -> None:
    upload = begun(client)
    send(upload, TEXT, 1)
    account_delete(user_id=alice.pk)
    assert not Upload.objects.exists()
    removals_run()
    assert parts_stored() == set()


def test_a_storage_that_fails(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = begun(client)
    send(upload, TEXT, 1, 2)
    storage: Any = type(default_storage._wrapped)

    def away(*_args: Any, **_options: Any) -> Any:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("config.files.storages.os.replace", away)
        assert put(upload["parts"][2]["url"], TEXT[2 * PART :]) == (503, "FILE_STORAGE_UNAVAILABLE")
    assert len(parts_stored()) == 2
    send(upload, TEXT, 3)
    for name in ("sizes", "open", "_save"):
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(storage, name, away)
            assert refusal(complete(client, upload)) == (503, "FILE_STORAGE_UNAVAILABLE"), name
    assert complete(client, upload).status_code == 200


def test_a_file_that_fills_the_quota(alice: User, client: APIClient, settings: Any) -> None:
    """What was announced isn't counted twice when it is there."""
    settings.FILE_QUOTA_BYTES = len(TEXT)
    upload = begun(client)
    with pytest.raises(FileQuotaError):
        file_store(owner_id=alice.pk, source=b"a")
    send(upload, TEXT)
    assert complete(client, upload).status_code == 200
    assert bytes_used(alice.pk) == len(TEXT)
    with pytest.raises(FileQuotaError):
        upload_begin(owner_id=alice.pk, name="a", size=1)


def test_one_that_is_large_costs_no_more_queries(
    client: APIClient, django_assert_num_queries: Any, settings: Any
) -> None:
    settings.UPLOAD_PART_BYTES = 100
    upload = begun(client)
    assert len(pieces(upload, TEXT)) == 21
    with django_assert_num_queries(3):
        client.get(f"{UPLOADS}/{upload['id']}")
