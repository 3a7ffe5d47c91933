"""What an account used: its calls, summed up by day or by what was called."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Count, F, Func, Q, QuerySet, Sum, Window
from django.db.models.functions import Coalesce, TruncDate
from django.db.models.sql.compiler import SQLCompiler

from generation.domain.prices import CURRENCY
from generation.domain.states import CALL_OPEN, CallStatus
from generation.models import ProviderCall

#: Groups that are shown one by one, the dearest; what is left is one sum.
GROUPS_SHOWN = 200


class UsageBy(StrEnum):
    DAY = "day"
    MODEL = "model"
    PROVIDER = "provider"
    CAPABILITY = "capability"
    FEATURE = "feature"


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over calls, whatever became of them. Amounts are micro-units.

    `cost_micros` is what the operator's accounts were charged, `own_key_cost_micros` what the owner paid the vendors by
    keys of their own. `reserved_micros` is what open calls may still cost at most, those by own keys aside, as no
    budget holds anything for them. `estimates` are calls whose tokens were counted here.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost_micros: int = 0
    own_key_cost_micros: int = 0
    reserved_micros: int = 0
    uncertain_calls: int = 0
    estimates: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(**{name: getattr(self, name) + getattr(other, name) for name in FIGURES})

    def __sub__(self, other: "Figures") -> "Figures":
        return Figures(**{name: getattr(self, name) - getattr(other, name) for name in FIGURES})


@dataclass(frozen=True, slots=True)
class Usage:
    """`rows` are days in their order (each day of the range, also those without a call), or groups, the dearest first.
    `others` sums up the groups beyond `GROUPS_SHOWN`; None: there are none."""

    totals: Figures
    rows: dict[str, Figures]
    others: Figures | None
    currency: str = CURRENCY


FIGURES = tuple(field.name for field in fields(Figures))
SUMS: Mapping[str, Any] = {
    "calls": Count("*"),
    "input_tokens": Sum("input_tokens"),
    "output_tokens": Sum("output_tokens"),
    "cached_tokens": Sum("cached_tokens"),
    "reasoning_tokens": Sum("reasoning_tokens"),
    "cost_micros": Coalesce(Sum("cost_micros", filter=Q(is_own_key=False)), 0),
    "own_key_cost_micros": Coalesce(Sum("cost_micros", filter=Q(is_own_key=True)), 0),
    "reserved_micros": Coalesce(Sum("reserved_micros", filter=Q(is_own_key=False, status__in=CALL_OPEN)), 0),
    "uncertain_calls": Count("status", filter=Q(status=CallStatus.UNCERTAIN)),
    "estimates": Count("is_estimate", filter=Q(is_estimate=True)),
}


class UtcDay(TruncDate):
    """The day in UTC. SQLite keeps times in UTC as text that begins with the day; Django's own function would be called
    back in Python for every row."""

    def __init__(self, expression: Any, **extra: Any) -> None:
        super().__init__(expression, tzinfo=UTC, **extra)

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> Any:
        sql, params = compiler.compile(self.lhs)
        return f"SUBSTR({sql}, 1, 10)", params


class SumOfSums(Func):
    """For a window over groups. Django's own `Sum` refuses what is a sum already."""

    function = "SUM"
    arity = 1
    window_compatible = True


def usage_for(
    owner_id: UUID,
    *,
    by: UsageBy,
    first: date,
    last: date,
    is_test: bool,
    only: Mapping[str, str] | None = None,
) -> Usage:
    """Sum up the owner's calls of these days (UTC, both included) by one query.

    A call belongs to the day on which it was begun, as it does to that month's budget. `only` maps columns of the
    ledger (capability, provider, model, feature) to what they must be.
    """
    calls = (
        ProviderCall.objects.owned_by(owner_id)
        .filter(
            created_at__gte=datetime.combine(first, time.min, tzinfo=UTC),
            created_at__lte=datetime.combine(last, time.max, tzinfo=UTC),
            is_test=is_test,
            **(only or {}),
        )
        .order_by()
    )
    return _by_day(calls, first, last) if by is UsageBy.DAY else _by_group(calls, by)


def _by_day(calls: QuerySet[ProviderCall], first: date, last: date) -> Usage:
    days = dict.fromkeys((first + timedelta(days=n) for n in range((last - first).days + 1)), Figures())
    for row in _summed(calls, UtcDay("created_at")):
        days[row["key"]] = _figures(row, "sum_")
    totals = sum(days.values(), Figures())
    return Usage(totals, {day.isoformat(): figures for day, figures in days.items()}, None)


def _by_group(calls: QuerySet[ProviderCall], by: UsageBy) -> Usage:
    """The groups that aren't shown stay in the database: the sums over all of them come with each row."""
    over_all = {f"all_{name}": Window(SumOfSums(F(f"sum_{name}"))) for name in FIGURES}
    paid = F("sum_cost_micros") + F("sum_own_key_cost_micros")
    ranked = _summed(calls, F(by.value)).annotate(**over_all).order_by(paid.desc(), "-sum_calls", "key")
    found = list(ranked[:GROUPS_SHOWN])
    rows = {row["key"]: _figures(row, "sum_") for row in found}
    totals = _figures(found[0], "all_") if found else Figures()
    others = totals - sum(rows.values(), Figures())
    return Usage(totals, rows, others if others.calls else None)


def _summed(calls: QuerySet[ProviderCall], key: Any) -> QuerySet[Any, Any]:
    return calls.values(key=key).annotate(**{f"sum_{name}": one for name, one in SUMS.items()})


def _figures(row: Mapping[str, Any], prefix: str) -> Figures:
    """PostgreSQL sums whole numbers up to decimals."""
    return Figures(**{name: int(row[prefix + name]) for name in FIGURES})


def call_list_for(owner_id: UUID) -> QuerySet[ProviderCall]:
    return ProviderCall.objects.owned_by(owner_id)
