"""What a list does about a search besides its condition: how to find the rows, and what of them was found.

Two ways lead to the rows. What few have (`MOST_HITS` of the owner's) is found by the index, and only those rows are
looked at. What more have is met soon on the way through the list's own order, so that it is read until the page is
full. Either costs about the same for whatever is asked; a planner of the database would guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from config.api.lists.filters import HITS, SearchFilter
from config.api.lists.query import ListQuery
from config.api.lists.spec import ListSpec
from config.api.renderers import to_json
from config.search.fields import SEARCH_TEXT
from config.search.hits import Chosen, search_hits, search_hits_among
from config.search.snippets import snippet
from config.sql.compiler import compile_select
from config.sql.placeholders import Parameters

MOST_HITS = 2_000


def asked_terms(spec: ListSpec, query: ListQuery) -> tuple[str, ...]:
    """The words of the search; none where nothing is searched."""
    if spec.search is None or spec.search not in dict(query.variants):
        return ()
    return tuple((query.values or {})[spec.search])


def looked_up(
    spec: ListSpec,
    query: ListQuery,
    terms: tuple[str, ...],
    scope: Mapping[str, Any],
    connection: BaseDatabaseWrapper,
) -> tuple[ListQuery, int | None]:
    """The question with the way that leads to its rows; and how many there are (MOST_HITS + 1: more), if nothing but
    the search narrows the list."""
    model = spec.read_model.source_model
    if not terms or not model.search_is_indexed:  # type: ignore[attr-defined]
        return query, None
    if "owner_id" in scope:
        hits = search_hits(connection, model, scope["owner_id"], terms, MOST_HITS + 1)
        is_all = spec.shows_all_of_owner
    else:
        hits = search_hits_among(connection, model, _chosen(spec, scope, connection), terms, MOST_HITS + 1)
        is_all = True
    known = len(hits) if is_all and len(query.variants) == 1 else None
    if len(hits) > MOST_HITS:
        return query, known
    variants = tuple((name, HITS if name == spec.search else variant) for name, variant in query.variants)
    return replace(query, variants=variants, values={**(query.values or {}), SearchFilter.hits: hits}), known


def _chosen(spec: ListSpec, scope: Mapping[str, Any], connection: BaseDatabaseWrapper) -> Chosen:
    """The list's rows, whosever they are, as the search takes them."""
    sql, params = compile_select(spec.rows().values("id", "owner_id", SEARCH_TEXT), connection)
    return sql, Parameters(params).fill(scope, connection)


def with_matches(row: str, names: Sequence[str], texts: Sequence[str], terms: Sequence[str]) -> str:
    """The row's JSON with a member `matches`: a snippet of each text in which a word was found."""
    found = [
        {"field": name, "text": one.text, "marks": one.marks}
        for name, text in zip(names, texts, strict=True)
        if (one := snippet(text, terms))
    ]
    return f'{row[:-1]},"matches":{to_json(found).decode()}}}'
