"""Fifty at once against a budget for ten: nobody ever spends more than there is."""

from collections import Counter
from typing import Any

import pytest

from accounts.errors import BudgetExceededError
from accounts.models import BudgetPeriod, User
from accounts.selectors.budgets import budget_get
from accounts.services.budgets import budget_reserve, budget_set
from generation.jobs import ledger, runner
from generation.models import Job, ProviderCall
from generation.providers.base import Usage
from tests.generation.factories import calls, text_job
from tests.generation.races.conftest import Together
from tests.support import scripted_llm

REQUESTS, ROOM = 50, 10
#: What a call of the scripted model may cost at most, and what it costs when it uses all of it.
MOST = 1084
DEAR = Usage(input_tokens=3200, output_tokens=200)


def outcome(reserve: Any) -> str:
    try:
        reserve()
    except BudgetExceededError:
        return "refused"
    return "held"


def test_fifty_reservations_at_once_never_hold_more_than_the_limit(alice: User, together: Together) -> None:
    budget_set(user=alice, limit_micros=ROOM * 100 + 99)
    found = together(
        *[
            lambda: outcome(lambda: budget_reserve(owner_id=alice.pk, micros=100, is_test=False))
            for _ in range(REQUESTS)
        ]
    )
    assert Counter(found) == {"held": ROOM, "refused": REQUESTS - ROOM}
    assert budget_get(alice.pk).reserved_micros == ROOM * 100
    assert BudgetPeriod.objects.count() == 1


def test_fifty_jobs_at_once_never_spend_more_than_the_limit(
    alice: User, together: Together, providers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each costs all that was set aside for it, so that there is money for ten and not for one more."""
    monkeypatch.setattr(scripted_llm, "USAGE", DEAR)
    budget_set(user=alice, limit_micros=ROOM * MOST + MOST - 1)
    jobs = [text_job(alice) for _ in range(REQUESTS)]

    together(*[lambda job=job: runner.run(job.pk) for job in jobs])
    while Job.objects.filter(status="queued").exists():
        for job in Job.objects.filter(status="queued"):
            Job.objects.filter(pk=job.pk).update(not_before=job.created_at)
            runner.run(job.pk)

    assert Counter(Job.objects.values_list("status", "error_code")) == {
        ("succeeded", ""): ROOM,
        ("failed", "BUDGET_EXCEEDED"): REQUESTS - ROOM,
    }
    assert len(scripted_llm.calls) == ROOM
    state = budget_get(alice.pk)
    assert (state.used_micros, state.reserved_micros) == (ROOM * MOST, 0)
    assert sum(ProviderCall.objects.values_list("cost_micros", flat=True)) == ROOM * MOST


def test_settling_and_giving_up_at_the_same_moment_counts_once(alice: User, together: Together) -> None:
    for _ in range(15):
        job = text_job(alice)
        call = ledger.reserve(job, "text", feature="t", capability="llm", provider="p", model="m", micros=100)
        ledger.mark_sent(call)
        (same,) = calls(job)
        together(
            lambda call=call: ledger.settle(call, micros=30, usage=Usage(), result={}),
            lambda same=same: ledger.release(same, code="X"),
        )
        (row,) = calls(job)
        state = budget_get(alice.pk)
        assert row.status in {"settled", "released"}
        assert state.reserved_micros == 0
    spent = sum(micros or 0 for micros in ProviderCall.objects.values_list("cost_micros", flat=True))
    assert budget_get(alice.pk).used_micros == spent
