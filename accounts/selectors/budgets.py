"""What an account may spend this month, and what of it is left."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import F, FloatField
from django.db.models.functions import Cast, NullIf
from django.utils import timezone

from accounts.domain.months import month_of, next_month
from accounts.models import Budget, BudgetPeriod
from config.money import MICROS
from config.sql.placeholders import Placeholder
from config.sql.statements import Select

CURRENCY = "USD"

LIMIT = Select(
    lambda: Budget.objects.filter(owner_id=Placeholder("owner", models.UUIDField())).values_list(
        "limit_micros"
    )
)


@dataclass(frozen=True, slots=True)
class BudgetState:
    """Micro-units of `currency`. `limit_micros` None: no limit. Play money of the sandbox (`is_test`) has the same
    limit and is counted apart. `is_own_limit`: staff gave this user a limit of their own, otherwise it is the default.
    """

    month: date
    is_test: bool
    limit_micros: int | None
    used_micros: int
    reserved_micros: int
    currency: str = CURRENCY
    is_own_limit: bool = False

    @property
    def left_micros(self) -> int | None:
        """What can still be set aside; never negative (a limit may have been lowered). None: no limit."""
        if self.limit_micros is None:
            return None
        return max(0, self.limit_micros - self.used_micros - self.reserved_micros)

    @property
    def renews_at(self) -> datetime:
        return next_month(self.month)

    def shown(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "month": f"{self.month:%Y-%m}",
            "limit_micros": self.limit_micros,
            "used_micros": self.used_micros,
            "reserved_micros": self.reserved_micros,
            "left_micros": self.left_micros,
            "currency": self.currency,
            "renews_at": self.renews_at,
            "is_test": self.is_test,
        }


@dataclass(frozen=True, slots=True)
class NearLimit:
    """A month's budget of which little is left."""

    period_id: UUID
    owner_name: str
    limit_micros: int
    used_micros: int
    reserved_micros: int

    @property
    def percent(self) -> int:
        """Of the limit, rounded down; above 100 when the limit was lowered."""
        return (
            (self.used_micros + self.reserved_micros) * 100 // self.limit_micros if self.limit_micros else 100
        )


def budget_limit(owner_id: UUID) -> int | None:
    """A user's monthly limit: their own, else the default. None: no limit."""
    return _limit(owner_id)[0]


def budget_limit_default() -> int | None:
    """The limit of who has none of their own. None: no limit."""
    default = settings.MONTHLY_BUDGET_USD
    return None if default < 0 else round(default * MICROS)


def new_account_limit() -> int | None:
    """The limit that a new account is given as its own. None: none, so that the default holds."""
    limit = settings.NEW_ACCOUNT_BUDGET_USD
    return None if limit < 0 else round(limit * MICROS)


def _limit(owner_id: UUID) -> tuple[int | None, bool]:
    """The limit, and whether it is the user's own."""
    own = LIMIT.fetch(owner=owner_id)
    return (own[0][0], True) if own else (budget_limit_default(), False)


def budget_get(owner_id: UUID, *, is_test: bool = False, now: datetime | None = None) -> BudgetState:
    """The state of the month that `now` lies in."""
    return budgets_get(owner_id, now=now)[is_test]


def budgets_get(owner_id: UUID, *, now: datetime | None = None) -> dict[bool, BudgetState]:
    """The two budgets of the month that `now` lies in, by `is_test`: real money, and play money. Two queries."""
    month = month_of(now or timezone.now())
    rows = BudgetPeriod.objects.owned_by(owner_id).filter(month=month)
    found = {
        is_test: (used, reserved)
        for is_test, used, reserved in rows.values_list("is_test", "spent_micros", "reserved_micros")
    }
    limit, is_own = _limit(owner_id)
    return {
        is_test: BudgetState(month, is_test, limit, *found.get(is_test, (0, 0)), is_own_limit=is_own)
        for is_test in (False, True)
    }


def budgets_near_limit(*, most: int, now: datetime | None = None) -> list[NearLimit]:
    """Whose money for this month is nearly gone, the nearest to their limit first, at most so many. One query."""
    rows = (
        BudgetPeriod.objects.filter(month=month_of(now or timezone.now()), is_test=False)
        .near_limit(budget_limit_default())
        .annotate(limit_shown=F("limit"))
        .order_by(
            (Cast("taken", FloatField()) / NullIf(Cast("limit", FloatField()), 0.0)).desc(nulls_first=True),
            "pk",
        )
        .values_list("pk", "owner__username", "limit_shown", "spent_micros", "reserved_micros")
    )
    return [NearLimit(*row) for row in rows[:most]]
