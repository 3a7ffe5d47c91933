"""Migrations: none is missing, and each can be taken back."""

from collections.abc import Iterable, Iterator
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from tests.architecture.house import KERNEL, house_apps


def house_migrations() -> list[migrations.Migration]:
    known = MigrationLoader(None).disk_migrations.values()
    return [one for one in known if one.__module__.partition(".")[0] in {KERNEL, *house_apps()}]


def operations(found: Iterable[Operation]) -> Iterator[Operation]:
    """All operations, those inside SeparateDatabaseAndState too."""
    for one in found:
        yield one
        if isinstance(one, migrations.SeparateDatabaseAndState):
            yield from operations([*one.database_operations, *one.state_operations])


def irreversible(found: Iterable[migrations.Migration]) -> list[str]:
    return [
        f"{one.app_label}.{one.name} {operation.describe()}"
        for one in found
        for operation in operations(one.operations)
        if not operation.reversible
    ]


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    out = StringIO()
    try:
        call_command("makemigrations", "--check", "--dry-run", stdout=out)
    except SystemExit:
        pytest.fail(f"models have changed without a migration:\n{out.getvalue()}")


@pytest.mark.django_db
def test_a_missing_migration_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from generation.models import Job

    monkeypatch.setitem(Job._meta.original_attrs, "verbose_name", "planted")
    with pytest.raises(SystemExit):
        call_command("makemigrations", "--check", "--dry-run", stdout=StringIO())


def test_every_migration_can_be_taken_back() -> None:
    assert irreversible(house_migrations()) == []


def test_every_app_with_models_has_migrations() -> None:
    assert {one.app_label for one in house_migrations()} >= {
        "accounts",
        "generation",
        "templates",
        "platform",
    }


def test_the_guard_finds_what_is_irreversible() -> None:
    def forwards(apps: object, schema_editor: object) -> None: ...

    planted = type("Migration", (migrations.Migration,), {})("0002_planted", "templates")
    planted.operations = [
        migrations.AddField("Project", "note", models.TextField(default="")),
        migrations.RunPython(forwards),
        migrations.SeparateDatabaseAndState(database_operations=[migrations.RunSQL("DROP TABLE x")]),
        migrations.RunPython(forwards, migrations.RunPython.noop),
    ]
    found = irreversible([planted])
    assert len(found) == 2
    assert "Python" in found[0]
    assert "SQL" in found[1]
