"""Mending budgets that disagree with the ledger. The ledger is right: it has a row for every call."""

from datetime import date
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from accounts.models import BudgetPeriod
from generation.selectors.drifts import Drift, ledger_sums

log = structlog.get_logger(__name__)


@transaction.atomic
def budget_mend(*, owner_id: UUID, month: date, is_test: bool) -> Drift | None:
    """Set the month's budget to what the ledger says, while calls go on; returns what was wrong, None: nothing.

    Everybody changes the ledger's row first and the budget's after it, in one transaction. So with the budget's row
    locked, each such transaction is either over, and the sums have its call, or it hasn't reached the budget yet, the
    sums don't have its call, and it adds its part to what is written here. The sums are a statement of their own after
    the lock: it must see what was committed while the lock was waited for. SQLite has one writer at a time anyway.
    """
    mine = BudgetPeriod.objects.filter(owner_id=owner_id, month=month, is_test=is_test)
    locked = mine.select_for_update(no_key=True)
    period = locked.first()
    if period is None:
        if not any(ledger_sums(owner_id, month, is_test=is_test)):
            return None
        new = BudgetPeriod(owner_id=owner_id, month=month, is_test=is_test)
        BudgetPeriod.objects.bulk_create([new], ignore_conflicts=True)
        period = locked.get()
    spent, reserved = ledger_sums(owner_id, month, is_test=is_test)
    drift = Drift(owner_id, month, is_test, period.spent_micros, period.reserved_micros, spent, reserved)
    if not drift.is_there:
        return None
    mine.filter(spent_micros=drift.spent, reserved_micros=drift.reserved).update(
        spent_micros=spent, reserved_micros=reserved, updated_at=timezone.now()
    )
    log.warning(
        "budget.mended",
        owner=str(owner_id),
        month=f"{month:%Y-%m}",
        is_test=is_test,
        spent=[drift.spent, spent],
        reserved=[drift.reserved, reserved],
    )
    return drift
