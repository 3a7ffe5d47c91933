"""Databases of their own for tests that need real ones: many threads, or processes besides the test's.

A SQLite file, or a database on the server of TEST_DATABASE_URL when the tests run on PostgreSQL. It is migrated once
per process and copied for each test:

    with fresh_database() as database, in_use(database):
        subprocess.Popen(..., env={**os.environ, **database.environ})
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import dj_database_url
import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections

VARIABLE = "TEST_DATABASE_URL"


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
        entry: dict[str, Any] = dict(dj_database_url.parse(self.url, conn_max_age=0))
        if not self.is_postgres:
            entry["OPTIONS"] = dict(settings.SQLITE_OPTIONS)
        return connections.configure_settings({"default": entry})["default"]


@contextmanager
def fresh_database() -> Iterator[Database]:
    """A migrated, empty database that is gone at the end."""
    database = _copy(_template())
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


@cache
def _template() -> Database:
    database = _create()
    atexit.register(_remove, database)
    with in_use(database):
        call_command("migrate", run_syncdb=True, verbosity=0)
    return database


def _create(template: Database | None = None) -> Database:
    server = os.environ.get(VARIABLE, "")
    if not server:
        folder = Path(tempfile.mkdtemp(prefix="atelier-database-"))
        return Database(f"sqlite:///{folder / 'atelier.sqlite3'}")
    database = Database(urlunsplit(urlsplit(server)._replace(path=f"/atelier_{uuid4().hex}")))
    source = f" TEMPLATE {_name(template)}" if template else ""
    _execute(f"CREATE DATABASE {_name(database)}{source}")
    return database


def _copy(template: Database) -> Database:
    database = _create(template)
    if not database.is_postgres:
        shutil.copyfile(_path(template), _path(database))
    return database


def _remove(database: Database) -> None:
    if database.is_postgres:
        _execute(f"DROP DATABASE IF EXISTS {_name(database)} WITH (FORCE)")
    else:
        shutil.rmtree(_path(database).parent, ignore_errors=True)


def _execute(statement: str) -> None:
    with psycopg.connect(os.environ[VARIABLE], autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[arg-type]


def _name(database: Database) -> str:
    return urlsplit(database.url).path.removeprefix("/")


def _path(database: Database) -> Path:
    return Path(database.url.removeprefix("sqlite:///"))
