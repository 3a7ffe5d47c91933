"""What may be bought again, by whom, and what becomes of answers that come late."""

from typing import Any

import pytest

from accounts.models import User
from generation.domain.states import JobStatus
from generation.jobs import ledger, runner, services, sweeper
from generation.jobs.registry import NoOutput
from generation.jobs.run import JobRun
from generation.models import ProviderCall
from generation.providers.base import (
    OVERLOADED,
    ProviderError,
    Usage,
)
from generation.providers.llm.base import ChatRequest
from tests.generation.factories import (
    calls,
    events,
    expire_lease,
    fetch,
    make_due,
    run_until_over,
    scripted_job,
    text_job,
)
from tests.generation.ledger.shorthand import COST, ask, lost, statuses
from tests.support import scripted_llm

pytestmark = pytest.mark.django_db

# -- what may be bought again --------------------------------------------------------------------------------------


def test_a_lost_text_is_repeated_once_and_both_rows_are_shown(alice: User, providers: Any) -> None:
    job = text_job(alice)
    scripted_llm.plays["deepseek"].append(lost())
    assert run_until_over(job).status == JobStatus.SUCCEEDED
    first, second = calls(job)
    assert (first.status, second.status) == ("uncertain", "settled")
    assert second.repeats_id == first.pk
    assert first.cost_micros is None
    assert first.reserved_micros > 0
    assert len(scripted_llm.calls) == 2


def test_a_text_that_is_lost_twice_waits_for_a_person(alice: User, providers: Any) -> None:
    job = text_job(alice)
    scripted_llm.plays["deepseek"] += [lost(), lost()]
    failed = run_until_over(job)
    assert (failed.status, failed.error_code, failed.error["charged"]) == ("failed", "CALL_UNCERTAIN", None)
    assert len(scripted_llm.calls) == 2
    assert statuses(job) == ["uncertain", "uncertain"]


def test_a_third_attempt_after_two_losses_says_call_uncertain(alice: User, providers: Any) -> None:
    """Two workers died in the middle of the call: there was no error that could have ended the job."""
    job = text_job(alice)

    def dies(_: ChatRequest) -> str:
        expire_lease(job)
        sweeper.sweep()
        raise_(GeneratorExit())

    scripted_llm.plays["deepseek"] += [dies, dies]
    for _ in range(2):
        make_due(job)
        with pytest.raises(GeneratorExit):
            runner.run(job.pk)
    make_due(job)
    runner.run(job.pk)
    failed = fetch(job)
    assert (failed.status, failed.error_code, failed.error["charged"]) == ("failed", "CALL_UNCERTAIN", None)
    assert failed.error["details"] == {"calls": [str(call.pk) for call in calls(job)]}
    assert len(scripted_llm.calls) == 2

    services.job_retry(job=failed)
    assert run_until_over(job).status == JobStatus.SUCCEEDED
    assert statuses(job) == ["uncertain", "uncertain", "settled"]
    assert [bool(call.resolution) for call in calls(job)] == [True, True, False]


def raise_(error: BaseException) -> None:
    raise error


def test_without_leave_not_even_a_text_is_repeated(alice: User, providers: Any, settings: Any) -> None:
    settings.REPEAT_UNCERTAIN_TEXT = False
    job = text_job(alice)
    scripted_llm.plays["deepseek"].append(lost())
    run_until_over(job)
    assert (fetch(job).status, len(scripted_llm.calls)) == ("failed", 1)


def test_a_handler_that_asks_again_in_the_same_attempt_is_bound_by_the_same_rule(
    alice: User, providers: Any
) -> None:
    def run(run: JobRun) -> NoOutput:
        for _ in range(5):
            try:
                ask(run)
            except ProviderError:
                continue
        return NoOutput()

    job = scripted_job(alice, run)
    scripted_llm.plays["deepseek"] += [lost() for _ in range(5)]
    runner.run(job.pk)
    first, second = calls(job)
    assert second.repeats_id == first.pk
    assert (fetch(job).status, fetch(job).error_code) == ("failed", "CALL_UNCERTAIN")


