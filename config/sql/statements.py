"""Statements that are compiled at the first call and filled from then on, for the few that run all the time.

Composing a query costs several times what PostgreSQL needs to answer it. Where one process runs the same statement a
hundred times a second (the job engine, the ledger), it is built from a QuerySet once per database, with a `Placeholder`
for each value, and kept as SQL. Everywhere else an ordinary QuerySet is right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet

from config.sql.compiler import (
    Statement,
    column_converters,
    column_names,
    compile_select,
    compile_update,
    select_converters,
)
from config.sql.placeholders import Parameters, SavedPlaceholder
from config.sql.writes import insert

Row = TypeVar("Row", bound=models.Model)


class Select:
    """A QuerySet of `values_list`, compiled once.

    NAMES = Select(lambda: Project.objects.filter(pk=Placeholder("pk", UUIDField())).values_list("code", "website"))
    rows = NAMES.fetch(pk=project_id)
    """

    def __init__(self, build: Callable[[], QuerySet[Any, Any]]) -> None:
        self._build = build
        self._compiled: dict[str, Statement] = {}

    def fetch(self, **values: Any) -> list[tuple[Any, ...]]:
        db = _database()
        statement = self._compiled.get(db.vendor)
        if statement is None:
            statement = self._compiled[db.vendor] = self._compile(db)
        return statement.fetch(db, values)

    def _compile(self, db: BaseDatabaseWrapper) -> Statement:
        rows = self._build()
        sql, params = compile_select(rows, db)
        return Statement(sql, Parameters(params), converters=select_converters(rows, db))


@dataclass(frozen=True, slots=True)
class Also:
    """A row of another table that `Update.returning` inserts for the row that it changes.

    `copied` takes columns of the changed row (attribute of the new row → attribute of the changed one), `given` takes
    values of the call (attribute → name of the placeholder); an automatic time stamp is `now`.
    """

    model: type[models.Model]
    copied: Mapping[str, str]
    given: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Compiled(Generic[Row]):
    model: type[Row]
    counting: Statement
    returning: Statement


class Update(Generic[Row]):
    """A conditional UPDATE, compiled once. `build` returns the rows and the new values, with placeholders where they
    vary.

    FINISH = Update(lambda: (Job.objects.filter(pk=Placeholder("pk", UUIDField())), {"progress": 100}))
    changed = FINISH.run(pk=job.pk)             # how many rows
    job = FINISH.returning(pk=job.pk)           # the one row as it is now, or None
    """

    def __init__(
        self, build: Callable[[], tuple[QuerySet[Row], Mapping[str, Any]]], also: Also | None = None
    ) -> None:
        self._build = build
        self._also = also
        self._compiled: dict[str, _Compiled[Row]] = {}

    def run(self, **values: Any) -> int:
        db = _database()
        return self._statements(db).counting.execute(db, values)

    def returning(self, **values: Any) -> Row | None:
        """The one row as it is now, or None. With `also`, its other row is there too: on PostgreSQL by the same
        statement, elsewhere by a second one, so call it in a transaction there."""
        db = _database()
        compiled = self._statements(db)
        rows = compiled.returning.fetch(db, values)
        if not rows:
            return None
        names = [field.attname for field in compiled.model._meta.concrete_fields]
        changed = compiled.model.from_db(db.alias, names, rows[0])
        if self._also is not None and not self.is_one_statement:
            copied = {name: getattr(changed, source) for name, source in self._also.copied.items()}
            given = {name: values[key] for name, key in self._also.given.items()}
            insert(self._also.model(**copied, **given))
        return changed

    @property
    def is_one_statement(self) -> bool:
        """Whether `returning` needs no transaction around it."""
        return self._also is None or _database().vendor == "postgresql"

    def _statements(self, db: BaseDatabaseWrapper) -> _Compiled[Row]:
        compiled = self._compiled.get(db.vendor)
        if compiled is None:
            compiled = self._compiled[db.vendor] = self._compile(db)
        return compiled

    def _compile(self, db: BaseDatabaseWrapper) -> _Compiled[Row]:
        rows, values = self._build()
        with transaction.atomic(savepoint=False):  # Django composes a locking sub-query only inside of one
            sql, params = compile_update(rows, values, db)
        fields = rows.model._meta.concrete_fields
        names = column_names(fields, db)
        returning = f"{sql} RETURNING {names}"
        more: list[Any] = []
        if self._also is not None and self.is_one_statement:
            inserted, more = self._inserted(self._also, db)
            # Names and SQL are the ORM's own.
            returning = f"WITH changed AS ({returning}), inserted AS ({inserted}) SELECT {names} FROM changed"  # noqa: S608
        converters = column_converters(rows.model, fields, db)
        return _Compiled(
            rows.model,
            Statement(sql, Parameters(params)),
            Statement(returning, Parameters([*params, *more]), converters=converters),
        )

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
                params.append(SavedPlaceholder(also.given.get(field.attname, "now"), field))
        table = quote(also.model._meta.db_table)
        return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(sources)} FROM changed", params  # noqa: S608


def _database() -> BaseDatabaseWrapper:
    """The connection itself: `django.db.connection` looks it up again at every touch, and that adds up here."""
    return connections[DEFAULT_DB_ALIAS]
