"""Reading through the list machine: a page, or one thing, as JSON bytes from one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import get_language

from config.api import origin
from config.api.lists import searching, statements
from config.api.lists.cursors import read_cursor, write_cursor
from config.api.lists.query import DEEPEST_ROW, ListQuery
from config.api.lists.sorting import SortColumn
from config.api.lists.spec import ListSpec, Source
from config.api.lists.statements import Paging, Shape
from config.errors import CursorInvalidError, NotFoundError
from config.sql.json_text import HERE, READER_LANGUAGE


@dataclass(frozen=True, slots=True)
class JsonPage:
    """A page as the renderer takes it: `data_json` is a JSON array in UTF-8."""

    data_json: bytes
    meta: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class JsonRow:
    """One thing as the renderer takes it: `data_json` is a JSON object in UTF-8."""

    data_json: bytes
    meta: None = None


def read_row(source: Source, **scope: Any) -> JsonRow:
    """The row that the source selects for this scope, by one query. Raises NotFoundError."""
    connection = statements.read_connection(source)
    values = {**scope, **_reader()}
    rows = statements.row_statement(source, connection.alias).fetch(connection, values)
    if not rows:
        raise NotFoundError
    return JsonRow(rows[0][0].encode())


def read_page(spec: ListSpec, query: ListQuery, **scope: Any) -> JsonPage:
    """The page that was asked for, by one query (two behind the last page, where no row carries the total).

    `meta` has `page`, `limit`, `total`, `total_is_capped`, `pages`, `has_next`, `next_cursor`; in cursor mode nothing
    is counted and `page`, `total`, `pages` are None. Raises CursorInvalidError.
    """
    connection = statements.read_connection(spec)
    place = _place(spec, query, scope)
    terms = searching.asked_terms(spec, query)
    query, known = searching.looked_up(spec, query, terms, scope, connection)
    values = {**scope, **(query.values or {}), **_reader(), statements.OFFSET: query.offset}
    columns = spec.sort_columns(query.sort)
    bounds = _bounds(columns, query.cursor, place, connection.vendor) if query.cursor else []
    values |= {statements.after(position): bound for position, bound in enumerate(bounds)}
    nulls = tuple(bound is None for bound in bounds)
    texts = spec.searched_texts if terms and spec.shows_matches else ()
    shape = Shape(
        spec,
        query.variants,
        query.sort,
        _paging(query),
        rows=query.limit + 1,
        nulls=nulls,
        is_counted=known is None,
        texts=texts,
    )
    found = statements.list_statement(shape, connection.alias).fetch(connection, values)
    rows = found[: query.limit]
    has_next = len(found) > query.limit
    meta: dict[str, Any] = {
        "page": None,
        "limit": query.limit,
        "total": None,
        "total_is_capped": False,
        "pages": None,
    }
    if query.cursor is None:
        if known is not None:
            meta |= _totals(query, known, searching.MOST_HITS)
        else:
            counted = found[0][-1] if found else _count(shape, connection, values)
            meta |= _totals(query, counted, DEEPEST_ROW)
    meta["has_next"] = has_next
    meta["next_cursor"] = write_cursor(place, rows[-1][1 : len(columns) + 1]) if has_next else None
    shown = [row[0] for row in rows]
    if texts:
        told = slice(len(columns) + 1, len(columns) + 1 + len(texts))
        shown = [searching.with_matches(row[0], texts, row[told], terms) for row in rows]
    return JsonPage(f"[{','.join(shown)}]".encode(), meta)


def _reader() -> dict[str, str]:
    """In whose language stored errors speak, and by which name the reader knows this server."""
    return {READER_LANGUAGE.name: (get_language() or "en")[:2], HERE.name: origin.here()}


def _paging(query: ListQuery) -> Paging:
    if query.cursor is None:
        return Paging.FIRST_PAGE if query.page == 1 else Paging.DEEPER_PAGE
    return Paging.CURSOR_NEXT if query.cursor else Paging.CURSOR_START


def _place(spec: ListSpec, query: ListQuery, scope: Mapping[str, Any]) -> str:
    """What a cursor belongs to: going on in another list, order or selection would skip rows silently."""
    order = [(one.path, one.descending) for one in spec.sort_columns(query.sort)]
    return repr((spec.name, order, query.asked, sorted((name, str(value)) for name, value in scope.items())))


def _bounds(columns: Sequence[SortColumn], cursor: str, place: str, vendor: str) -> list[Any]:
    keys = read_cursor(place, cursor)
    try:
        return [
            None if key is None else column.bound_field(vendor).to_python(key)
            for column, key in zip(columns, keys, strict=True)
        ]
    except ValidationError:
        # A cursor of ours that was written on another kind of database.
        raise CursorInvalidError from None


def _count(shape: Shape, connection: BaseDatabaseWrapper, values: Mapping[str, Any]) -> int:
    if values[statements.OFFSET] == 0:
        return 0
    return int(statements.count_statement(shape, connection.alias).fetch(connection, values)[0][0])


def _totals(query: ListQuery, counted: int, most: int) -> dict[str, Any]:
    total = min(counted, most)
    return {
        "page": query.page,
        "total": total,
        "total_is_capped": counted > most,
        "pages": -(-total // query.limit),
    }
