"""What a client asks of a list, read from the query string."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from config.api.lists.filters import FilterValueError
from config.api.lists.spec import RESERVED, ListSpec
from config.api.problems import MOST_PROBLEMS, capped, repeated
from config.api.suggestions import with_hint
from config.errors import PageTooDeepError, ValidationFailedError

DEFAULT_LIMIT = 20
LARGEST_LIMIT = 100
#: How far pages reach and totals count; cursors go on beyond.
DEEPEST_ROW = 10_000


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A checked question. `cursor` is None in page mode and `""` at the start of cursor mode.

    `variants` are the filters in use with what of them is part of the statement's shape; `values` fill its
    placeholders; `asked` is the filters as the client wrote them.
    """

    sort: str
    limit: int = DEFAULT_LIMIT
    page: int = 1
    cursor: str | None = None
    variants: tuple[tuple[str, Any], ...] = ()
    values: Mapping[str, Any] | None = None
    asked: tuple[tuple[str, str], ...] = ()

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.limit


def read_list_query(spec: ListSpec, params: QueryDict) -> ListQuery:
    """Raises ValidationFailedError that names every parameter that is unknown, doubled or malformed, and
    PageTooDeepError."""
    if not params:
        return ListQuery(spec.default_sort)
    return _Reader(spec, params).read()


class _Reader:
    def __init__(self, spec: ListSpec, params: QueryDict) -> None:
        self.spec = spec
        self.params = params
        self.problems: list[dict[str, str]] = []

    def read(self) -> ListQuery:
        given = self._given()
        limit = self._number(given, "limit", DEFAULT_LIMIT, LARGEST_LIMIT)
        page = self._number(given, "page", 1, None)
        sort = self._sort(given)
        cursor = given.get("cursor")
        if cursor is not None and "page" in given:
            self._problem("cursor", "conflict", _("Give page or cursor, not both."))
        variants, values, asked = self._filters(given)
        if self.problems:
            raise ValidationFailedError(details=capped(self.problems))
        if (page - 1) * limit >= DEEPEST_ROW:
            raise PageTooDeepError(limit=DEEPEST_ROW)
        return ListQuery(sort, limit, page, cursor, variants, values, asked)

    def _problem(self, field: str, code: str, message: str) -> None:
        self.problems.append({"field": field, "code": code, "message": message})

    def _given(self) -> dict[str, str]:
        given: dict[str, str] = {}
        for name, values in self.params.lists():
            if name not in RESERVED and name not in self.spec.filters:
                message = _("This list has no such filter or parameter.")
                known = [*self.spec.filters, *RESERVED]
                if len(self.problems) < MOST_PROBLEMS:
                    message = with_hint(message, name, known)
                self._problem(name, "unknown_parameter", message)
            elif len(values) != 1:
                self.problems.append(repeated(name))
            else:
                given[name] = values[0]
        return given

    def _number(self, given: Mapping[str, str], name: str, default: int, largest: int | None) -> int:
        raw = given.get(name)
        if raw is None:
            return default
        number = int(raw) if raw.isascii() and raw.isdigit() and len(raw) <= 9 else 0
        if number < 1 or (largest is not None and number > largest):
            expected = _("Must be a whole number from 1 on.")
            if largest is not None:
                expected = _("Must be a whole number from 1 to %(largest)d.") % {"largest": largest}
            self._problem(name, "invalid", expected)
            return default
        return number

    def _sort(self, given: Mapping[str, str]) -> str:
        sort = given.get("sort", self.spec.default_sort)
        if sort.removeprefix("-") not in self.spec.sorts:
            names = ", ".join(self.spec.sorts)
            self._problem(
                "sort",
                "unknown_sort",
                _("Must be one of: %(names)s; with - before it for descending.") % {"names": names},
            )
        return sort

    def _filters(self, given: Mapping[str, str]) -> tuple[Any, Any, Any]:
        variants: list[tuple[str, Any]] = []
        values: dict[str, Any] = {}
        asked: list[tuple[str, str]] = []
        for name, one in self.spec.filters.items():
            raw = given.get(name)
            if raw is None:
                continue
            try:
                bound = one.bind(name, raw)
            except FilterValueError as error:
                self._problem(name, "invalid", str(error))
                continue
            variants.append((name, bound.variant))
            values |= bound.values
            asked.append((name, raw))
        return tuple(variants), values, tuple(asked)
