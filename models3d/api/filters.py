"""Filters of models."""

from math import isfinite
from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from config.api.lists.filters import Filter, FilterValueError, TextFilter
from models3d.domain import limits
from models3d.domain.tags import tag_of
from models3d.selectors.tags import HasTag


class SizeFilter(Filter):
    """Millimetres."""

    value_field = models.FloatField()

    def parse(self, raw: str) -> float:
        try:
            size = float(raw) if raw.isascii() and len(raw) <= 20 else 0.0
        except ValueError:
            size = 0.0
        if not (isfinite(size) and limits.LEAST_MM <= size <= limits.MOST_MM):
            bounds = {"least": limits.LEAST_MM, "most": int(limits.MOST_MM)}
            raise FilterValueError(_("Must be a number of millimetres from %(least)s to %(most)d.") % bounds)
        return size

    def schema(self) -> dict[str, Any]:
        return {"type": "number", "minimum": limits.LEAST_MM, "maximum": limits.MOST_MM}


class TagFilter(TextFilter):
    """A tag among those of a row."""

    def __init__(self, *, help: str) -> None:
        super().__init__(fold=tag_of, help=help)

    def matching(self, queryset: QuerySet[Any], name: str, value: Any, lookup: str = "") -> QuerySet[Any]:
        return queryset.filter(HasTag(value))
