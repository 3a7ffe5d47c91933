"""Files over HTTP: uploaded, listed, read, deleted by their owner."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from accounts.domain.files import owner_prefix
from accounts.models import Activity, FileRemoval, User
from accounts.services.files import removals_run
from generation.models import StoredFile
from tests.support.pictures import picture

pytestmark = pytest.mark.django_db

ClientFor = Callable[[User], APIClient]
FILES = "/api/v1/files"


def upload(client: APIClient, content: bytes, name: str = "茶馆.png", **options: Any) -> Any:
    return client.post(FILES, {"file": SimpleUploadedFile(name, content)}, format="multipart", **options)


def stored() -> set[str]:
    """The keys of all objects."""
    folders, _ = default_storage.listdir("users") if default_storage.exists("users") else ([], [])
    return {
        f"users/{folder}/{name}"
        for folder in folders
        for name in default_storage.listdir(f"users/{folder}")[1]
    }


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
    upload(client_for(alice), picture())
    keys = set(StoredFile.objects.values_list("key", flat=True))
    assert keys == stored()
    assert len(keys) == 2
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
