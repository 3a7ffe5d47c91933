"""Moves everything from the database in use to an empty one, of whichever kind, and files from folder to folder.

Rows are copied as they are stored, by model: keys, times and secrets stay the same, and no rule of a service or a model
is asked (the audit, for instance, takes no other way). All of it is one transaction on the new database: whole or not
at all. Nothing is changed where it came from.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DatabaseError, connections, models, transaction

from config.databases import database_entry

SOURCE, TARGET = "default", "target"
ROWS_AT_ONCE = 500
#: What `migrate` itself puts into a new database.
MADE_BY_MIGRATE = frozenset({ContentType, Permission})


class MoveError(Exception):
    """Why nothing was moved, in words for the operator."""


@dataclass(frozen=True, slots=True)
class Moved:
    """How many there were of something, and how many have arrived."""

    name: str
    here: int
    there: int


@contextmanager
def target_database(url: str) -> Iterator[None]:
    """The database at the URL is Django's alias `target` inside."""
    entry = database_entry(url, sqlite=settings.SQLITE_OPTIONS, postgres={})
    connections.settings[TARGET] = connections.configure_settings({"default": entry})["default"]
    try:
        yield
    finally:
        connections[TARGET].close()
        del connections[TARGET]
        del connections.settings[TARGET]


def move_rows(url: str) -> list[Moved]:
    """Copies all rows to the database at the URL, which is migrated first. Raises MoveError; then none has moved."""
    with target_database(url):
        try:
            _refuse_occupied()
            call_command("migrate", database=TARGET, verbosity=0, run_syncdb=True)
            with transaction.atomic(TARGET), _snapshot():
                _clear()
                found = [_copy(model) for model in _models()]
                connections[TARGET].check_constraints()
                _continue_sequences()
                _refuse_losses(found)
        except DatabaseError as error:
            raise MoveError(f"The new database refuses: {error}") from error
    return found


def move_files(source: Path, target: Path) -> Moved:
    """Copies what the folder holds. Raises MoveError when something isn't there afterwards."""
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    here, there = _sizes(source), _sizes(target)
    if not here.items() <= there.items():
        raise MoveError(f"Not all files of {source} have arrived in {target}.")
    return Moved(source.name, len(here), len(here.keys() & there.keys()))


def _models() -> list[type[models.Model]]:
    every = apps.get_models(include_auto_created=True)
    return [model for model in every if model._meta.managed and not model._meta.proxy]


def _refuse_occupied() -> None:
    tables = set(connections[TARGET].introspection.table_names())
    for model in _models():
        if model._meta.db_table in tables and model not in MADE_BY_MIGRATE and _count(model, TARGET):
            raise MoveError(f"The new database isn't empty: it has rows in {model._meta.db_table}.")


@contextmanager
def _snapshot() -> Iterator[None]:
    """What is read is of one moment, whoever writes meanwhile (on SQLite nobody can)."""
    with transaction.atomic(SOURCE):
        if connections[SOURCE].vendor == "postgresql" and not connections[SOURCE].savepoint_ids:
            with connections[SOURCE].cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def _clear() -> None:
    """Takes out what `migrate` has made: the same comes from the old database, under its own keys."""
    connection = connections[TARGET]
    with connection.cursor() as cursor:
        for model in _models():
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(model._meta.db_table)}")  # noqa: S608 — our own table


def _copy(model: type[models.Model]) -> Moved:
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    size = max(1, min(ROWS_AT_ONCE, connections[TARGET].ops.bulk_batch_size(fields, [None] * ROWS_AT_ONCE)))
    rows = model._base_manager.using(SOURCE).order_by("pk").iterator(chunk_size=size)
    manager: Any = model._base_manager
    try:
        while some := list(islice(rows, size)):
            manager._insert(some, fields=fields, using=TARGET, raw=True)
    except DatabaseError as error:
        raise MoveError(f"A row of {model._meta.db_table} can't be moved: {error}") from error
    return Moved(model._meta.db_table, _count(model, SOURCE), _count(model, TARGET))


def _count(model: type[models.Model], alias: str) -> int:
    return model._base_manager.using(alias).count()


def _refuse_losses(found: list[Moved]) -> None:
    lost = [one for one in found if one.here != one.there]
    if lost:
        told = ", ".join(f"{one.name} ({one.there} of {one.here})" for one in lost)
        raise MoveError(f"Not all rows have arrived: {told}. Nothing was moved.")


def _continue_sequences() -> None:
    """New rows get numbers behind those that were moved."""
    connection = connections[TARGET]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), _models()):
            cursor.execute(statement)


def _sizes(folder: Path) -> dict[Path, int]:
    found = {}
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            if path.is_file():
                found[path.relative_to(folder)] = path.stat().st_size
    return found
