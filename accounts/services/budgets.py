"""Budgets: set aside before a call, settled after it.

A month's row is changed by single conditional statements, so that any number of requests at once can't set more aside
than the limit leaves. Whoever changes it does so in the transaction that changes the ledger's row: first the ledger's,
then the budget's, always in this order, or two transactions could wait for each other.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

from accounts.domain.months import month_of
from accounts.errors import BudgetExceededError, BudgetHeldError
from accounts.models import Budget, BudgetPeriod, User
from accounts.selectors.budgets import BudgetState, budget_get, budget_limit
from config.money import money
from config.sql.placeholders import Placeholder
from config.sql.statements import Update

#: More than anybody has: the largest value of the column, halved, so that sums with it stay in range.
BOUNDLESS = 2**62

OWNER = Placeholder("owner", models.UUIDField())
MONTH = Placeholder("month", models.DateField())
IS_TEST = Placeholder("is_test", models.BooleanField())
NOW = Placeholder("now", models.DateTimeField())
MICROS = Placeholder("micros", models.BigIntegerField())
SPENT = Placeholder("spent", models.BigIntegerField())
LIMIT = Placeholder("limit", models.BigIntegerField())


def _period() -> models.QuerySet[BudgetPeriod]:
    return BudgetPeriod.objects.filter(owner_id=OWNER, month=MONTH, is_test=IS_TEST)


RESERVE = Update(
    lambda: (
        _period().filter(spent_micros__lte=LIMIT - F("reserved_micros") - MICROS),
        {"reserved_micros": F("reserved_micros") + MICROS, "updated_at": NOW},
    )
)
CLOSE = Update(
    lambda: (
        _period(),
        {
            "reserved_micros": F("reserved_micros") - MICROS,
            "spent_micros": F("spent_micros") + SPENT,
            "updated_at": NOW,
        },
    )
)


def budget_reserve(*, owner_id: UUID, micros: int, is_test: bool, now: datetime | None = None) -> date:
    """Set `micros` aside; returns the month that they are counted in. Raises BudgetExceededError, nothing changed.

    Call it in the transaction that writes the ledger's row.
    """
    now = now or timezone.now()
    month = month_of(now)
    limit = budget_limit(owner_id)
    values: dict[str, Any] = {
        "owner": owner_id,
        "month": month,
        "is_test": is_test,
        "now": now,
        "micros": micros,
        "limit": BOUNDLESS if limit is None else limit,
    }
    if RESERVE.run(**values):
        return month
    if not BudgetPeriod.objects.filter(owner_id=owner_id, month=month, is_test=is_test).exists():
        first = BudgetPeriod(owner_id=owner_id, month=month, is_test=is_test)
        BudgetPeriod.objects.bulk_create([first], ignore_conflicts=True)
    # Also when there is a row: another request may have made it since the first try, which so said nothing of money.
    if RESERVE.run(**values):
        return month
    raise exceeded(budget_get(owner_id, is_test=is_test, now=now), micros)


def budget_close(*, owner_id: UUID, month: date, is_test: bool, reserved: int, spent: int) -> None:
    """Give back what was set aside, and count what it cost in the end (0: nothing).

    Call it in the transaction that closes the ledger's row, and only when that was really closed by it.
    """
    CLOSE.run(owner=owner_id, month=month, is_test=is_test, micros=reserved, spent=spent, now=timezone.now())


def budget_check(*, owner_id: UUID, micros: int, is_test: bool) -> None:
    """Whether `micros` could be set aside now, for refusing early; only `budget_reserve` decides.

    Raises BudgetExceededError.
    """
    state = budget_get(owner_id, is_test=is_test)
    if state.left_micros is not None and micros > state.left_micros:
        raise exceeded(state, micros)


def exceeded(state: BudgetState, needed: int) -> BudgetExceededError:
    """Worth a retry before the month is over when what runs has set aside what is missing, and may give it back."""
    limit = state.limit_micros or 0
    kind = BudgetHeldError if state.used_micros + needed <= limit else BudgetExceededError
    return kind(
        limit=money(limit),
        used=money(state.used_micros),
        reserved=money(state.reserved_micros),
        needed=money(needed),
        renews_at=f"{state.renews_at:%Y-%m-%dT%H:%M:%SZ}",
        details={
            "limit_micros": limit,
            "used_micros": state.used_micros,
            "reserved_micros": state.reserved_micros,
            "needed_micros": needed,
            "currency": state.currency,
            # As the answers about budgets write it: details are kept as JSON.
            "renews_at": f"{state.renews_at:%Y-%m-%dT%H:%M:%S.%fZ}",
            "is_test": state.is_test,
        },
    )


@transaction.atomic
def budget_set(*, user: User, limit_micros: int | None) -> Budget:
    """Give a user a limit of their own; None: no limit."""
    budget, _ = Budget.objects.update_or_create(owner=user, defaults={"limit_micros": limit_micros})
    return budget


def budget_reset(*, user: User) -> None:
    """Let the default hold again."""
    Budget.objects.filter(owner=user).delete()
