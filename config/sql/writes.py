"""Writing rows without what `save`, `update` and `bulk_create` do around the statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from config.search.fields import SearchText
from config.sql.compiler import Statement, column_converters, column_names, compile_update, open_cursor
from config.sql.placeholders import Parameters

Row = TypeVar("Row", bound=models.Model)
Fields = Sequence["models.Field[Any, Any]"]


def update_returning(
    rows: models.QuerySet[Row], values: Mapping[str, Any], columns: Sequence[str] = ()
) -> list[Row]:
    """UPDATE … RETURNING the rows that match as they are now, or only these columns of them.

    `QuerySet.update` only counts, and reading the rows again could show somebody else's next step.
    """
    db = connections[DEFAULT_DB_ALIAS]
    meta = rows.model._meta
    fields: Fields = [meta.get_field(name) for name in columns] or meta.concrete_fields  # type: ignore[misc]
    sql, params = compile_update(rows, values, db)
    statement = Statement(
        f"{sql} RETURNING {column_names(fields, db)}",
        Parameters(params),
        keeps_plan=False,
        converters=column_converters(rows.model, fields, db),
    )
    names = [field.attname for field in fields]
    return [rows.model.from_db(db.alias, names, row) for row in statement.fetch(db, {})]


_inserts: dict[tuple[str, type[models.Model]], tuple[str, Fields]] = {}


def insert(row: models.Model) -> None:
    """`row.save(force_insert=True)` without composing the INSERT anew. An automatic key is not read back."""
    db = connections[DEFAULT_DB_ALIAS]
    key = (db.vendor, type(row))
    if key not in _inserts:
        fields = _inserted_fields(type(row))
        _inserts[key] = _insert_sql(type(row), fields, db), fields
    sql, fields = _inserts[key]
    with open_cursor(db, keeps_plan=True) as cursor:
        cursor.execute(sql, [field.get_db_prep_save(field.pre_save(row, True), db) for field in fields])
    row._state.adding = False
    row._state.db = db.alias


def insert_all(rows: Sequence[models.Model]) -> None:
    """`bulk_create` for thousands of new rows that have their keys: no query is composed, no key is read back. Times
    that a row has already stay.

    A value that is the very object of the row before is prepared once; of thousands of similar rows that leaves a few
    columns. PostgreSQL takes them by COPY, SQLite by one prepared statement.
    """
    if not rows:
        return
    model = type(rows[0])
    db = connections[DEFAULT_DB_ALIAS]
    fields = _inserted_fields(model)
    with db.cursor() as cursor:
        if db.vendor == "postgresql":
            table, names = db.ops.quote_name(model._meta.db_table), column_names(fields, db)
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for values in _prepared(rows, fields, db):
                    copy.write_row(values)
        else:
            cursor.executemany(_insert_sql(model, fields, db), list(_prepared(rows, fields, db)))


def _inserted_fields(model: type[models.Model]) -> Fields:
    return [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]


def _insert_sql(model: type[models.Model], fields: Fields, db: BaseDatabaseWrapper) -> str:
    table, places = db.ops.quote_name(model._meta.db_table), ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {table} ({column_names(fields, db)}) VALUES ({places})"  # noqa: S608 — names of ours


def _prepared(rows: Sequence[models.Model], fields: Fields, db: BaseDatabaseWrapper) -> Iterator[list[Any]]:
    now = timezone.now()
    names = [str(field.attname) for field in fields]
    stamped = [getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False) for field in fields]
    computed = [isinstance(field, SearchText) for field in fields]
    seen: list[Any] = [_prepared] * len(fields)  # a value that no row has
    prepared: list[Any] = [None] * len(fields)
    for row in rows:
        for index, name in enumerate(names):
            if computed[index]:
                value: Any = fields[index].pre_save(row, True)
            else:
                value = getattr(row, name)
                if stamped[index] and value is None:
                    value = now
            if value is not seen[index]:
                seen[index] = value
                prepared[index] = fields[index].get_db_prep_save(value, db)
        yield prepared.copy()
