"""An account that is deleted is gone whole: rows, sessions, tokens, files; and nothing of anybody else."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import tasks
from accounts.domain.files import is_owner_prefix, owner_prefix
from accounts.errors import LastSuperuserError
from accounts.models import Activity, AuditEntry, FileRemoval, User
from accounts.services import files
from accounts.services.deletion import account_delete
from accounts.services.files import removals_run
from config.db import uuid7
from config.models import IdempotencyRecord
from generation.jobs.services import job_submit
from generation.models import Job
from tests.conftest import PASSWORD, make_user
from tests.support.forms import fields_of
from tests.support.speaking import speak

pytestmark = pytest.mark.django_db

ClientFor = Callable[[User], APIClient]
AUTH = "/api/v1/auth"


def delete_me(client: APIClient, password: str = PASSWORD) -> Any:
    return client.delete(f"{AUTH}/me", {"password": password})


# -- by its owner ------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_nothing_opens_the_account_any_more(client_for: ClientFor, alice: User) -> None:
    here, elsewhere = client_for(alice), client_for(alice)
    tokens = APIClient().post(f"{AUTH}/login", {"login": "alice", "password": PASSWORD}).json()["data"]
    assert delete_me(here).status_code == 204

    for client in (here, elsewhere):
        assert client.get(f"{AUTH}/me").json()["data"]["code"] == "TOKEN_INVALID"
        assert client.post("/api/v1/templates/projects", {"name_zh": "茶"}).status_code == 401
    assert APIClient().post(f"{AUTH}/refresh", {"refresh": tokens["refresh"]}).status_code == 401
    assert APIClient().post(f"{AUTH}/login", {"login": "alice", "password": PASSWORD}).status_code == 401


def test_its_names_are_free_again(client_for: ClientFor, alice: User) -> None:
    delete_me(client_for(alice))
    again = {"username": "Alice", "email": "alice@example.com", "password": "correct horse 电池"}
    assert APIClient().post(f"{AUTH}/register", again).status_code == 201


def test_the_wrong_password_deletes_nothing(client_for: ClientFor, alice: User) -> None:
    answer = delete_me(client_for(alice), "wrong")
    assert (answer.status_code, answer.json()["data"]["code"]) == (403, "PASSWORD_WRONG")
    assert User.objects.filter(pk=alice.pk).exists()
    assert not FileRemoval.objects.exists()


def test_kept_answers_and_activities_go(client_for: ClientFor, alice: User, bob: User) -> None:
    for user in (alice, bob):
        client_for(user).post(f"{AUTH}/logout", {}, headers={"Idempotency-Key": "k"})
    delete_me(client_for(alice))
    assert {row.owner_id for row in IdempotencyRecord.objects.all()} == {bob.pk}
    assert {row.owner_id for row in Activity.objects.all()} == {bob.pk}


def test_sessions_of_the_admin_go(staff: User) -> None:
    make_user("boss", is_staff=True, is_superuser=True)
    theirs, other = Client(), Client()
    theirs.force_login(staff)
    other.force_login(User.objects.get(username="boss"))
    account_delete(user_id=staff.pk)
    assert theirs.get(reverse("admin:index")).status_code == 302
    assert other.get(reverse("admin:index")).status_code == 200


def test_the_last_superuser_stays(client_for: ClientFor, staff: User) -> None:
    make_user("switched_off", is_staff=True, is_superuser=True, is_active=False)
    answer = delete_me(client_for(staff))
    assert (answer.status_code, answer.json()["data"]["code"]) == (409, "LAST_SUPERUSER")
    assert User.objects.filter(pk=staff.pk).exists()
    assert not FileRemoval.objects.exists()

    make_user("second", is_staff=True, is_superuser=True)
    assert delete_me(client_for(staff)).status_code == 204


def test_an_account_that_is_gone_already(alice: User) -> None:
    assert account_delete(user_id=alice.pk) is True
    assert account_delete(user_id=alice.pk) is False


# -- by staff ----------------------------------------------------------------------------------------------------


@pytest.fixture
def back_office(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def test_staff_see_what_goes_with_it_and_the_service_does_it(back_office: Client, alice: User) -> None:
    for _ in range(3):
        job_submit(kind="test.text", input={}, owner_id=alice.pk)
    url = reverse("admin:accounts_user_delete", args=[alice.pk])
    page = speak(back_office, "en").get(url)
    assert page.context["model_count"]
    assert dict(page.context["model_count"])["jobs"] == 3

    assert back_office.post(url, {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=alice.pk).exists()
    assert not Job.objects.exists()
    assert FileRemoval.objects.get().prefix == owner_prefix(alice.pk)
    kept = AuditEntry.objects.get()
    assert (kept.action, kept.object_id, kept.object_name) == ("delete", str(alice.pk), "alice")


def test_several_at_once_or_none(back_office: Client, staff: User, alice: User, bob: User) -> None:
    url = reverse("admin:accounts_user_changelist")
    asked = {"action": "delete_selected", "post": "yes"}
    back_office.post(url, {**asked, "_selected_action": [str(user.pk) for user in (alice, bob, staff)]})
    assert User.objects.count() == 3  # the last superuser was among them
    assert not AuditEntry.objects.exists()

    back_office.post(url, {**asked, "_selected_action": [str(user.pk) for user in (alice, bob)]})
    assert User.objects.get() == staff
    assert AuditEntry.objects.filter(action="delete").count() == 2


def test_the_last_superuser_hears_why(back_office: Client, staff: User) -> None:
    url = reverse("admin:accounts_user_delete", args=[staff.pk])
    page = speak(back_office, "zh-hans").post(url, {"post": "yes"}, follow=True)
    assert LastSuperuserError.zh in page.text
    assert User.objects.filter(pk=staff.pk).exists()


def test_the_last_superuser_switches_nobody_off_by_a_form(back_office: Client, staff: User) -> None:
    url = reverse("admin:accounts_user_change", args=[staff.pk])
    for switch in ("is_active", "is_superuser"):
        fields = fields_of(back_office.get(url).text, "user_form").items()
        page = speak(back_office, "zh-hans").post(
            url, {name: value for name, value in fields if name != switch}, follow=True
        )
        assert LastSuperuserError.zh in page.text
        staff.refresh_from_db()
        assert (staff.is_active, staff.is_superuser) == (True, True)


def test_who_may_change_users_deletes_no_superuser(staff: User) -> None:
    from django.contrib.auth.models import Permission

    clerk = make_user("clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    client = Client()
    client.force_login(clerk)
    make_user("second", is_staff=True, is_superuser=True)
    assert (
        client.post(reverse("admin:accounts_user_delete", args=[staff.pk]), {"post": "yes"}).status_code
        == 403
    )
    asked = {"action": "delete_selected", "post": "yes", "_selected_action": [str(staff.pk)]}
    assert client.post(reverse("admin:accounts_user_changelist"), asked).status_code == 403
    assert User.objects.filter(pk=staff.pk).exists()


# -- files -------------------------------------------------------------------------------------------------------


NAMES = ("a.txt", "images/茶馆 🙂.png", "images/2026/01/b.png", "meshes/c.glb")


def storages(kind: str, tmp_path: Path) -> Storage:
    if kind == "files":
        return FileSystemStorage(location=tmp_path)
    import boto3
    from storages.backends.s3 import S3Storage

    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="atelier")
    return S3Storage(bucket_name="atelier", region_name="us-east-1", location="media")


@pytest.fixture(params=["files", pytest.param("s3", marks=pytest.mark.once)])
def storage(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    from moto import mock_aws

    with mock_aws():
        made = storages(request.param, tmp_path)
        monkeypatch.setattr(files, "default_storage", made)
        yield made


def store(storage: Storage, user: User) -> list[str]:
    return [storage.save(owner_prefix(user.pk) + name, ContentFile(b"x")) for name in NAMES]


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time at which no job of before can be running any more."""
    after = timezone.now() + timedelta(hours=1)
    monkeypatch.setattr(files.timezone, "now", lambda: after)


