"""Statements of the ORM that are compiled once and filled for each call, for the few places that run all the time.

Composing a query costs several times what PostgreSQL needs to answer it. Where one process runs the same statement a
hundred times a second (the job engine, the ledger), it is built from a QuerySet once per database, with a `Slot` for
each value, and kept as SQL. Everywhere else an ordinary QuerySet is right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from django.db.models.sql import UpdateQuery
from django.utils import timezone

from config.api.lists.prepared import prepared_cursor
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
        db = _database()
        compiled = self._compiled.get(db.vendor)
        if compiled is None:
            compiled = self._compiled[db.vendor] = self._compile(db)
        sql, parameters, converters = compiled
        with _cursor(db) as cursor:
            cursor.execute(sql, parameters.fill(values, db))
            rows = cursor.fetchall()
        return _converted(rows, converters, db)

    def _compile(self, db: BaseDatabaseWrapper) -> tuple[str, Parameters, Mapping[int, Any]]:
        compiler = self._build().query.get_compiler(connection=db)
        sql, params = compiler.as_sql()
        converters = compiler.get_converters([column[0] for column in compiler.select])
        return sql, Parameters(params), converters


@dataclass(frozen=True, slots=True)
class Also:
    """A row of another table that `Update.returning` inserts for the row that it changes.

    `copied` takes columns of the changed row (attribute of the new row → attribute of the changed one), `given` takes
    slots (attribute → name of the slot); an automatic time stamp is `now`.
    """

    model: type[models.Model]
    copied: Mapping[str, str]
    given: Mapping[str, str]


class Update(Generic[Row]):
    """A conditional UPDATE, compiled once. `build` returns the rows and the new values, with slots where they vary.

    FINISH = Update(lambda: (Job.objects.filter(pk=Slot("pk", UUIDField())), {"progress": 100}))
    changed = FINISH.run(pk=job.pk)             # how many rows
    job = FINISH.returning(pk=job.pk)           # the one row as it is now, or None
    """

    def __init__(
        self, build: Callable[[], tuple[QuerySet[Row], Mapping[str, Any]]], also: Also | None = None
    ) -> None:
        self._build = build
        self._also = also
        self._compiled: dict[str, tuple[str, str, Parameters, type[Row], Mapping[int, Any]]] = {}

    def run(self, **values: Any) -> int:
        db = _database()
        sql, _, parameters, *_rest = self._statement(db)
        with _cursor(db) as cursor:
            cursor.execute(sql, parameters.fill(values, db))
            return int(cursor.rowcount)

    def returning(self, **values: Any) -> Row | None:
        """The one row as it is now, or None. With `also`, its other row is there too: on PostgreSQL by the same
        statement, elsewhere by a second one, so call it in a transaction there."""
        db = _database()
        _, sql, parameters, model, converters = self._statement(db)
        with _cursor(db) as cursor:
            cursor.execute(sql, parameters.fill(values, db))
            rows = cursor.fetchall()
        if not rows:
            return None
        (row,) = _converted(rows, converters, db)
        changed = model.from_db(db.alias, [field.attname for field in model._meta.concrete_fields], row)
        if self._also is not None and not self.is_one_statement:
            copied = {name: getattr(changed, source) for name, source in self._also.copied.items()}
            given = {name: values[slot] for name, slot in self._also.given.items()}
            insert(self._also.model(**copied, **given))
        return changed

    @property
    def is_one_statement(self) -> bool:
        """Whether `returning` needs no transaction around it."""
        return self._also is None or _database().vendor == "postgresql"

    def _statement(
        self, db: BaseDatabaseWrapper
    ) -> tuple[str, str, Parameters, type[Row], Mapping[int, Any]]:
        compiled = self._compiled.get(db.vendor)
        if compiled is None:
            compiled = self._compiled[db.vendor] = self._compile(db)
        return compiled

    def _compile(self, db: BaseDatabaseWrapper) -> tuple[str, str, Parameters, type[Row], Mapping[int, Any]]:
        rows, values = self._build()
        query: UpdateQuery = rows.query.chain(UpdateQuery)  # type: ignore[assignment]
        query.add_update_values(dict(values))
        with transaction.atomic(savepoint=False):  # Django composes a locking sub-query only inside of one
            sql, params = query.get_compiler(connection=db).as_sql()
        fields = rows.model._meta.concrete_fields
        names = ", ".join(db.ops.quote_name(str(field.column)) for field in fields)
        compiler = rows.model._base_manager.all().query.get_compiler(connection=db)
        converters = compiler.get_converters([field.get_col(rows.model._meta.db_table) for field in fields])
        returning = f"{sql} RETURNING {names}"
        more: list[Any] = []
        if self._also is not None and self.is_one_statement:
            inserted, more = self._inserted(self._also, db)
            # Names and SQL are the ORM's own.
            returning = f"WITH changed AS ({returning}), inserted AS ({inserted}) SELECT {names} FROM changed"  # noqa: S608
        return sql, returning, Parameters([*params, *more]), rows.model, converters

    @staticmethod
    def _inserted(also: Also, db: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        """`INSERT … SELECT` from the changed row, and its parameters."""
        quote = db.ops.quote_name
        columns, sources, params = [], [], []
        for field in also.model._meta.concrete_fields:
            if isinstance(field, models.AutoField):
                continue
            columns.append(quote(str(field.column)))
            if field.attname in also.copied:
                sources.append(quote(also.copied[field.attname]))
            else:
                sources.append("%s")
                params.append(SavedSlot(also.given.get(field.attname, "now"), field))
        table = quote(also.model._meta.db_table)
        return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(sources)} FROM changed", params  # noqa: S608


_inserts: dict[tuple[str, type[models.Model]], tuple[str, list[models.Field[Any, Any]]]] = {}


def insert(row: models.Model) -> None:
    """`row.save(force_insert=True)` without composing the INSERT anew. An automatic key is not read back."""
    db = _database()
    key = (db.vendor, type(row))
    if key not in _inserts:
        fields = [field for field in row._meta.concrete_fields if not isinstance(field, models.AutoField)]
        quote = db.ops.quote_name
        names = ", ".join(quote(str(field.column)) for field in fields)
        places = ", ".join(["%s"] * len(fields))
        sql = f"INSERT INTO {quote(row._meta.db_table)} ({names}) VALUES ({places})"  # noqa: S608 — names of ours
        _inserts[key] = sql, fields
    sql, fields = _inserts[key]
    with _cursor(db) as cursor:
        cursor.execute(sql, [field.get_db_prep_save(field.pre_save(row, True), db) for field in fields])
    row._state.adding = False
    row._state.db = db.alias


def _database() -> BaseDatabaseWrapper:
    """The connection itself: `django.db.connection` looks it up again at every touch, and that adds up here."""
    return connections[DEFAULT_DB_ALIAS]


def _cursor(db: BaseDatabaseWrapper) -> Any:
    """On PostgreSQL these statements are prepared: they are the same thousands of times, and planning one costs the
    database as much as running it."""
    return prepared_cursor(db) if db.vendor == "postgresql" else db.cursor()


def _converted(
    rows: list[Any], converters: Mapping[int, Any], db: BaseDatabaseWrapper
) -> list[tuple[Any, ...]]:
    """The rows as Python values, as `SQLCompiler.apply_converters` makes them."""
    if not converters:
        return rows
    converted = [list(row) for row in rows]
    for position, (functions, expression) in converters.items():
        for row in converted:
            for function in functions:
                row[position] = function(row[position], expression, db)
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
