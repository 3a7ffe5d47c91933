"""Sort orders of a list: the columns, what a cursor keeps of them, and the condition for going on behind it.

An order is total, because the primary key ends it. Rows without a value (NULL) come last, in either direction: so it
is the same on both databases, and a cursor knows what is behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast

from config.api.lists.fields import leads_to_many, model_field
from config.sql.placeholders import Placeholder

#: Types whose values come back from a cursor as they were, and compare alike on both databases.
SORTABLE = (
    models.BooleanField,
    models.CharField,
    models.DateField,
    models.FloatField,
    models.IntegerField,
    models.TextField,
    models.UUIDField,
)
#: Characters that the texts of one order may have, so that a cursor stays fit for an address.
LONGEST_TEXTS = 400


@dataclass(frozen=True, slots=True)
class SortColumn:
    """One column of an order. `path` is a lookup path to one value, on the row itself or along foreign keys."""

    path: str
    field: models.Field[Any, Any]
    descending: bool
    may_be_null: bool

    def reversed(self) -> SortColumn:
        return SortColumn(self.path, self.field, not self.descending, self.may_be_null)

    def order(self) -> Any:
        nulls_last = self.may_be_null or None
        column = F(self.path)
        return column.desc(nulls_last=nulls_last) if self.descending else column.asc(nulls_last=nulls_last)

    def key(self) -> Any:
        """What of it goes into a cursor.

        Times travel as the database's own text: SQLite compares the text that it stores, and from PostgreSQL it spares
        making a datetime for every row of which one is used.
        """
        return Cast(F(self.path), models.TextField()) if self._is_time else F(self.path)

    def bound_field(self, vendor: str) -> models.Field[Any, Any]:
        """What prepares a cursor's value on its way back."""
        return models.TextField() if self._is_time and vendor == "sqlite" else self.field

    def after(self, value: Placeholder) -> Q:
        """Rows that come after those with this value."""
        return self._compared("lt" if self.descending else "gt", value)

    def behind(self, value: Placeholder | None, rest: Q) -> Q:
        """Rows that come after those with this value, or have the same and fulfil `rest`. None: NULL.

        The first condition is implied by the second, but it is the one an index can be entered by.
        """
        if value is None:
            return Q(**{f"{self.path}__isnull": True}) & rest
        return self._compared("lte" if self.descending else "gte", value) & (self.after(value) | rest)

    def _compared(self, lookup: str, value: Placeholder) -> Q:
        condition = Q(**{f"{self.path}__{lookup}": value})
        return condition | Q(**{f"{self.path}__isnull": True}) if self.may_be_null else condition

    @property
    def _is_time(self) -> bool:
        return isinstance(self.field, models.DateTimeField)


def sort_columns(model: type[models.Model], paths: str | Sequence[str]) -> tuple[SortColumn, ...]:
    """The columns of an order, with the primary key at its end. A path with `-` before it is descending; with `!`
    behind it, none of the list's rows is without a value, whatever the model allows, so that an index of it serves.

    Raises ImproperlyConfigured for what can't be sorted by, FieldDoesNotExist.
    """
    columns = [_column(model, path) for path in ([paths] if isinstance(paths, str) else paths)]
    texts = [
        one.field.max_length for one in columns if isinstance(one.field, models.CharField | models.TextField)
    ]
    if sum(length or LONGEST_TEXTS + 1 for length in texts) > LONGEST_TEXTS:
        raise ImproperlyConfigured(f"can't sort by {paths}: texts are too long for a cursor")
    return *columns, SortColumn("pk", model._meta.pk, columns[-1].descending, may_be_null=False)


def _column(model: type[models.Model], given: str) -> SortColumn:
    path = given.removeprefix("-").removesuffix("!")
    field, may_be_null = model_field(model, path)
    may_be_null = may_be_null and not given.endswith("!")
    if leads_to_many(model, path):
        raise ImproperlyConfigured(f"can't sort by {path}: there are several for one row")
    value_field = field.target_field if isinstance(field, models.ForeignKey) else field
    if not isinstance(value_field, SORTABLE):
        raise ImproperlyConfigured(
            f"can't sort by {path}: no value of {type(field).__name__} goes into a cursor"
        )
    return SortColumn(path, value_field, given.startswith("-"), may_be_null)
