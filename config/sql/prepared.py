"""Prepared statements, for those that are compiled once.

Planning one of them costs PostgreSQL more than running it. Django binds values on the client, where nothing can be
prepared, and that stays so for all else: a kept plan can be wrong for another value. Whether statements may be
prepared at all is the connection's `prepare_threshold` (None where a pooler forbids it); they are then planned each
time, and nothing else changes.
"""

from typing import Any, Self

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import Cursor


class PreparingCursor(Cursor[Any]):
    """Binds on the server and prepares at the first execution on a connection."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        return super().execute(query, params, **{**options, "prepare": True})


def prepared_cursor(connection: BaseDatabaseWrapper) -> Any:
    """Like `connection.cursor()`: logged, counted and with Django's errors."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return connection._prepare_cursor(PreparingCursor(connection.connection))  # type: ignore[attr-defined]
