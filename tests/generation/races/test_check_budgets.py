"""Budgets are compared and mended while calls are made: no drift is seen that isn't there, and none is made."""

import time
from threading import Event
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.domain.months import month_of
from accounts.models import BudgetPeriod, User
from accounts.selectors.budgets import budget_get
from accounts.services.budgets import budget_reserve
from generation.jobs import ledger
from generation.models import ProviderCall
from generation.providers.base import Usage
from generation.selectors.drifts import budget_drifts, ledger_sums
from generation.services.budgets import budget_mend
from tests.generation.factories import text_job
from tests.generation.races.conftest import Together
from tests.support.patience import PATIENCE

BUYERS, CALLS = 4, 12
DEAR = 10_000_000


def reserve(job: Any, step: str) -> ProviderCall:
    return ledger.reserve(job, step, feature="t", capability="llm", provider="p", model="m", micros=100)


def buy(job: Any, begun: Event) -> None:
    """Calls with every end, one after the other."""
    for number in range(CALLS):
        call = reserve(job, f"第{number}步")
        begun.set()
        if number % 3 == 0:
            ledger.release(call, code="X")
            continue
        ledger.mark_sent(call)
        if number % 3 == 1:
            ledger.settle(call, micros=30, usage=Usage(), result={})
        else:
            ledger.mark_uncertain(call, code="X")


def agree(user: User) -> bool:
    state = budget_get(user.pk)
    return (state.used_micros, state.reserved_micros) == ledger_sums(user.pk, state.month, is_test=False)


def test_the_first_calls_of_a_month_are_not_refused_when_there_is_money(
    alice: User, together: Together
) -> None:
    """All of them find no row of the month, and one of them makes it."""
    for _ in range(10):
        BudgetPeriod.objects.all().delete()
        buyers = [lambda: budget_reserve(owner_id=alice.pk, micros=1, is_test=False)] * 8
        together(*buyers)
        assert budget_get(alice.pk).reserved_micros == 8


def test_calls_that_are_being_made_are_no_drift(alice: User, together: Together) -> None:
    jobs = [text_job(alice) for _ in range(BUYERS)]
    month = month_of(timezone.now())
    begun, left = Event(), [Event() for _ in jobs]
    found: list[Any] = []

    def look() -> int:
        begun.wait(PATIENCE)
        looks = 0
        while looks == 0 or not all(one.is_set() for one in left):
            found.extend(drift for _, drifts in budget_drifts(month, batch_size=10) for drift in drifts)
            looks += 1
        return looks

    def buy_and_leave(job: Any, gone: Event) -> None:
        try:
            buy(job, begun)
        finally:
            gone.set()

    buyers = [
        lambda job=job, gone=gone: buy_and_leave(job, gone) for job, gone in zip(jobs, left, strict=True)
    ]
    looks, *_ = together(look, *buyers)
    assert looks > 0
    assert found == []
    assert agree(alice)


def test_mending_beside_calls_ends_with_both_agreeing(alice: User, together: Together) -> None:
    jobs = [text_job(alice) for _ in range(BUYERS)]
    month = month_of(timezone.now())
    settled = reserve(text_job(alice), "text")
    ledger.mark_sent(settled)
    ledger.settle(settled, micros=DEAR, usage=Usage(), result={})
    BudgetPeriod.objects.update(spent_micros=7, reserved_micros=10**6)
    begun = Event()

    def mend() -> int:
        begun.wait(PATIENCE)
        mended = 0
        for _ in range(10):
            mended += budget_mend(owner_id=alice.pk, month=month, is_test=False) is not None
        return mended

    mended = together(mend, mend, *[lambda job=job: buy(job, begun) for job in jobs])[:2]
    assert sum(mended) == 1, "what is mended stays so"
    assert ProviderCall.objects.count() == BUYERS * CALLS + 1
    assert agree(alice)
    assert budget_get(alice.pk).used_micros == DEAR + BUYERS * CALLS // 3 * 30


def test_a_call_that_commits_while_the_repair_waits_is_counted(alice: User, together: Together) -> None:
    """The repair waits for the transaction of a call. What it then sums up must have that call."""
    month = month_of(timezone.now())
    reserve(text_job(alice), "before")
    BudgetPeriod.objects.update(reserved_micros=0)
    job = text_job(alice)
    is_held = Event()

    def reserve_slowly() -> None:
        with transaction.atomic():
            reserve(job, "text")
            is_held.set()
            wait_for_the_other()

    def mend() -> Any:
        assert is_held.wait(PATIENCE)
        return budget_mend(owner_id=alice.pk, month=month, is_test=False)

    _, drift = together(reserve_slowly, mend)
    assert drift is not None
    assert (drift.reserved, drift.reserved_due) == (100, 200)
    assert budget_get(alice.pk).reserved_micros == 200
    assert agree(alice)


def wait_for_the_other() -> None:
    """Until the other one waits for a lock of ours. SQLite doesn't tell, but lets nobody begin before we end."""
    if connection.vendor != "postgresql":
        return
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waits for this transaction")
