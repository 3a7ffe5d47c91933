"""What a list can be filtered by. A filter names its type; the values travel in placeholders."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from config.api.lists.fields import leads_to_many
from config.search.fields import SEARCH_TEXT
from config.search.folding import search_terms
from config.sql.placeholders import Placeholder
from config.sql.search import HasKeyOf, Keys, containing

LONGEST_TEXT = 200
#: How many values one parameter may name.
MOST_VALUES = 20
#: NUL and halves of characters, which no text can hold.
NO_TEXT = re.compile("[\0\ud800-\udfff]")
#: The shape of a search whose rows an index has found.
HITS = "hits"


class FilterValueError(ValueError):
    """A value that the filter can't read; the message says what it expects."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A filter with its value: `variant` is part of the statement's shape, `values` fill its placeholders."""

    variant: Any = None
    values: Mapping[str, Any] = field(default_factory=dict)


class Filter:
    """Narrows a list by one query parameter.

    `lookup` is an ORM lookup that gets the value (`project_id`, `created_at__gte`). `expression` compares something
    computed instead of a field of the model.
    """

    value_field: models.Field[Any, Any]
    #: Whether one query plan is right for all values: not where some values are rare and others are everywhere.
    has_one_plan: ClassVar[bool] = False

    def __init__(self, lookup: str = "", *, expression: Any = None, help: str = "") -> None:
        self.lookup = lookup
        self.expression = expression
        self.help = help

    def parse(self, raw: str) -> Any:
        """The value of a query parameter. Raises FilterValueError."""
        raise NotImplementedError

    def bind(self, name: str, raw: str) -> Bound:
        return Bound(values={name: self.parse(raw)})

    def apply(self, queryset: QuerySet[Any], name: str, variant: Any) -> QuerySet[Any]:
        """Called once for each shape, with a placeholder that is called like the parameter."""
        return self.matching(queryset, name, Placeholder(name, self.value_field))

    def matching(self, queryset: QuerySet[Any], name: str, value: Any, lookup: str = "") -> QuerySet[Any]:
        """The rows whose value is (or stands in the relation `lookup` to) this one."""
        if self.expression is None:
            return queryset.filter(**{f"{self.lookup or name}{lookup}": value})
        alias = f"filtered_{name}"
        return queryset.alias(**{alias: self.expression}).filter(**{f"{alias}{lookup}": value})

    def schema(self) -> dict[str, Any]:
        """JSON schema of the parameter."""
        raise NotImplementedError


class UuidFilter(Filter):
    has_one_plan = True
    value_field = models.UUIDField()

    def parse(self, raw: str) -> UUID:
        if len(raw) in (32, 36):
            try:
                return UUID(raw)
            except ValueError:
                pass
        raise FilterValueError(_("Must be a UUID."))

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "uuid"}


class ChoiceFilter(Filter):
    value_field = models.CharField()

    def __init__(
        self, choices: Iterable[str], lookup: str = "", *, expression: Any = None, help: str = ""
    ) -> None:
        super().__init__(lookup, expression=expression, help=help)
        self.choices = tuple(str(choice) for choice in choices)

    def parse(self, raw: str) -> str:
        if raw not in self.choices:
            raise FilterValueError(_("Must be one of: %(choices)s.") % {"choices": ", ".join(self.choices)})
        return raw

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.choices)}


class TextFilter(Filter):
    """Equal to a text; `fold` is what the column's texts went through to be compared."""

    value_field: models.Field[Any, Any] = models.CharField()

    def __init__(
        self,
        lookup: str = "",
        *,
        expression: Any = None,
        help: str = "",
        fold: Callable[[str], str] | None = None,
    ) -> None:
        super().__init__(lookup, expression=expression, help=help)
        self.fold = fold

    def parse(self, raw: str) -> str:
        if not raw or len(raw) > LONGEST_TEXT or "\0" in raw:
            raise FilterValueError(_("Must have 1 to %(longest)d characters.") % {"longest": LONGEST_TEXT})
        return self.fold(raw) if self.fold is not None else raw

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}


class IntFilter(Filter):
    """A whole number from 0 on; give a lookup such as `seq__gt` for a bound."""

    value_field = models.BigIntegerField()

    def parse(self, raw: str) -> int:
        if not (raw.isascii() and raw.isdigit() and len(raw) <= 18):
            raise FilterValueError(_("Must be a whole number from 0 on."))
        return int(raw)

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "format": "int64", "minimum": 0}


class BoolFilter(Filter):
    """`true` or `false`; the condition is a Q, and `false` means its negation. Each makes a shape of its own."""

    has_one_plan = True

    def __init__(self, condition: Q, *, help: str = "") -> None:
        super().__init__(help=help)
        self.condition = condition

    def bind(self, name: str, raw: str) -> Bound:
        if raw not in ("true", "false"):
            raise FilterValueError(_("Must be true or false."))
        return Bound(variant=raw == "true")

    def apply(self, queryset: QuerySet[Any], name: str, variant: Any) -> QuerySet[Any]:
        return queryset.filter(self.condition if variant else ~self.condition)

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


