"""Files over HTTP: uploaded, listed, read, deleted by their owner."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.domain.files import owner_prefix
from accounts.models import Activity, FileRemoval, User
from accounts.services.files import removals_run
from generation.models import StoredFile, Thumbnail
from tests.generation.files.uploads import FILES, refusal, stored, upload
from tests.support.access_tokens import machine
from tests.support.pictures import picture

pytestmark = pytest.mark.django_db

ClientFor = Callable[[User], APIClient]


def test_a_picture_is_kept_and_shown(alice: User, client_for: ClientFor) -> None:
    client, content = client_for(alice), picture("PNG", (40, 30))
    answer = upload(client, content)
    assert answer.status_code == 201, answer.json()
    file = answer.json()["data"]
    assert answer.headers["Location"] == f"{FILES}/{file['id']}"
    facts = {"name": "茶馆.png", "media_type": "image/png", "size": len(content), "width": 40, "height": 30}
    assert {name: file[name] for name in facts} == facts
    assert file["sha256"] == hashlib.sha256(content).hexdigest()

    assert b"".join(APIClient().get(file["url"]).streaming_content) == content
    again = client.get(answer.headers["Location"])
    assert again.json()["data"].keys() == file.keys()
    [row] = client.get(FILES).json()["data"]
    assert row == {name: value for name, value in file.items() if not name.startswith("url")}


def test_the_key_says_nothing_but_whose_it_is(alice: User, client_for: ClientFor) -> None:
    upload(client_for(alice), picture())
    upload(client_for(alice), b"a text")
    keys = {row.key for rows in (StoredFile, Thumbnail) for row in rows.objects.all()}
    assert keys == stored()
    assert len(keys) == 4
    assert all(key.startswith(owner_prefix(alice.pk)) for key in keys)
    assert all(len(key.removeprefix(owner_prefix(alice.pk))) == 32 for key in keys)


def test_deleted_the_object_follows_the_row(
    alice: User, client_for: ClientFor, enqueued: Any, django_capture_on_commit_callbacks: Any
) -> None:
    client = client_for(alice)
    file = upload(client, "一首诗".encode(), "诗.md").json()["data"]
    assert file["media_type"] == "text/plain"
    with django_capture_on_commit_callbacks(execute=True):
        assert client.delete(f"{FILES}/{file['id']}").status_code == 204
    assert client.get(FILES).json()["data"] == []
    assert APIClient().get(file["url"]).json()["data"]["code"] == "FILE_NOT_FOUND"
    [(task, arguments)] = enqueued
    assert (task, arguments) == ("accounts.remove_files", {"removal_id": str(FileRemoval.objects.get().pk)})
    assert removals_run() == 1
    assert stored() == set()
    assert not FileRemoval.objects.exists()
    assert list(Activity.objects.order_by("pk").values_list("action", flat=True)) == [
        "upload_file",
        "delete_file",
    ]


def test_a_strangers_file_is_nowhere(alice: User, bob: User, client_for: ClientFor) -> None:
    file = upload(client_for(alice), picture()).json()["data"]
    stranger = client_for(bob)
    for answer in (stranger.get(f"{FILES}/{file['id']}"), stranger.delete(f"{FILES}/{file['id']}")):
        assert refusal(answer) == (404, "FILE_NOT_FOUND")
    assert stranger.get(FILES).json()["data"] == []
    assert StoredFile.objects.exists()
    assert not FileRemoval.objects.exists()


def test_tokens_need_their_scopes(alice: User) -> None:
    assert refusal(upload(machine(alice, "files:read"), picture())) == (403, "SCOPE_MISSING")
    assert refusal(machine(alice, "files:write").get(FILES)) == (403, "SCOPE_MISSING")
    assert upload(machine(alice, "files:write"), picture()).status_code == 201


def test_lists_are_narrowed_and_sorted(alice: User, client_for: ClientFor) -> None:
    client = client_for(alice)
    for name, content in (("茶馆.png", picture()), ("Tea House.txt", b"a"), ("馆.txt", b"abc")):
        assert upload(client, content, name).status_code == 201

    def names(query: str) -> list[str]:
        answer = client.get(f"{FILES}?{query}")
        assert answer.status_code == 200, answer.json()
        return [row["name"] for row in answer.json()["data"]]

    assert names("media_type=text/plain&sort=-size") == ["馆.txt", "Tea House.txt"]
    assert names("media_type=image/png,image/jpeg") == ["茶馆.png"]
    assert names("search=tea") == ["Tea House.txt"]
    assert names("search=馆&sort=created_at") == ["茶馆.png", "馆.txt"]
    assert refusal(client.get(f"{FILES}?media_type=image/tiff")) == (422, "VALIDATION_FAILED")


def test_a_stale_copy_deletes_nothing(alice: User, client_for: ClientFor) -> None:
    client = client_for(alice)
    address = upload(client, picture()).headers["Location"]
    etag = client.get(address).headers["ETag"]
    assert refusal(client.delete(address, headers={"If-Match": '"x"'})) == (412, "PRECONDITION_FAILED")
    assert client.delete(address, headers={"If-Match": etag}).status_code == 204