def test_files_go_after_the_rows(
    storage: Storage, client_for: ClientFor, alice: User, bob: User, enqueued: Any,
    django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    mine, theirs = store(storage, alice), store(storage, bob)
    with django_capture_on_commit_callbacks(execute=True):
        delete_me(client_for(alice))
    removal = FileRemoval.objects.get()
    assert ("accounts.remove_files", {"removal_id": str(removal.pk)}) in enqueued
    assert all(storage.exists(name) for name in mine)

    assert tasks.remove_files(removal_id=str(removal.pk)) == 0

    assert not any(storage.exists(name) for name in mine)
    assert all(storage.exists(name) for name in theirs)
    assert not storage.exists(owner_prefix(alice.pk).rstrip("/"))
    # A job that was running then may write a file yet: the folder is looked at again.
    late = storage.save(owner_prefix(alice.pk) + "late/d.png", ContentFile(b"x"))
    later(monkeypatch)
    assert tasks.remove_files() == 1
    assert not storage.exists(late)
    assert not FileRemoval.objects.exists()
    assert tasks.remove_files(removal_id=str(removal.pk)) == 0


def test_many_files_take_several_rounds(
    storage: Storage, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = store(storage, alice)
    account_delete(user_id=alice.pk)
    clock = iter(range(1000))
    monkeypatch.setattr(files.time, "monotonic", lambda: float(next(clock)))
    monkeypatch.setattr(files, "RUN_SECONDS", 2.5)
    removals_run()
    left = sum(storage.exists(name) for name in names)
    assert 0 < left < len(names)
    for _ in range(3):
        removals_run()
    assert not any(storage.exists(name) for name in names)
    assert FileRemoval.objects.get().attempts == 4


def test_a_storage_that_fails_holds_up_nobody(
    storage: Storage, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_bob = store(storage, bob)
    for user in (alice, bob):
        account_delete(user_id=user.pk)
    listdir = type(storage).listdir

    def failing(self: Any, path: str) -> Any:
        if str(alice.pk) in path:
            raise ConnectionError("the storage is away")
        return listdir(self, path)

    monkeypatch.setattr(type(storage), "listdir", failing)
    later(monkeypatch)
    assert removals_run() == 1
    assert not any(storage.exists(name) for name in of_bob)
    assert FileRemoval.objects.get().prefix == owner_prefix(alice.pk)


def test_an_account_without_files(storage: Storage, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    account_delete(user_id=alice.pk)
    later(monkeypatch)
    assert removals_run() == 1
    assert not FileRemoval.objects.exists()


@pytest.mark.parametrize("prefix", ["", "/", "users/", "users/*/", "exports/", "users/../", "users/x/"])
def test_only_an_accounts_own_folder_is_ever_removed(storage: Storage, alice: User, prefix: str) -> None:
    names = store(storage, alice)
    removal = FileRemoval.objects.create(prefix=prefix)
    assert files.removal_run(removal=removal, until=time.monotonic() + 60) is False
    assert all(storage.exists(name) for name in names)


def test_an_owners_folder_is_known_by_its_form() -> None:
    key = uuid7()
    assert is_owner_prefix(owner_prefix(key))
    assert not is_owner_prefix(f"users/{key}")
    assert not is_owner_prefix(f"users/{key.hex}/")
    assert not is_owner_prefix(f"users/{key}/images/")


def test_staff_ask_for_it_again(
    back_office: Client, alice: User, enqueued: Any, django_capture_on_commit_callbacks: Any
) -> None:
    account_delete(user_id=alice.pk)
    removal = FileRemoval.objects.get()
    url = reverse("admin:accounts_fileremoval_changelist")
    found = back_office.get(url, {"q": str(alice.pk)}).context["cl"].result_list
    assert list(found) == [removal]
    with django_capture_on_commit_callbacks(execute=True):
        back_office.post(url, {"action": "remove_again", "_selected_action": [str(removal.pk)]})
    assert enqueued == [("accounts.remove_files", {"removal_id": str(removal.pk)})]
    assert AuditEntry.objects.get().action == "remove_again"