def test_a_step_is_bought_once_however_often_its_handler_runs(alice: User, providers: Any) -> None:
    spent: list[tuple[int, int]] = []

    def run(run: JobRun) -> NoOutput:
        texts = [ask(run, step) for step in ("一", "二", "一")]
        assert texts == ["first", "second", "first"]
        spent.append((run.spent_micros, run.usage.input_tokens))
        if len(spent) == 1:
            raise ProviderError(OVERLOADED, "later", retryable=True, charged=False)
        return NoOutput()

    job = scripted_job(alice, run)
    scripted_llm.plays["deepseek"] += ["first", "second"]
    assert run_until_over(job).status == JobStatus.SUCCEEDED
    assert [call.step for call in calls(job)] == ["一", "二"]
    assert len(scripted_llm.calls) == 2


# -- a worker dies, or is late -------------------------------------------------------------------------------------


def test_a_call_that_was_never_sent_is_released(alice: User, providers: Any) -> None:
    job = text_job(alice)
    runner.transitions.claim(job.pk, worker="dead", lease=runner.this_worker().lease)
    ledger.reserve(fetch(job), "text-1", feature="test", capability="llm", provider="p", model="m", micros=9)
    expire_lease(job)
    sweeper.sweep()
    assert [(call.status, call.cost_micros, call.error_code) for call in calls(job)] == [
        ("released", 0, "JOB_WORKER_LOST")
    ]
    assert fetch(job).error["charged"] is False
    runner.run(job.pk)
    assert statuses(job) == ["released", "settled"]


def test_the_answer_of_a_late_worker_is_recorded_and_used(alice: User, providers: Any) -> None:
    """Its lease ran out during the call, nobody else has bought the step yet."""
    job = text_job(alice)

    def late(_: ChatRequest) -> str:
        expire_lease(job)
        sweeper.sweep()
        assert statuses(job) == ["uncertain"]
        return "迟到的回答 🙂"

    scripted_llm.plays["deepseek"].append(late)
    runner.run(job.pk)
    assert fetch(job).status == JobStatus.QUEUED
    assert [(call.status, call.cost_micros) for call in calls(job)] == [("settled", COST)]
    runner.run(job.pk)
    assert fetch(job).output == {"text": "迟到的回答 🙂"}
    assert len(scripted_llm.calls) == 1


def test_two_answers_for_one_step_are_both_paid_for_and_one_is_used(alice: User, providers: Any) -> None:
    """The slow worker's call was given up and repeated; then its answer arrives after all."""
    job = text_job(alice)

    def late(_: ChatRequest) -> str:
        expire_lease(job)
        sweeper.sweep()
        runner.run(job.pk)
        return "迟到"

    scripted_llm.plays["deepseek"] += [late, "及时"]
    runner.run(job.pk)
    assert fetch(job).output == {"text": "及时"}
    first, second = calls(job)
    assert (first.status, first.cost_micros, first.error_code) == ("released", COST, "CALL_REPEATED")
    assert (second.status, second.cost_micros, second.repeats_id) == ("settled", COST, first.pk)
    assert events(job) == ["queued", "started", "retrying", "started", "succeeded"]


def test_the_late_answer_may_come_while_the_repetition_is_under_way(alice: User, providers: Any) -> None:
    job = text_job(alice)
    runner.transitions.claim(job.pk, worker="slow", lease=runner.this_worker().lease)
    slow = ledger.reserve(
        fetch(job), "text-1", feature="test", capability="llm", provider="deepseek", model="m", micros=9
    )
    assert ledger.mark_sent(slow)
    expire_lease(job)
    sweeper.sweep()

    def meanwhile(_: ChatRequest) -> str:
        assert ledger.settle(slow, micros=7, usage=Usage(1, 1), result={"text": "迟到"})
        return "及时"

    scripted_llm.plays["deepseek"].append(meanwhile)
    runner.run(job.pk)
    assert fetch(job).output == {"text": "及时"}
    assert [(call.status, call.cost_micros) for call in calls(job)] == [("released", 7), ("settled", COST)]


def test_a_reservation_that_was_taken_away_is_not_sent(alice: User, providers: Any, monkeypatch: Any) -> None:
    job = text_job(alice)
    reserve = ledger.reserve

    def slow_reserve(*args: Any, **kwargs: Any) -> ProviderCall:
        call = reserve(*args, **kwargs)
        expire_lease(job)
        sweeper.sweep()
        return call

    monkeypatch.setattr(ledger, "reserve", slow_reserve)
    runner.run(job.pk)
    assert scripted_llm.calls == []
    assert statuses(job) == ["released"]
    assert fetch(job).status == JobStatus.QUEUED
