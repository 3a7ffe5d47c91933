"""Text search in lists, behind one function, so that an index can come without the lists noticing.

LIKE over lower-cased text scans one owner's rows; at ten thousand rows that costs under ten milliseconds, and unlike a
trigram index it finds two-character Chinese words.
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Func, Q, QuerySet

from config.sql.placeholders import Placeholder


class PatternPlaceholder(Placeholder):
    """Its text becomes a LIKE pattern for "contains this"; `%`, `_` and `\\` in it stand for themselves."""

    def prepare(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        escaped = str(value).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return f"%{escaped}%"


class Contains(Func):
    """Both sides are folded by the database, so that they agree on what a lower-case letter is."""

    template = "(%(expressions)s ESCAPE '\\')"
    arg_joiner = " LIKE "
    output_field = models.BooleanField()


def contains(queryset: "QuerySet[Any]", paths: Sequence[str], name: str) -> "QuerySet[Any]":
    """Rows in which one of the text fields contains the placeholder's text, in either case."""
    term = Func(
        PatternPlaceholder(name, models.TextField()), function="LOWER", output_field=models.TextField()
    )
    conditions = [
        Q(Contains(Func(F(path), function="LOWER", output_field=models.TextField()), term)) for path in paths
    ]
    return queryset.filter(reduce(or_, conditions))
