"""The backend as Django loads it."""

import os
import sqlite3
from pathlib import Path
from typing import Any

from django.db import models
from django.db.backends.sqlite3 import base
from django.db.backends.sqlite3.schema import DatabaseSchemaEditor

from config.search.grams import index_tokens

OWNER_ONLY = 0o600
OTHERS = 0o007


#: The low byte of an error's code, which extended codes share.
PRIMARY = 0xFF


class PatientCursor(base.SQLiteCursorWrapper):
    """Asks for the write lock once more when it couldn't be had in the connection's time-out: SQLite gives it to
    whoever asks at the right moment, so that one of many may be unlucky for long. What is repeated hasn't happened:
    BEGIN, or a statement outside of any transaction. After that it is a 503."""

    def execute(self, query: Any, params: Any = None) -> Any:
        try:
            return super().execute(query, params)
        except sqlite3.OperationalError as exc:
            is_busy = getattr(exc, "sqlite_errorcode", 0) & PRIMARY == sqlite3.SQLITE_BUSY
            if not is_busy or self.connection.in_transaction:
                raise
        return super().execute(query, params)


class SchemaEditor(DatabaseSchemaEditor):
    """Most changes of a table make it anew under SQLite, and its triggers would go with the old one."""

    def _remake_table(self, model: type[models.Model], **changes: Any) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
                [model._meta.db_table],
            )
            triggers = cursor.fetchall()
        super()._remake_table(model, **changes)  # type: ignore[misc]
        for (trigger,) in triggers:
            self.execute(trigger)


class DatabaseWrapper(base.DatabaseWrapper):
    """Makes the file before SQLite does, which would let others read it. The files `-wal` and `-shm` take its mode."""

    SchemaEditorClass = SchemaEditor

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        name = str(conn_params["database"])
        if name != ":memory:" and not name.startswith("file:"):
            make_private(Path(name))
        connection = super().get_new_connection(conn_params)  # type: ignore[no-untyped-call]
        # For the triggers that keep the indexes of searches.
        connection.create_function("search_grams", 2, index_tokens, deterministic=True)
        return connection

    def create_cursor(self, name: Any = None) -> Any:
        return self.connection.cursor(factory=PatientCursor)


def make_private(path: Path) -> None:
    """Makes the file, and its folder, unless they are there. One that others may read becomes its owner's alone; one
    that was opened to a group only, so that processes of several users share it, stays so."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, OWNER_ONLY))
    else:
        if mode & OTHERS:
            path.chmod(OWNER_ONLY)