class TimeFilter(Filter):
    """An instant in ISO 8601, UTC unless it says otherwise; give a lookup with a bound (`created_at__gte`)."""

    value_field = models.DateTimeField()

    def parse(self, raw: str) -> datetime:
        try:
            moment = datetime.fromisoformat(raw)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise FilterValueError(_("Must be a time in ISO 8601, such as 2026-01-31T08:00:00Z.")) from None

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


class SearchFilter(Filter):
    """Rows of a `SearchableModel` whose texts have every word of the search in them: in either case and width, also in
    the middle of a word, and one Chinese character is a word, too. A list has one; each row then says where."""

    value_field = models.TextField()
    #: The placeholder of the keys that an index has found.
    hits: ClassVar[str] = ":hits"

    def parse(self, raw: str) -> tuple[str, ...]:
        if len(raw) > LONGEST_TEXT or NO_TEXT.search(raw):
            raise FilterValueError(_("Must have 1 to %(longest)d characters.") % {"longest": LONGEST_TEXT})
        terms = search_terms(raw)
        if not 1 <= len(terms) <= MOST_VALUES:
            raise FilterValueError(_("Must have 1 to %(most)d words.") % {"most": MOST_VALUES})
        return terms

    def bind(self, name: str, raw: str) -> Bound:
        terms = self.parse(raw)
        places = {_numbered(name, position): term for position, term in enumerate(terms)}
        return Bound(variant=len(terms), values={name: terms, **places})

    def apply(self, queryset: QuerySet[Any], name: str, variant: Any) -> QuerySet[Any]:
        """`variant` is the number of words, or HITS for the rows that an index has found."""
        if variant != HITS:
            places = [Placeholder(_numbered(name, position), self.value_field) for position in range(variant)]
            return containing(queryset, SEARCH_TEXT, places)
        # What else the list asks of a row is asked of the found ones only, whatever the planner thinks.
        found = queryset.model._base_manager.filter(HasKeyOf(Keys(self.hits)))
        return found.filter(Exists(queryset.filter(pk=OuterRef("pk"))))

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}


class AnyOf(Filter):
    """One or several values of another filter, separated by commas: rows that one of them fits (`language=zh,en`).

    Also along a path with several values for one row (`AnyOf(TextFilter("tags__name"))`).
    """

    def __init__(self, one: Filter, *, help: str = "") -> None:
        super().__init__(
            one.lookup,
            expression=one.expression,
            help=help or one.help or "One, or several with commas between.",
        )
        self.one = one

    def bind(self, name: str, raw: str) -> Bound:
        found = dict.fromkeys(self.one.parse(value.strip()) for value in raw.split(","))
        if len(found) > MOST_VALUES:
            raise FilterValueError(_("Give at most %(most)d values.") % {"most": MOST_VALUES})
        values = {_numbered(name, position): value for position, value in enumerate(found)}
        return Bound(variant=len(values), values=values)

    def apply(self, queryset: QuerySet[Any], name: str, variant: Any) -> QuerySet[Any]:
        places = [Placeholder(_numbered(name, position), self.one.value_field) for position in range(variant)]
        return self.narrowed(queryset, name, places)

    def narrowed(self, queryset: QuerySet[Any], name: str, places: list[Placeholder]) -> QuerySet[Any]:
        if self.expression is None and leads_to_many(queryset.model, self.lookup or name):
            return queryset.filter(self._having(queryset, name, places, "__in"))
        return self.one.matching(queryset, name, places, "__in")

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.one.schema(), "minItems": 1, "maxItems": MOST_VALUES}

    def _having(self, queryset: QuerySet[Any], name: str, value: Any, lookup: str = "") -> Exists:
        """A row may have several values: joined, it would be listed as often."""
        same = queryset.model._base_manager.filter(pk=OuterRef("pk"))
        return Exists(self.one.matching(same, name, value, lookup))


class AllOf(AnyOf):
    """Several values, separated by commas: rows that have each of them (`tags_all=a,b`), along a path with several
    values for one row."""

    def narrowed(self, queryset: QuerySet[Any], name: str, places: list[Placeholder]) -> QuerySet[Any]:
        for place in places:
            queryset = queryset.filter(self._having(queryset, name, place))
        return queryset


def _numbered(name: str, position: int) -> str:
    return f"{name}:{position}"


def time_range(field: str) -> dict[str, Filter]:
    """`<field>_from` (inclusive) and `<field>_before` (exclusive): `created_at` → `created_from`, `created_before`."""
    stem = field.removesuffix("_at")
    return {f"{stem}_from": TimeFilter(f"{field}__gte"), f"{stem}_before": TimeFilter(f"{field}__lt")}
