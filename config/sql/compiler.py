"""The one place that asks Django's compiler for SQL, and what runs such SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from django.db.models.sql import UpdateQuery

from config.search.fields import require_search_text
from config.sql.placeholders import Parameters

#: SQL and its parameters.
Sql = tuple[str, Any]
#: What makes Python values of a row's columns, by their position.
Converters = Mapping[int, Any]


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with placeholders. `keeps_plan`: PostgreSQL prepares it, since planning it costs more than running it.
    Rows come as the database gives them, but for what `converters` make of them."""

    sql: str
    parameters: Parameters
    keeps_plan: bool = True
    converters: Converters = field(default_factory=dict)

    def fetch(self, connection: BaseDatabaseWrapper, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        with open_cursor(connection, keeps_plan=self.keeps_plan) as cursor:
            cursor.execute(self.sql, self.parameters.fill(values, connection))
            rows = cursor.fetchall()
        return _converted(rows, self.converters, connection) if self.converters else rows

    def execute(self, connection: BaseDatabaseWrapper, values: Mapping[str, Any]) -> int:
        """Returns how many rows it concerned."""
        with open_cursor(connection, keeps_plan=self.keeps_plan) as cursor:
            cursor.execute(self.sql, self.parameters.fill(values, connection))
            return int(cursor.rowcount)


def open_cursor(connection: BaseDatabaseWrapper, *, keeps_plan: bool) -> Any:
    if keeps_plan and connection.vendor == "postgresql":
        from config.sql.prepared import prepared_cursor  # imports psycopg, which SQLite doesn't need

        return prepared_cursor(connection)
    return connection.cursor()


def compile_select(queryset: QuerySet[Any, Any], connection: BaseDatabaseWrapper) -> Sql:
    """Raises EmptyResultSet and FullResultSet, as Django's compiler does."""
    sql, params = queryset.query.get_compiler(connection=connection).as_sql()
    return sql, list(params)


def select_converters(queryset: QuerySet[Any, Any], connection: BaseDatabaseWrapper) -> Converters:
    """The converters of a QuerySet of `values_list`."""
    compiler = queryset.query.get_compiler(connection=connection)
    compiler.setup_query()
    return compiler.get_converters([column[0] for column in compiler.select])


def compile_update(
    rows: QuerySet[Any, Any], values: Mapping[str, Any], connection: BaseDatabaseWrapper
) -> Sql:
    require_search_text(rows.model, values)
    query: UpdateQuery = rows.query.chain(UpdateQuery)  # type: ignore[assignment]
    query.add_update_values(dict(values))
    sql, params = query.get_compiler(connection=connection).as_sql()
    return sql, list(params)


def column_converters(
    model: type[models.Model], fields: Sequence[models.Field[Any, Any]], connection: BaseDatabaseWrapper
) -> Converters:
    """The converters of columns of one table, in this order."""
    compiler = model._base_manager.all().query.get_compiler(connection=connection)
    return compiler.get_converters([one.get_col(model._meta.db_table) for one in fields])


def column_names(fields: Sequence[models.Field[Any, Any]], connection: BaseDatabaseWrapper) -> str:
    return ", ".join(connection.ops.quote_name(str(one.column)) for one in fields)


def _converted(
    rows: list[Any], converters: Converters, connection: BaseDatabaseWrapper
) -> list[tuple[Any, ...]]:
    """The rows as Python values, as `SQLCompiler.apply_converters` makes them."""
    converted = [list(row) for row in rows]
    for position, (functions, expression) in converters.items():
        for row in converted:
            for function in functions:
                row[position] = function(row[position], expression, connection)
    return [tuple(row) for row in converted]
