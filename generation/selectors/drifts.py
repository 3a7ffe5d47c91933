"""Where a month's budget and the ledger disagree about an account."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import BigIntegerField, Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from accounts.domain.months import next_month
from accounts.models import BudgetPeriod
from config.db import uuid7_floor
from generation.domain.states import CALL_OPEN
from generation.models import ProviderCall

#: A call is written a moment after its month was chosen. Looking this far beyond the month, by the indexes of when rows
#: were made, allows for every clock that was ever set wrong, and spares reading the years before.
MARGIN = timedelta(days=31)
SPENT = Coalesce(Sum("cost_micros", filter=~Q(status__in=CALL_OPEN)), 0, output_field=BigIntegerField())
RESERVED = Coalesce(Sum("reserved_micros", filter=Q(status__in=CALL_OPEN)), 0, output_field=BigIntegerField())


@dataclass(frozen=True, slots=True)
class Drift:
    """What the budget says of an account's month, and (`_due`) what the ledger says. Micro-units."""

    owner_id: UUID
    month: date
    is_test: bool
    spent: int
    reserved: int
    spent_due: int
    reserved_due: int

    @property
    def is_there(self) -> bool:
        return (self.spent, self.reserved) != (self.spent_due, self.reserved_due)


def ledger_sums(owner_id: UUID, month: date, *, is_test: bool) -> tuple[int, int]:
    """What the account's calls of the month have cost, and what its open ones may still cost. One query."""
    sums = (
        _counted(month).filter(owner_id=owner_id, is_test=is_test).aggregate(spent=SPENT, reserved=RESERVED)
    )
    return int(sums["spent"]), int(sums["reserved"])


def budget_drifts(month: date, *, batch_size: int) -> Iterator[tuple[int, list[Drift]]]:
    """Walk the month's budgets; yields how many were looked at and those that disagree.

    Each batch is one statement, which sees both tables at one moment: calls that are made meanwhile are no drift, as
    their row and their budget change in one transaction.
    """
    mine = (
        _counted(month).filter(owner_id=OuterRef("owner_id"), is_test=OuterRef("is_test")).values("owner_id")
    )
    rows = (
        BudgetPeriod.objects.filter(month=month)
        .annotate(
            spent_due=Coalesce(Subquery(mine.annotate(sum=SPENT).values("sum")), 0),
            reserved_due=Coalesce(Subquery(mine.annotate(sum=RESERVED).values("sum")), 0),
        )
        .order_by("pk")
    )
    batch = list(rows[:batch_size])
    while batch:
        yield len(batch), [drift for drift in map(_drift, batch) if drift.is_there]
        batch = list(rows.filter(pk__gt=batch[-1].pk)[:batch_size])


def _drift(period: Any) -> Drift:
    return Drift(
        owner_id=period.owner_id,
        month=period.month,
        is_test=period.is_test,
        spent=period.spent_micros,
        reserved=period.reserved_micros,
        spent_due=int(period.spent_due),
        reserved_due=int(period.reserved_due),
    )


def budgets_missing(month: date) -> Iterator[Drift]:
    """Accounts with calls of this month that cost something and no row of its budget. Reads the ledger by days."""
    budget = BudgetPeriod.objects.filter(
        owner_id=OuterRef("owner_id"), month=month, is_test=OuterRef("is_test")
    )
    calls = ProviderCall.objects.filter(~Exists(budget), budget_month=month).order_by()
    seen: set[tuple[UUID, bool]] = set()
    begin, end = _span(month)
    while begin < end:
        day = calls.filter(pk__gte=uuid7_floor(begin), pk__lt=uuid7_floor(begin + timedelta(days=1)))
        for owner_id, is_test in set(day.values_list("owner_id", "is_test").distinct()) - seen:
            seen.add((owner_id, is_test))
            spent, reserved = ledger_sums(owner_id, month, is_test=is_test)
            drift = Drift(owner_id, month, is_test, 0, 0, spent, reserved)
            if drift.is_there:
                yield drift
        begin += timedelta(days=1)


def _counted(month: date) -> QuerySet[ProviderCall]:
    begin, end = _span(month)
    return ProviderCall.objects.filter(
        budget_month=month, created_at__gte=begin, created_at__lt=end
    ).order_by()


def _span(month: date) -> tuple[datetime, datetime]:
    return datetime.combine(month, time.min, tzinfo=UTC) - MARGIN, next_month(month) + MARGIN
