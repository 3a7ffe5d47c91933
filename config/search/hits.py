"""The keys of the rows that an index finds, so many at most."""

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from config.search.grams import search_grams, tokens

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
    with connection.cursor() as cursor:
        sampled = _some(connection, table, terms, SAMPLED_ROWS)
        cursor.execute(f"SELECT COUNT(*) FROM ({sampled}) hits", [owner, *terms])  # noqa: S608 — names of ours
        if cursor.fetchone()[0] >= COMMON_IN_SAMPLE:
            some = _some(connection, table, terms, SOME_ROWS)
            cursor.execute(f"{some} LIMIT %s", [owner, *terms, most])
            keys = cursor.fetchall()
            cursor.execute(f'SELECT 1 FROM "{table}" WHERE owner_id = %s LIMIT 1 OFFSET {SOME_ROWS}', [owner])  # noqa: S608
            if len(keys) == most or not cursor.fetchone():
                return [key for (key,) in keys]
        if connection.vendor == "postgresql":
            given = [f'"{table}"', owner, search_grams(terms), list(terms), most]
            cursor.execute("SELECT * FROM search_hits(%s::regclass, %s, %s, %s, %s)", given)
        else:
            cursor.execute(_sqlite(table, terms), [tokens(owner, search_grams(terms)), owner, *terms, most])
        return [key for (key,) in cursor.fetchall()]


def _some(connection: BaseDatabaseWrapper, table: str, terms: Sequence[str], rows: int) -> str:
    """The hits among so many of the owner's rows, whichever. Words that stand nearly everywhere have enough of them
    there, while the index would hand over all of its rows before the first is looked at."""
    position = "STRPOS" if connection.vendor == "postgresql" else "INSTR"
    rechecked = " AND ".join([f"{position}(search_text, %s) > 0"] * len(terms))
    some = f'SELECT id, search_text FROM "{table}" WHERE owner_id = %s LIMIT {rows}'  # noqa: S608 — names of ours
    return f"SELECT id FROM ({some}) some_rows WHERE {rechecked}"  # noqa: S608


def _sqlite(table: str, terms: Sequence[str]) -> str:
    rechecked = " AND INSTR(found.search_text, %s) > 0" * len(terms)
    # Names of ours. A unary plus keeps SQLite from coming by the owner's index.
    return (
        f'SELECT found.id FROM "{table}_search" grams '  # noqa: S608
        f'CROSS JOIN "{table}_search_rows" entry ON entry.id = grams.rowid '
        f'CROSS JOIN "{table}" found ON found.id = entry.row '
        f'WHERE grams."{table}_search" MATCH %s AND +found.owner_id = %s{rechecked} LIMIT %s'
    )
