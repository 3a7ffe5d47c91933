"""The keys of the rows that an index finds, so many at most."""

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from config.search.grams import PARTS, search_grams, tokens

#: SQL of `SELECT id, owner_id, search_text`, and its parameters.
Chosen = tuple[str, Sequence[Any]]

#: What is looked through before the index is asked: a few rows, in three milliseconds; and where so many of these have
#: the words, enough rows to find `most` hits among them.
SAMPLED_ROWS = 1_000
COMMON_IN_SAMPLE = 250
SOME_ROWS = 10_000


def search_hits(
    connection: BaseDatabaseWrapper,
    model: type[models.Model],
    owner_id: Any,
    terms: tuple[str, ...],
    most: int,
) -> list[Any]:
    """Primary keys, as the database has them, of an owner's rows with all of the terms; some, if there are more.

    The order of the tables, and that the index is used, is fixed: a planner that takes a rare term for a common one
    would walk through all rows.
    """
    table, owner = model._meta.db_table, model._meta.pk.get_db_prep_value(owner_id, connection)
    own = f'SELECT id, search_text FROM "{table}" WHERE owner_id = %s', [owner]  # noqa: S608 — names of ours
    with connection.cursor() as cursor:
        if (keys := _common(cursor, connection, own, terms, most)) is not None:
            return keys
        if connection.vendor == "postgresql":
            given = [f'"{table}"', owner, search_grams(terms), list(terms), most]
            cursor.execute("SELECT * FROM search_hits(%s::regclass, %s, %s, %s, %s)", given)
        else:
            found = f'CROSS JOIN "{table}" found', "AND +found.owner_id = %s"
            cursor.execute(
                _sqlite(table, *found, terms), [tokens(owner, search_grams(terms)), owner, *terms, most]
            )
        return _keys(cursor)


def search_hits_among(
    connection: BaseDatabaseWrapper,
    model: type[models.Model],
    chosen: Chosen,
    terms: tuple[str, ...],
    most: int,
) -> list[Any]:
    """The same among rows of many owners, such as what all have published: each part of the index is asked."""
    table, grams = model._meta.db_table, search_grams(terms)
    sql, params = chosen
    with connection.cursor() as cursor:
        if (keys := _common(cursor, connection, chosen, terms, most)) is not None:
            return keys
        if connection.vendor == "postgresql":
            composed = connection.ops.compose_sql(sql, params)  # type: ignore[attr-defined]
            given = [composed, grams, list(terms), most]
            cursor.execute("SELECT * FROM search_hits_among(%s, %s, %s, %s)", given)
        else:
            wanted = " OR ".join(f"({' AND '.join(tokens(part, grams).split())})" for part in PARTS)
            found = f"CROSS JOIN ({sql}) found", ""
            cursor.execute(_sqlite(table, *found, terms), [*params, wanted, *terms, most])
        return _keys(cursor)


def _common(
    cursor: Any, connection: BaseDatabaseWrapper, chosen: Chosen, terms: Sequence[str], most: int
) -> list[Any] | None:
    """The hits among some of the rows, if they are enough or these are all; None: the index is to be asked.

    Words that stand nearly everywhere have enough of them there, while the index would hand over all of its rows
    before the first is looked at.
    """
    sql, params = chosen
    sampled = _some(connection, sql, terms, SAMPLED_ROWS)
    cursor.execute(f"SELECT COUNT(*) FROM ({sampled}) hits", [*params, *terms])  # noqa: S608 — names of ours
    if cursor.fetchone()[0] < COMMON_IN_SAMPLE:
        return None
    cursor.execute(f"{_some(connection, sql, terms, SOME_ROWS)} LIMIT %s", [*params, *terms, most])
    keys = _keys(cursor)
    cursor.execute(f"SELECT 1 FROM ({sql}) chosen LIMIT 1 OFFSET {SOME_ROWS}", params)  # noqa: S608
    return keys if len(keys) == most or not cursor.fetchone() else None


def _keys(cursor: Any) -> list[Any]:
    return [key for (key,) in cursor.fetchall()]


def _some(connection: BaseDatabaseWrapper, chosen: str, terms: Sequence[str], rows: int) -> str:
    """The hits among so many of the rows, whichever."""
    position = "STRPOS" if connection.vendor == "postgresql" else "INSTR"
    rechecked = " AND ".join([f"{position}(search_text, %s) > 0"] * len(terms))
    return f"SELECT id FROM ({chosen} LIMIT {rows}) some_rows WHERE {rechecked}"  # noqa: S608 — names of ours


def _sqlite(table: str, found: str, also: str, terms: Sequence[str]) -> str:
    rechecked = " AND INSTR(found.search_text, %s) > 0" * len(terms)
    # Names of ours. A unary plus keeps SQLite from coming by the owner's index.
    return (
        f'SELECT found.id FROM "{table}_search" grams '  # noqa: S608
        f'CROSS JOIN "{table}_search_rows" entry ON entry.id = grams.rowid '
        f"{found} ON found.id = entry.row "
        f'WHERE grams."{table}_search" MATCH %s {also}{rechecked} LIMIT %s'
    )
