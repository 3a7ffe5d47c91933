"""Conditions of a search: a text that contains a word, and keys that an index has found."""

from __future__ import annotations

from typing import Any

import orjson
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Func, QuerySet
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from config.sql.compiler import Sql
from config.sql.placeholders import Placeholder


def containing(queryset: QuerySet[Any], field: str, terms: list[Placeholder]) -> QuerySet[Any]:
    """Rows whose folded text contains each of the terms. No character of a term means another, unlike with LIKE."""
    for term in terms:
        queryset = queryset.filter(GreaterThan(StrIndex(F(field), term), 0))
    return queryset


class Keys(Placeholder):
    """Any number of primary keys as one parameter, as the database has them."""

    def __init__(self, name: str) -> None:
        super().__init__(name, models.TextField())

    def prepare(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        return list(value) if connection.vendor == "postgresql" else orjson.dumps(value).decode()


class HasKeyOf(Func):
    """Whether a row's key is among those of a `Keys`."""

    output_field = models.BooleanField()

    def __init__(self, keys: Keys) -> None:
        super().__init__(F("pk"), keys)

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper, *args: Any, **extra: Any) -> Sql:
        template = "%(expressions)s)" if connection.vendor == "postgresql" else "%(expressions)s))"
        joiner = " = ANY(" if connection.vendor == "postgresql" else " IN (SELECT value FROM json_each("
        return super().as_sql(compiler, connection, template=template, arg_joiner=joiner, **extra)
