"""Money is set aside before a call, and given back or counted after it, whatever happens in between."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone

from accounts.errors import BudgetExceededError, BudgetHeldError
from accounts.models import BudgetPeriod, ProviderKey, User
from accounts.selectors.budgets import budget_get
from accounts.selectors.keys import provider_keys_forget_all
from accounts.services.budgets import budget_check, budget_reserve, budget_reset, budget_set
from config.crypto import Secret
from generation.domain.states import CallStatus, JobStatus
from generation.errors import CallInFlightError
from generation.jobs import ledger, runner, sweeper
from generation.jobs.services import call_resolve, job_cancel, job_retry
from generation.models import ProviderCall
from generation.providers.base import BAD_ANSWER, ProviderError, Usage
from tests.generation.factories import calls, expire_lease, fetch, run_until_over, scripted_job, text_job
from tests.generation.ledger.shorthand import COST, ask, lost, not_charged
from tests.support import scripted_llm

pytestmark = pytest.mark.django_db

#: What a call of the scripted model may cost at most: 1.6 times 2000 tokens in, 200 out.
MOST = 1084


def money(user: User, *, is_test: bool = False) -> tuple[int, int]:
    """What is spent and what is set aside; the row must agree with the ledger, call by call."""
    state = budget_get(user.pk, is_test=is_test)
    counted = ProviderCall.objects.filter(owner=user, is_test=is_test).exclude(budget_month=None)
    is_open = [CallStatus.RESERVED, CallStatus.SENT, CallStatus.UNCERTAIN]
    held = counted.filter(status__in=is_open).aggregate(sum=Sum("reserved_micros"))["sum"] or 0
    spent = counted.exclude(status__in=is_open).aggregate(sum=Sum("cost_micros"))["sum"] or 0
    assert (state.used_micros, state.reserved_micros) == (spent, held)
    return state.used_micros, state.reserved_micros


# -- the way of the money ------------------------------------------------------------------------------------------


def test_it_is_set_aside_before_the_call_and_settled_to_what_it_cost(alice: User, providers: Any) -> None:
    job = text_job(alice)
    seen: list[tuple[int, int]] = []
    scripted_llm.plays["deepseek"].append(lambda _: seen.append(money(alice)) or "好")
    runner.run(job.pk)
    assert seen == [(0, MOST)]
    assert money(alice) == (COST, 0)


def test_what_certainly_cost_nothing_is_given_back(alice: User, providers: Any) -> None:
    scripted_llm.plays["deepseek"].append(not_charged())
    runner.run(text_job(alice).pk)
    assert money(alice) == (0, 0)


def test_an_answer_that_was_charged_for_nothing_counts(alice: User, providers: Any) -> None:
    useless = ProviderError(
        BAD_ANSWER, "empty", retryable=True, charged=True, usage=Usage(input_tokens=1000, output_tokens=500)
    )
    scripted_llm.plays["deepseek"].append(useless)
    runner.run(text_job(alice).pk)
    assert money(alice) == (COST, 0)


def test_an_unknown_outcome_stays_set_aside_beside_its_repetition(alice: User, providers: Any) -> None:
    job = text_job(alice)
    scripted_llm.plays["deepseek"].append(lost())
    runner.run(job.pk)
    assert money(alice) == (0, MOST)
    assert run_until_over(job).status == JobStatus.SUCCEEDED
    assert money(alice) == (COST, MOST)


@pytest.mark.parametrize(
    ("outcome", "micros", "spent"), [("released", None, 0), ("charged", None, MOST), ("charged", 5, 5)]
)
def test_a_persons_word_settles_it(
    alice: User, providers: Any, settings: Any, outcome: Any, micros: int | None, spent: int
) -> None:
    settings.REPEAT_UNCERTAIN_TEXT = False
    job = text_job(alice)
    scripted_llm.plays["deepseek"].append(lost())
    run_until_over(job)
    (call,) = calls(job)
    assert money(alice) == (0, MOST)
    assert call_resolve(call_id=call.pk, outcome=outcome, resolution="staff", micros=micros)
    assert money(alice) == (spent, 0)
    assert not call_resolve(call_id=call.pk, outcome=outcome, resolution="staff again", micros=micros)
    assert money(alice) == (spent, 0)


def test_a_worker_that_dies_before_it_sends_gives_all_back(alice: User, providers: Any) -> None:
    def die(run: Any) -> Any:
        ledger.reserve(
            run.job, "text", feature="t", capability="llm", provider="deepseek", model="m", micros=500
        )
        raise KeyboardInterrupt

    job = scripted_job(alice, die)
    with pytest.raises(KeyboardInterrupt):
        runner.run(job.pk)
    assert money(alice) == (0, 500)
    expire_lease(job)
    sweeper.recover_lost(timezone.now())
    assert money(alice) == (0, 0)


def test_a_worker_that_dies_after_it_has_sent_leaves_it_set_aside(alice: User, providers: Any) -> None:
    def die(run: Any) -> Any:
        call = ledger.reserve(
            run.job, "text", feature="t", capability="llm", provider="deepseek", model="m", micros=500
        )
        ledger.mark_sent(call)
        raise KeyboardInterrupt

    job = scripted_job(alice, die)
    with pytest.raises(KeyboardInterrupt):
        runner.run(job.pk)
    expire_lease(job)
    sweeper.recover_lost(timezone.now())
    assert money(alice) == (0, 500)


def test_a_late_answer_of_a_step_that_was_bought_again_counts_too(alice: User, providers: Any) -> None:
    late: list[ProviderCall] = []

    def late_answer(run: Any) -> Any:
        late.append(calls(run.job)[0])
        return ask(run) and None

    job = text_job(alice)
    scripted_llm.plays["deepseek"].append(lost())
    runner.run(job.pk)
    (first,) = calls(job)
    run_until_over(job)
    assert ledger.settle(first, micros=70, usage=Usage(), result={})
    assert money(alice) == (COST + 70, 0)


def test_a_cancelled_job_holds_nothing(alice: User, providers: Any) -> None:
    def reserve_and_be_cancelled(run: Any) -> Any:
        ledger.reserve(
            run.job, "text", feature="t", capability="llm", provider="deepseek", model="m", micros=500
        )
        job_cancel(job=run.job)
        run.check()

    job = scripted_job(alice, reserve_and_be_cancelled)
    runner.run(job.pk)
    assert fetch(job).status == JobStatus.CANCELLED
    assert money(alice) == (0, 0)


def test_a_step_that_is_held_by_another_sets_nothing_aside(alice: User) -> None:
    job = text_job(alice)
    what: dict[str, Any] = {"feature": "t", "capability": "llm", "provider": "p", "model": "m", "micros": 5}
    ledger.reserve(job, "text", **what)
    with pytest.raises(CallInFlightError):
        ledger.reserve(job, "text", **what)
    assert money(alice) == (0, 5)


def test_settling_twice_counts_once(alice: User) -> None:
    call = ledger.reserve(
        text_job(alice), "text", feature="t", capability="llm", provider="p", model="m", micros=500
    )
    ledger.mark_sent(call)
    assert ledger.settle(call, micros=300, usage=Usage(), result={})
    assert not ledger.settle(call, micros=300, usage=Usage(), result={})
    assert not ledger.release(call, code="X")
    assert money(alice) == (300, 0)


# -- the limit -----------------------------------------------------------------------------------------------------


def test_a_call_over_the_limit_is_not_made_and_says_everything(alice: User, providers: Any) -> None:
    budget_set(user=alice, limit_micros=MOST - 1)
    job = run_until_over(text_job(alice))
    assert scripted_llm.calls == []
    assert calls(job) == []
    assert job.error_code == "BUDGET_EXCEEDED"
    assert (job.error["retryable"], job.error["charged"]) == (False, False)
    renews_at = job.error["details"].pop("renews_at")
    assert job.error["details"] == {
        "limit_micros": MOST - 1, "used_micros": 0, "reserved_micros": 0, "needed_micros": MOST, "currency": "USD",
        "is_test": False,
    }  # fmt: skip
    assert datetime.fromisoformat(renews_at) > timezone.now()
    assert "USD 0.001083" in job.error["message"]
    assert "USD 0.001083" in job.error["message_zh"]


def test_the_last_micro_unit_can_be_spent(alice: User, providers: Any) -> None:
    budget_set(user=alice, limit_micros=MOST)
    assert run_until_over(text_job(alice)).status == JobStatus.SUCCEEDED


def test_the_default_holds_for_who_has_no_limit_of_their_own(
    alice: User, providers: Any, settings: Any
) -> None:
    settings.MONTHLY_BUDGET_USD = 0
    job = run_until_over(text_job(alice))
    assert job.error_code == "BUDGET_EXCEEDED"
    budget_set(user=alice, limit_micros=None)
    assert run_until_over(job_retry(job=job)).status == JobStatus.SUCCEEDED
    budget_reset(user=alice)
    assert budget_get(alice.pk).limit_micros == 0
    settings.MONTHLY_BUDGET_USD = -1
    assert budget_get(alice.pk).limit_micros is None


def test_what_runs_may_give_back_is_waited_for(alice: User, providers: Any) -> None:
    """The money is there but set aside: the job comes again instead of failing for good."""
    budget_set(user=alice, limit_micros=MOST + 100)
    other = ledger.reserve(
        text_job(alice), "text", feature="t", capability="llm", provider="p", model="m", micros=500
    )
    job = text_job(alice)
    runner.run(job.pk)
    waiting = fetch(job)
    assert (waiting.status, waiting.error["code"], waiting.error["retryable"]) == (
        "queued", "BUDGET_EXCEEDED", True,
    )  # fmt: skip
    ledger.release(other, code="X")
    assert run_until_over(job).status == JobStatus.SUCCEEDED


def test_asking_early_says_the_same(alice: User) -> None:
    budget_set(user=alice, limit_micros=100)
    budget_check(owner_id=alice.pk, micros=100, is_test=False)
    with pytest.raises(BudgetExceededError) as refused:
        budget_check(owner_id=alice.pk, micros=101, is_test=False)
    assert not isinstance(refused.value, BudgetHeldError)
    budget_reserve(owner_id=alice.pk, micros=60, is_test=False)
    with pytest.raises(BudgetHeldError):
        budget_check(owner_id=alice.pk, micros=50, is_test=False)


def test_a_new_month_is_a_new_budget_and_old_calls_settle_in_theirs(alice: User) -> None:
    budget_set(user=alice, limit_micros=100)
    december = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    month = budget_reserve(owner_id=alice.pk, micros=100, is_test=False, now=december)
    with pytest.raises(BudgetExceededError) as refused:
        budget_reserve(owner_id=alice.pk, micros=1, is_test=False, now=december)
    assert refused.value.details["renews_at"] == "2027-01-01T00:00:00.000000Z"
    budget_reserve(owner_id=alice.pk, micros=100, is_test=False, now=december + timedelta(seconds=1))
    assert month.isoformat() == "2026-12-01"
    assert BudgetPeriod.objects.filter(owner=alice).count() == 2


# -- what no budget counts -----------------------------------------------------------------------------------------


def test_play_money_is_counted_apart(alice: User, providers: Any) -> None:
    """A test job rehearses with the prices of the model that it names, and leaves the real budget alone."""

    def real(run: Any) -> Any:
        return ask(run) and None

    job = text_job(alice, is_test=True)
    runner.run(job.pk)
    assert money(alice) == (0, 0)
    (call,) = calls(job)
    assert (call.provider, call.is_test, call.budget_month) == ("sandbox", True, None)


def test_calls_with_ones_own_key_are_recorded_but_not_counted(
    alice: User, providers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget_set(user=alice, limit_micros=0)
    key = ProviderKey.objects.create(
        owner=alice, provider="deepseek", secret=Secret("sk-alices-own-key"), last_four="-key"
    )
    provider_keys_forget_all()
    asked: list[dict[str, Any]] = []

    def own_llm(provider: str, **options: Any) -> Any:
        asked.append({"provider": provider, **options})
        return scripted_llm.ScriptedLLM(name=provider, model=options["model"])

    monkeypatch.setattr("generation.providers.registry.own_llm", own_llm)
    job = run_until_over(text_job(alice))
    assert job.status == JobStatus.SUCCEEDED
    assert asked == [
        {"provider": "deepseek", "api_key": "sk-alices-own-key", "base_url": "", "model": "deepseek-flash"}
    ]
    (call,) = calls(job)
    assert (call.is_own_key, call.provider_key_id, call.cost_micros, call.budget_month) == (
        True, key.pk, COST, None,
    )  # fmt: skip
    assert money(alice) == (0, 0)


# -- speed ---------------------------------------------------------------------------------------------------------


def test_the_budget_takes_a_constant_number_of_statements(
    alice: User, django_assert_max_num_queries: Any
) -> None:
    what: dict[str, Any] = {"feature": "t", "capability": "llm", "provider": "p", "model": "m"}
    job = text_job(alice)
    ledger.reserve(job, "first", micros=5, **what)
    with django_assert_max_num_queries(5):  # insert, limit, reserve, and the two ends of a savepoint
        call = ledger.reserve(job, "second", micros=5, **what)
    ledger.mark_sent(call)
    with django_assert_max_num_queries(6):
        ledger.settle(call, micros=3, usage=Usage(), result={})
    with django_assert_max_num_queries(3):  # what costs nothing asks no budget
        ledger.reserve(job, "free", micros=0, **what)
