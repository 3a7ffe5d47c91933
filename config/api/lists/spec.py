"""What a list is: its rows, and how they may be filtered and sorted."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models import QuerySet

from config.api.lists.filters import Filter, SearchFilter
from config.api.lists.read_models import ReadModel
from config.api.lists.sorting import SortColumn, sort_columns
from config.search.fields import search_field
from config.sql.placeholders import Placeholder

#: Returns the rows that somebody may see. All its parameters are scope: the owner, keys from the path.
Selector = Callable[..., "QuerySet[Any]"]
Sorts = Mapping[str, str | Sequence[str]] | Iterable[str]

#: What a selector's parameter of this type is compared with.
SCOPE_FIELDS: Mapping[type, models.Field[Any, Any]] = {
    UUID: models.UUIDField(),
    int: models.BigIntegerField(),
    str: models.TextField(),
}

#: Query parameters with a meaning of their own.
RESERVED = frozenset({"page", "limit", "sort", "cursor"})


class Source:
    """A read model over a selector: enough to read one row.

    The selector must be **stable in shape**: for every value of its parameters the same QuerySet but for those
    values, which it may only hand to the ORM. It is called with placeholders, once per shape, and what it builds serves
    everybody; so it must not look at the clock, the language or the request. Its parameters are annotated: UUID, int
    or str.
    """

    def __init__(self, read_model: type[ReadModel], selector: Selector) -> None:
        self.read_model = read_model
        self.selector = selector
        self.scope: dict[str, models.Field[Any, Any]] = {}
        for name, parameter in inspect.signature(selector, eval_str=True).parameters.items():
            if parameter.annotation not in SCOPE_FIELDS:
                raise ImproperlyConfigured(f"{self.name}: {name} must be annotated as UUID, int or str")
            self.scope[name] = SCOPE_FIELDS[parameter.annotation]

    def rows(self) -> QuerySet[Any]:
        """The selector's queryset over placeholders. Raises ImproperlyConfigured when rows of it can't be composed."""
        queryset = self.selector(**{name: Placeholder(name, field) for name, field in self.scope.items()})
        query = queryset.query
        if query.distinct or query.combinator or query.is_sliced or query.group_by is not None:
            raise ImproperlyConfigured(
                f"{self.name}: a selector may not slice, group, combine or be distinct"
            )
        if queryset.model is not self.read_model.source_model:
            raise ImproperlyConfigured(f"{self.name}: the read model is of another model than the selector")
        return queryset

    @property
    def name(self) -> str:
        return f"{self.read_model.__name__}/{getattr(self.selector, '__name__', 'selector')}"


class ListSpec(Source):
    """A list: a source with the filters and sort orders that a client may ask for.

    `sorts` are lookup paths by the names under which clients know them (or just names); several for one name are
    compared one after the other: `{"handy": ("-is_favorite", "-use_count", "-last_used_at")}`. With `-` before it a
    client gets the reverse. NULLs come last both ways (`"-published_at!"`: there are none), and the primary key breaks
    ties, in the last path's direction. What is found by a search says where (`matches`), unless the rows go into a
    file (`shows_matches=False`).
    """

    def __init__(
        self,
        read_model: type[ReadModel],
        selector: Selector,
        *,
        filters: Mapping[str, Filter] | None = None,
        sorts: Sorts = ("created_at",),
        default_sort: str = "-created_at",
        shows_matches: bool = True,
    ) -> None:
        super().__init__(read_model, selector)
        self.shows_matches = shows_matches
        self.filters = dict(filters or {})
        named = sorts if isinstance(sorts, Mapping) else {name: name for name in sorts}
        self.sorts = {name: sort_columns(read_model.source_model, paths) for name, paths in named.items()}
        self.default_sort = default_sort
        self._check()

    @cached_property
    def search(self) -> str | None:
        """The name of the filter that searches."""
        return next((name for name, one in self.filters.items() if isinstance(one, SearchFilter)), None)

    @property
    def searched_texts(self) -> tuple[str, ...]:
        """The fields in which it searches."""
        field = search_field(self.read_model.source_model)
        return field.computed_from if field else ()

    @cached_property
    def shows_all_of_owner(self) -> bool:
        """Whether the selector asks nothing of a row but whose it is."""
        return self.scope.keys() == {"owner_id"} and len(self.rows().query.where.children) == 1

    def _check(self) -> None:
        taken = RESERVED.union(self.scope) & self.filters.keys()
        if taken:
            raise ImproperlyConfigured(f"{self.name}: a filter can't be called {', '.join(sorted(taken))}")
        if self.search is not None and search_field(self.read_model.source_model) is None:
            raise ImproperlyConfigured(f"{self.name}: only a SearchableModel can be searched")
        if self.default_sort.removeprefix("-") not in self.sorts:
            raise ImproperlyConfigured(f"{self.name}: can't sort by {self.default_sort}")

    def sort_columns(self, sort: str) -> tuple[SortColumn, ...]:
        """The columns of a sort order (with or without `-`), the primary key at their end."""
        columns = self.sorts[sort.removeprefix("-")]
        return tuple(one.reversed() for one in columns) if sort.startswith("-") else columns
