"""Compiling a read into one SQL statement per shape, and running it.

Composing the ORM expression of a row costs as much as answering by instances does; so it is done once for each shape
(read model, filters in use, sort order, way of paging, database) and kept as SQL with placeholders.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from django.core.exceptions import EmptyResultSet, FullResultSet, ImproperlyConfigured
from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q, QuerySet, Subquery
from django.db.models.functions import Left
from django.db.models.sql.compiler import SQLCompiler

from config.api.lists.filters import HITS
from config.api.lists.query import DEEPEST_ROW
from config.api.lists.sorting import SortColumn
from config.api.lists.spec import ListSpec, Source
from config.sql.compiler import Sql, Statement, compile_select
from config.sql.placeholders import Parameters, Placeholder

#: Placeholders of the machine itself; no scope or filter can be called so.
OFFSET = ":offset"
#: Statements kept per process. A list has a few shapes in practice; a client that tries them all evicts its own.
KEPT_STATEMENTS = 1024
#: Characters of a text in which a search's words are marked.
LONGEST_READ = 100_000


class Paging(Enum):
    FIRST_PAGE = "first page"
    DEEPER_PAGE = "deeper page"
    CURSOR_START = "cursor start"
    CURSOR_NEXT = "cursor next"


@dataclass(frozen=True, slots=True)
class Shape:
    """All that a list statement's SQL depends on, but for the database.

    `rows` is written into the SQL: a plan that is made without knowing it would sort all of an owner's rows.
    """

    spec: ListSpec
    variants: tuple[tuple[str, Any], ...]
    sort: str
    paging: Paging
    rows: int
    #: For CURSOR_NEXT: which columns of the sort order are NULL where the page before ended.
    nulls: tuple[bool, ...] = ()
    is_counted: bool = True
    #: The fields whose texts a search shows parts of.
    texts: tuple[str, ...] = ()

    @property
    def has_one_plan(self) -> bool:
        """Whether the database may keep the plan, because the best one is the same for all values."""
        filters = self.spec.filters
        return self.paging is not Paging.DEEPER_PAGE and all(
            filters[name].has_one_plan for name, _ in self.variants
        )

    @property
    def sorts_found_rows(self) -> bool:
        """Whether the rows are those that an index has found, in no order."""
        return any(variant == HITS for _, variant in self.variants)


def read_connection(source: Source) -> BaseDatabaseWrapper:
    return connections[router.db_for_read(source.read_model.source_model)]


@lru_cache(maxsize=KEPT_STATEMENTS)
def list_statement(shape: Shape, alias: str) -> Statement:
    """Columns: row (JSON text), the columns of the sort order, the texts and, for pages, the capped count."""
    sql, params = _compiled(shape.spec, lambda: _page_rows(shape, connections[alias].vendor), alias)
    if shape.paging is not Paging.DEEPER_PAGE:
        sql = f"{sql} LIMIT {shape.rows}"
    return Statement(sql, Parameters(params), keeps_plan=shape.has_one_plan)


@lru_cache(maxsize=KEPT_STATEMENTS)
def count_statement(shape: Shape, alias: str) -> Statement:
    """One column: how many rows there are, counted up to one more than pages reach."""
    sql, params = _compiled(shape.spec, lambda: _counted(_matching(shape)), alias)
    counting = f"SELECT COUNT(*) FROM ({sql}) counted"  # noqa: S608 — the ORM compiled it
    return Statement(counting, Parameters(params), keeps_plan=False)


@lru_cache(maxsize=KEPT_STATEMENTS)
def row_statement(source: Source, alias: str) -> Statement:
    """One column: the row (JSON text) of a source that selects one row or none."""
    row = source.read_model.json_row()
    sql, params = _compiled(source, lambda: source.rows().order_by().values_list(row), alias)
    return Statement(sql, Parameters(params), keeps_plan=True)


def after(position: int) -> str:
    """The placeholder of what a column of the sort order had where the page before ended."""
    return f":after_{position}"


class CappedCount(Subquery):
    """The number of the sub-select's rows, as a column."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = models.BigIntegerField()


class PageOfKeys(Subquery):
    """So many of the sub-select's rows, from OFFSET on."""

    template = "(%(subquery)s LIMIT %(rows)d OFFSET %%s)"

    def __init__(self, queryset: QuerySet[Any], rows: int) -> None:
        super().__init__(queryset, rows=rows)

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *args: Any, **extra: Any) -> Sql:
        sql, params = super().as_sql(compiler, connection, **extra)
        return sql, [*params, Placeholder(OFFSET, models.IntegerField())]


def _matching(shape: Shape) -> QuerySet[Any]:
    queryset = shape.spec.rows()
    for name, variant in shape.variants:
        queryset = shape.spec.filters[name].apply(queryset, name, variant)
    return queryset


def _counted(queryset: QuerySet[Any]) -> QuerySet[Any]:
    return queryset.order_by().values("pk")[: DEEPEST_ROW + 1]


def _page_rows(shape: Shape, vendor: str) -> QuerySet[Any]:
    matching = _matching(shape)
    columns = shape.spec.sort_columns(shape.sort)
    order = [one.order() for one in columns]
    rows = matching
    if shape.paging is Paging.CURSOR_NEXT:
        rows = rows.filter(_behind_cursor(columns, shape.nulls, vendor))
    if shape.paging is Paging.DEEPER_PAGE or (shape.sorts_found_rows and vendor == "sqlite"):
        # Rows that are skipped would be composed too, and on SQLite those that are sorted; so the page's keys are
        # found first.
        page = PageOfKeys(rows.order_by(*order).values("pk"), shape.rows)
        rows = shape.spec.rows() if matching.query.annotations else matching.model._base_manager.all()
        rows = rows.filter(pk__in=page)
    shown: dict[str, Any] = {"json_row": shape.spec.read_model.json_row()}
    shown |= {f"json_key_{position}": one.key() for position, one in enumerate(columns)}
    # A page shows parts of its texts, for which the database needn't read out all of a book.
    shown |= {f"json_text_{number}": Left(name, LONGEST_READ) for number, name in enumerate(shape.texts)}
    if shape.is_counted and shape.paging in (Paging.FIRST_PAGE, Paging.DEEPER_PAGE):
        shown["json_total"] = CappedCount(_counted(matching))
    return rows.order_by(*order).annotate(**shown).values_list(*shown)


def _behind_cursor(columns: Sequence[SortColumn], nulls: Sequence[bool], vendor: str) -> Q:
    bounds = [
        Placeholder(after(position), column.bound_field(vendor)) for position, column in enumerate(columns)
    ]
    condition = columns[-1].after(bounds[-1])
    for column, bound, is_null in reversed(list(zip(columns, bounds, nulls, strict=True))[:-1]):
        condition = column.behind(None if is_null else bound, condition)
    return condition


def _compiled(source: Source, build: Callable[[], QuerySet[Any]], alias: str) -> Sql:
    """Compile twice: what differs between two builds of one shape would be frozen into everybody's statement."""
    try:
        sql, params = compile_select(build(), connections[alias])
        again, again_params = compile_select(build(), connections[alias])
    except (EmptyResultSet, FullResultSet) as error:
        raise ImproperlyConfigured(f"{source.name}: the selector's query is always empty") from error
    if sql != again or Parameters(params).constants != Parameters(again_params).constants:
        raise ImproperlyConfigured(
            f"{source.name}: builds another query each time, so it can't be compiled once"
        )
    return sql, params
