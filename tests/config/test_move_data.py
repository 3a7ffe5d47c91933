"""Everything moves from one database to another and back: each row of each model, and each file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import models
from django.utils import timezone
from django_celery_results.models import ChordCounter, GroupResult, TaskResult

from accounts.models import AuditEntry, User
from generation.models import StoredFile
from generation.services.files import file_store
from tests.conftest import make_user
from tests.support.databases import Database, empty_database, fresh_database, in_use
from tests.support.kinds.models import StoredText
from tests.support.rows import make_rows, makers

pytestmark = pytest.mark.django_db(databases=[])


@pytest.fixture(autouse=True)
def _unblocked(django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


def every_model() -> list[type[models.Model]]:
    return [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]


def fill() -> None:
    """At least one row of every model, ours and Django's and Celery's."""
    for label in makers():
        make_rows(apps.get_model(label), 1)
    user = User.objects.latest("date_joined")
    group = Group.objects.create(name="茶馆")
    permission = Permission.objects.latest("pk")
    group.permissions.add(permission)
    user.groups.add(group)
    user.user_permissions.add(permission)
    ContentType.objects.clear_cache()  # of another database
    kind = ContentType.objects.get_for_model(User)
    LogEntry.objects.create(user=user, content_type=kind, object_id="1", object_repr="x", action_flag=1)
    Session.objects.create(session_key="k", session_data="d", expire_date=timezone.now())
    ChordCounter.objects.create(group_id="g", sub_tasks="[]", count=1)
    GroupResult.objects.create(group_id="g")
    TaskResult.objects.get_or_create(task_id="t")
    StoredText.objects.create(job_id=user.pk, attempt=1, text="文")


def everything() -> dict[str, list[dict[str, Any]]]:
    """All rows of all models, as they are stored."""
    found = {}
    for model in every_model():
        names = [field.attname for field in model._meta.concrete_fields]
        rows = list(model._base_manager.order_by("pk").values(*names))
        found[model._meta.label] = [{name: stored(value) for name, value in row.items()} for row in rows]
    return found


def stored(value: Any) -> Any:
    return getattr(value, "stored", value)


def move(settings: Any, target: Database, *arguments: str) -> str:
    settings.NEW_DATABASE_URL = target.url
    said = StringIO()
    call_command("move_data", *arguments, stdout=said)
    return said.getvalue()


def test_every_row_of_every_model_moves_there_and_back(settings: Any) -> None:
    """From the database of the test run to a file of SQLite and back to one of its own kind; of each kind one has
    nothing in it, not even tables."""
    with fresh_database() as first, empty_database("sqlite") as second, ExitStack() as last:
        third = last.enter_context(empty_database() if first.is_postgres else fresh_database())
        with in_use(first):
            fill()
            before = everything()
            assert [label for label, rows in before.items() if not rows] == []
            said = move(settings, second)
            count = sum(map(len, before.values()))
            assert f"{count:,} rows have arrived." in said
            assert everything() == before
        with in_use(second):
            assert everything() == before
            move(settings, third)
        with in_use(third):
            assert everything() == before
            # New rows get keys of their own.
            assert Group.objects.create(name="neu").pk > Group.objects.get(name="茶馆").pk
            assert AuditEntry.objects.exists()
            call_command("check_budgets", stdout=StringIO())


def test_what_is_not_empty_is_left_alone(settings: Any) -> None:
    with fresh_database() as first, fresh_database() as second:
        with in_use(second):
            theirs = User.objects.create(username="theirs", email="theirs@example.com")
        with in_use(first):
            User.objects.create(username="mine", email="mine@example.com")
            with pytest.raises(CommandError, match="isn't empty: it has rows in accounts_user"):
                move(settings, second)
        with in_use(second):
            assert User.objects.get() == theirs


def test_a_row_that_the_new_database_refuses_leaves_it_empty(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fresh_database() as first, fresh_database() as second:
        with in_use(first):
            User.objects.create(username="mine", email="mine@example.com")
            counts = iter([0, 1, 0])  # none is there, one goes, none arrives
            from config import moving

            count = moving._count
            monkeypatch.setattr(
                moving, "_count", lambda model, alias: next(counts) if model is User else count(model, alias)
            )
            with pytest.raises(CommandError, match=r"accounts_user \(0 of 1\)"):
                move(settings, second)
        with in_use(second):
            assert not User.objects.exists()


def test_it_names_what_is_missing(settings: Any) -> None:
    settings.NEW_DATABASE_URL = ""
    with pytest.raises(CommandError, match="NEW_DATABASE_URL isn't set"):
        call_command("move_data")
    settings.NEW_DATABASE_URL = settings.DATABASE_URL
    with pytest.raises(CommandError, match="in use"):
        call_command("move_data")


def test_files_go_along(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "old"
    settings.MEDIA_ROOT, settings.EXPORT_DIR = tmp_path / "old" / "media", tmp_path / "old" / "documents"
    media = {
        "BACKEND": "config.files.storages.DiskStorage",
        "OPTIONS": {"location": str(settings.MEDIA_ROOT)},
    }
    settings.STORAGES = {**settings.STORAGES, "default": media}
    for name in ("media/茶馆/a.png", "documents/zh/b.md", "broker.password"):
        path = tmp_path / "old" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    with fresh_database() as first, fresh_database() as second, in_use(first):
        kept = file_store(owner_id=make_user("alice").pk, source="茶".encode(), name="茶.txt")
        said = move(settings, second, "--var-dir", str(tmp_path / "new"))
        with in_use(second):
            assert StoredFile.objects.get().key == kept.key
    assert "3 files have arrived." in said
    assert (tmp_path / "new" / "media" / kept.key).read_text() == "茶"
    assert (tmp_path / "new" / "media" / "茶馆" / "a.png").read_text() == "media/茶馆/a.png"
    assert not (tmp_path / "new" / "broker.password").exists()
    shutil.rmtree(tmp_path / "old")
