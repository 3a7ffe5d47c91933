"""Statements of the ORM that are compiled once and filled for each call, for the few places that run all the time.

Composing a query costs several times what PostgreSQL needs to answer it. Where one process runs the same statement a
hundred times a second (the job engine, the ledger), it is built from a QuerySet once per database, with a `Slot` for
each value, and kept as SQL. Everywhere else an ordinary QuerySet is right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from django.db import connection, models
from django.db.models import QuerySet
from django.db.models.sql import UpdateQuery
from django.utils import timezone

from config.api.lists.slots import Parameters, Slot

Row = TypeVar("Row", bound=models.Model)


class SavedSlot(Slot):
    """A value that is written, not compared: prepared as `save` would."""

    def prepare(self, value: Any, connection: Any) -> Any:
        return self.output_field.get_db_prep_save(value, connection)


class Select:
    """A QuerySet of `values_list`, compiled once.

    NAMES = Select(lambda: Project.objects.filter(pk=Slot("pk", UUIDField())).values_list("code", "website"))
    rows = NAMES.fetch(pk=project_id)
    """

    def __init__(self, build: Callable[[], QuerySet[Any, Any]]) -> None:
        self._build = build
        self._compiled: dict[str, tuple[str, Parameters, Mapping[int, Any]]] = {}

    def fetch(self, **values: Any) -> list[tuple[Any, ...]]:
        compiled = self._compiled.get(connection.vendor)
        if compiled is None:
            compiled = self._compiled[connection.vendor] = self._compile()
        sql, parameters, converters = compiled
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters.fill(values, connection))
            rows = cursor.fetchall()
        return _converted(rows, converters)

    def _compile(self) -> tuple[str, Parameters, Mapping[int, Any]]:
        compiler = self._build().query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        converters = compiler.get_converters([column[0] for column in compiler.select])
        return sql, Parameters(params), converters


class Update(Generic[Row]):
    """A conditional UPDATE, compiled once. `build` returns the rows and the new values, with slots where they vary.

    FINISH = Update(lambda: (Job.objects.filter(pk=Slot("pk", UUIDField())), {"progress": 100}))
    changed = FINISH.run(pk=job.pk)             # how many rows
    job = FINISH.returning(pk=job.pk)           # the one row as it is now, or None
    """

    def __init__(self, build: Callable[[], tuple[QuerySet[Row], Mapping[str, Any]]]) -> None:
        self._build = build
        self._compiled: dict[str, tuple[str, str, Parameters, type[Row], Mapping[int, Any]]] = {}

    def run(self, **values: Any) -> int:
        sql, _, parameters, *_rest = self._statement()
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters.fill(values, connection))
            return int(cursor.rowcount)

    def returning(self, **values: Any) -> Row | None:
        _, sql, parameters, model, converters = self._statement()
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters.fill(values, connection))
            rows = cursor.fetchall()
        if not rows:
            return None
        (row,) = _converted(rows, converters)
        return model.from_db(connection.alias, [field.attname for field in model._meta.concrete_fields], row)

    def _statement(self) -> tuple[str, str, Parameters, type[Row], Mapping[int, Any]]:
        compiled = self._compiled.get(connection.vendor)
        if compiled is None:
            compiled = self._compiled[connection.vendor] = self._compile()
        return compiled

    def _compile(self) -> tuple[str, str, Parameters, type[Row], Mapping[int, Any]]:
        rows, values = self._build()
        query: UpdateQuery = rows.query.chain(UpdateQuery)  # type: ignore[assignment]
        query.add_update_values(dict(values))
        sql, params = query.get_compiler(connection=connection).as_sql()
        fields = rows.model._meta.concrete_fields
        names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
        compiler = rows.model._base_manager.all().query.get_compiler(connection=connection)
        converters = compiler.get_converters([field.get_col(rows.model._meta.db_table) for field in fields])
        return sql, f"{sql} RETURNING {names}", Parameters(params), rows.model, converters


_inserts: dict[tuple[str, type[models.Model]], tuple[str, list[models.Field[Any, Any]]]] = {}


def insert(row: models.Model) -> None:
    """`row.save(force_insert=True)` without composing the INSERT anew. An automatic key is not read back."""
    key = (connection.vendor, type(row))
    if key not in _inserts:
        fields = [field for field in row._meta.concrete_fields if not isinstance(field, models.AutoField)]
        quote = connection.ops.quote_name
        names = ", ".join(quote(str(field.column)) for field in fields)
        places = ", ".join(["%s"] * len(fields))
        sql = f"INSERT INTO {quote(row._meta.db_table)} ({names}) VALUES ({places})"  # noqa: S608 — names of ours
        _inserts[key] = sql, fields
    sql, fields = _inserts[key]
    with connection.cursor() as cursor:
        cursor.execute(
            sql, [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
        )
    row._state.adding = False
    row._state.db = connection.alias


def _converted(rows: list[Any], converters: Mapping[int, Any]) -> list[tuple[Any, ...]]:
    """The rows as Python values, as `SQLCompiler.apply_converters` makes them."""
    if not converters:
        return rows
    converted = [list(row) for row in rows]
    for position, (functions, expression) in converters.items():
        for row in converted:
            for function in functions:
                row[position] = function(row[position], expression, connection)
    return [tuple(row) for row in converted]


def insert_all(rows: Sequence[models.Model]) -> None:
    """`bulk_create` for thousands of new rows that have their keys: no query is composed, no key is read back.

    A value that is the very object of the row before is prepared once; of thousands of similar rows that leaves a few
    columns. PostgreSQL takes them by COPY, SQLite by one prepared statement.
    """
    if not rows:
        return
    model = type(rows[0])
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    quote = connection.ops.quote_name
    table, names = quote(model._meta.db_table), ", ".join(quote(str(field.column)) for field in fields)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for values in _prepared(rows, fields):
                    copy.write_row(values)
        else:
            places = ", ".join(["%s"] * len(fields))
            sql = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608 — names of ours
            cursor.executemany(sql, list(_prepared(rows, fields)))


def _prepared(rows: Sequence[models.Model], fields: Sequence[models.Field[Any, Any]]) -> Iterator[list[Any]]:
    now = timezone.now()
    names = [str(field.attname) for field in fields]
    stamped = [getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False) for field in fields]
    seen: list[Any] = [_prepared] * len(fields)  # a value that no row has
    prepared: list[Any] = [None] * len(fields)
    for row in rows:
        for index, name in enumerate(names):
            value = now if stamped[index] else getattr(row, name)
            if value is not seen[index]:
                seen[index] = value
                prepared[index] = fields[index].get_db_prep_save(value, connection)
        yield prepared.copy()
