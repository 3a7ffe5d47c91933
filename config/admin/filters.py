"""Filters of the admin's lists."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from config.db import uuid7_floor


class ConditionFilter(admin.SimpleListFilter):
    """A choice of a few conditions: subclasses give each its name in the address, its words, and its condition."""

    def conditions(self) -> Iterable[tuple[str, Any, Q]]:
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, words) for name, words, _condition in self.conditions()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = [condition for name, _words, condition in self.conditions() if name == self.value()]
        return queryset.filter(*chosen)


class WordsFilter(ConditionFilter):
    """A choice of a column's values, in words. Looking for the values that occur would read the whole table."""

    column = ""

    def words(self) -> Iterable[tuple[str, Any]]:
        raise NotImplementedError

    def conditions(self) -> Iterable[tuple[str, Any, Q]]:
        column = self.column or str(self.parameter_name)
        return [(value, words, Q((column, value))) for value, words in self.words()]


class AgeFilter(ConditionFilter):
    """How old a row is, by its key: UUIDv7 holds the time, and every table has an index of it."""

    title = _("age")
    parameter_name = "age"
    DAYS = (1, 7, 30, 365)

    def conditions(self) -> Iterable[tuple[str, Any, Q]]:
        now = timezone.now()
        for days in self.DAYS:
            words = ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
            yield str(days), words, Q(pk__gte=uuid7_floor(now - timedelta(days=days)))
