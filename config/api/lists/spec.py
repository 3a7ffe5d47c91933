"""What a list is: its rows, and how they may be filtered and sorted."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models import QuerySet

from config.api.lists.fields import model_field
from config.api.lists.filters import Filter
from config.api.lists.read_models import ReadModel
from config.sql.placeholders import Placeholder

#: Returns the rows that somebody may see. All its parameters are scope: the owner, keys from the path.
Selector = Callable[..., "QuerySet[Any]"]

#: Query parameters with a meaning of their own.
RESERVED = frozenset({"page", "limit", "sort", "cursor"})


class Source:
    """A read model over a selector: enough to read one row.

    The selector must be **stable in shape**: for every value of its parameters the same QuerySet but for those
    values, which it may only hand to the ORM. It is called with placeholders, once per shape, and what it builds serves
    everybody; so it must not look at the clock, the language or the request. Parameters are UUIDs unless
    `scope_fields` says otherwise.
    """

    def __init__(
        self,
        read_model: type[ReadModel],
        selector: Selector,
        *,
        scope_fields: Mapping[str, models.Field[Any, Any]] | None = None,
    ) -> None:
        self.read_model = read_model
        self.selector = selector
        given = scope_fields or {}
        self.scope = {
            name: given.get(name, models.UUIDField()) for name in inspect.signature(selector).parameters
        }

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

    `sorts` are lookup paths that can't be NULL, by the names under which clients know them (or just names). The
    primary key breaks ties, in the same direction.
    """

    def __init__(
        self,
        read_model: type[ReadModel],
        selector: Selector,
        *,
        filters: Mapping[str, Filter] | None = None,
        sorts: Mapping[str, str] | Iterable[str] = ("created_at",),
        default_sort: str = "-created_at",
        scope_fields: Mapping[str, models.Field[Any, Any]] | None = None,
    ) -> None:
        super().__init__(read_model, selector, scope_fields=scope_fields)
        self.filters = dict(filters or {})
        self.sorts = dict(sorts) if isinstance(sorts, Mapping) else {name: name for name in sorts}
        self.default_sort = default_sort
        self._check()

    def _check(self) -> None:
        taken = RESERVED.union(self.scope) & self.filters.keys()
        if taken:
            raise ImproperlyConfigured(f"{self.name}: a filter can't be called {', '.join(sorted(taken))}")
        if self.default_sort.removeprefix("-") not in self.sorts:
            raise ImproperlyConfigured(f"{self.name}: can't sort by {self.default_sort}")
        for path in self.sorts.values():
            if model_field(self.read_model.source_model, path)[1]:
                raise ImproperlyConfigured(f"{self.name}: {path} can be NULL, so that pages by it have gaps")

    def sort_field(self, sort: str) -> tuple[str, models.Field[Any, Any]]:
        """The lookup path of a sort order (with or without `-`) and its model field."""
        path = self.sorts[sort.removeprefix("-")]
        return path, model_field(self.read_model.source_model, path)[0]
