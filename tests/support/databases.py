"""Databases of their own for tests that need real ones: many threads, or processes besides the test's.

A SQLite file, or a database on the server of TEST_DATABASE_URL when the tests run on PostgreSQL. One is migrated for
all processes of a test run; the database of the ordinary tests is a copy of it, and so is each of these:

    with fresh_database() as database, in_use(database):
        subprocess.Popen(..., env={**os.environ, **database.environ})
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from config.databases import database_entry

VARIABLE = "TEST_DATABASE_URL"
#: Names a migrated file of SQLite that a test run in a process of its own begins with.
BEGUN = "ATELIER_TEST_BEGUN"


@dataclass(frozen=True)
class Database:
    url: str

    @property
    def is_postgres(self) -> bool:
        return self.url.startswith("postgres")

    @property
    def environ(self) -> dict[str, str]:
        """For a process that shall use this database with `config.settings.test`."""
        if self.is_postgres:
            return {VARIABLE: self.url}
        return {VARIABLE: "", "DATABASE_URL": self.url}

    def django(self) -> dict[str, Any]:
        """The entry of DATABASES. Without a pool: there is one of those per alias, and this alias has had another
        database before."""
        entry = database_entry(self.url, sqlite=settings.SQLITE_OPTIONS, postgres={})
        return connections.configure_settings({"default": entry})["default"]


@contextmanager
def fresh_database() -> Iterator[Database]:
    """A migrated, empty database that is gone at the end."""
    database = Database(_new_url())
    _copy(_template(), database)
    try:
        yield database
    finally:
        _remove(database)


def migrated_file(path: Path) -> None:
    """A migrated, empty database of SQLite at this place; not on PostgreSQL."""
    shutil.copyfile(_path(_template()), path)


@contextmanager
def empty_database(kind: str = "") -> Iterator[Database]:
    """A database without a table, of the kind of the test run or a file of SQLite; gone at the end."""
    database = Database(_new_url(is_file=kind == "sqlite"))
    _create(database)
    try:
        yield database
    finally:
        _remove(database)


@contextmanager
def in_use(database: Database) -> Iterator[None]:
    """The ORM of this process uses the database, in every thread."""
    entry, connection = connections.settings["default"], connections["default"]
    connections.settings["default"] = database.django()
    connections["default"] = connections.create_connection("default")
    try:
        yield
    finally:
        connections["default"].close()
        connections.settings["default"] = entry
        connections["default"] = connection


@contextmanager
def prepared_test_database() -> Iterator[None]:
    """The test database that Django is about to set up exists already and needs no migration."""
    connection = connections["default"]
    database = Database(_url_of_tests(connection))
    _remove(database)
    _copy(_template(), database)
    try:
        yield
    finally:
        connections.close_all()
        _remove(database)


def _url_of_tests(connection: Any) -> str:
    name = connection.creation._get_test_db_name()
    server = os.environ.get(VARIABLE, "")
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}")) if server else f"sqlite:///{name}"


@cache
def _template() -> Database:
    """Migrated by the first process of the test run that asks; the last one to end removes it."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    path = Path(tempfile.gettempdir()) / f"atelier-template-{run}"
    users = path.open("a+")
    fcntl.flock(users, fcntl.LOCK_SH)
    with path.with_suffix(".making").open("w") as making:
        fcntl.flock(making, fcntl.LOCK_EX)
        database = Database(path.read_text() or _new_url())
        if not path.read_text():
            _create(database)
            if os.environ.get(BEGUN):
                shutil.copyfile(os.environ[BEGUN], _path(database))
            with in_use(database):
                call_command("migrate", run_syncdb=True, verbosity=0)
            path.write_text(database.url)
    atexit.register(_leave_template, users, path, database)
    return database


def _leave_template(users: TextIO, path: Path, database: Database) -> None:
    with users, suppress(BlockingIOError):
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
        path.with_suffix(".making").unlink(missing_ok=True)
        _remove(database)


def _new_url(*, is_file: bool = False) -> str:
    server = "" if is_file else os.environ.get(VARIABLE, "")
    if not server:
        return f"sqlite:///{Path(tempfile.mkdtemp(prefix='atelier-database-')) / 'atelier.sqlite3'}"
    return urlunsplit(urlsplit(server)._replace(path=f"/atelier_{uuid4().hex}"))


def _create(database: Database, source: str = "") -> None:
    if database.is_postgres:
        _execute(f"CREATE DATABASE {_name(database)} {source}")


def _copy(template: Database, to: Database) -> None:
    if to.is_postgres:
        _create(to, f"TEMPLATE {_name(template)}")
    else:
        shutil.copyfile(_path(template), _path(to))


def _remove(database: Database) -> None:
    if database.is_postgres:
        _execute(f"DROP DATABASE IF EXISTS {_name(database)} WITH (FORCE)")
        return
    path = _path(database)
    for name in (path, *(Path(f"{path}-{part}") for part in ("wal", "shm", "journal"))):
        name.unlink(missing_ok=True)
    with suppress(OSError):
        path.parent.rmdir()  # one of ours is empty now; the folder of all temporary files never is


def _execute(statement: str) -> None:
    with psycopg.connect(os.environ[VARIABLE], autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[arg-type]


def _name(database: Database) -> str:
    return urlsplit(database.url).path.removeprefix("/")


def _path(database: Database) -> Path:
    return Path(database.url.removeprefix("sqlite:///"))
