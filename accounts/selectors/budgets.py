"""What an account may spend this month, and what of it is left."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.domain.months import month_of, next_month
from accounts.models import Budget, BudgetPeriod
from config import statements
from config.api.lists.slots import Slot

MICROS = 1_000_000
CURRENCY = "USD"

LIMIT = statements.Select(
    lambda: Budget.objects.filter(owner_id=Slot("owner", models.UUIDField())).values_list("limit_micros")
)


@dataclass(frozen=True, slots=True)
class BudgetState:
    """Micro-units of `currency`. `limit_micros` None: no limit. Play money of the sandbox (`is_test`) has the same
    limit and is counted apart."""

    month: date
    is_test: bool
    limit_micros: int | None
    used_micros: int
    reserved_micros: int
    currency: str = CURRENCY

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


def budget_limit(owner_id: UUID) -> int | None:
    """A user's monthly limit: their own, else the default. None: no limit."""
    own = LIMIT.fetch(owner=owner_id)
    if own:
        limit: int | None = own[0][0]
        return limit
    default = settings.MONTHLY_BUDGET_USD
    return None if default < 0 else round(default * MICROS)


def budget_get(owner_id: UUID, *, is_test: bool = False, now: datetime | None = None) -> BudgetState:
    """The state of the month that `now` lies in."""
    month = month_of(now or timezone.now())
    row = (
        BudgetPeriod.objects.owned_by(owner_id)
        .filter(month=month, is_test=is_test)
        .values_list("spent_micros", "reserved_micros")
        .first()
    )
    used, reserved = row or (0, 0)
    return BudgetState(month, is_test, budget_limit(owner_id), used, reserved)
