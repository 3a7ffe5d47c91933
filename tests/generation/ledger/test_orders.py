"""Orders that can be looked up, and those that can't: placed once, never again unasked."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from generation.domain.states import JobStatus
from generation.jobs import ledger, runner, services, sweeper
from generation.jobs.registry import NoOutput, Waiting
from generation.jobs.run import JobRun
from generation.models import Job
from generation.providers.base import (
    OVERLOADED,
    ProviderError,
)
from tests.generation.factories import (
    calls,
    expire_lease,
    fetch,
    make_due,
    run_until_over,
    scripted_job,
    text_job,
)
from tests.generation.ledger.shorthand import lost, statuses
from tests.support.kinds.purchases import purchase, release, settle

pytestmark = pytest.mark.django_db


def order_job(alice: User, order: Callable[[str], str], *, is_blind: bool = False) -> Job:
    def run(run: JobRun) -> Any:
        ref = purchase(
            run,
            "order",
            micros=5000,
            order=order,
        )
        return finish(run) if is_blind else Waiting("sandbox", ref)

    def finish(run: JobRun) -> NoOutput:
        settle(run, "order", micros=4000, result={"文件": "a.glb"})
        return NoOutput()

    return scripted_job(alice, run, poll=finish)


def test_an_order_is_looked_up_and_settled(alice: User) -> None:
    keys: list[str] = []
    job = order_job(alice, lambda key: keys.append(key) or "task-1")
    runner.run(job.pk)
    assert [(call.status, call.provider_ref) for call in calls(job)] == [("sent", "task-1")]
    make_due(job)
    runner.poll(job.pk)
    assert [(call.status, call.cost_micros, call.result) for call in calls(job)] == [
        ("settled", 4000, {"文件": "a.glb"})
    ]
    assert fetch(job).status == JobStatus.SUCCEEDED
    assert keys == [f"{job.pk}:order"]


def test_an_order_with_an_id_is_resumed_by_look_up_and_never_placed_again(alice: User) -> None:
    """The process died after the id was stored and before the job was waiting."""
    keys: list[str] = []

    def order(key: str) -> str:
        keys.append(key)
        return "task-1"

    job = order_job(alice, order)
    claimed = runner.transitions.claim(job.pk, worker="dead", lease=runner.this_worker().lease)
    call = ledger.reserve(
        claimed, "order", feature="test", capability="image", provider="sandbox", model="m", micros=5000
    )
    ledger.mark_sent(call)
    ledger.mark_accepted(call, "task-1")
    expire_lease(job)
    sweeper.sweep()
    assert statuses(job) == ["sent"]
    runner.run(job.pk)
    make_due(job)
    runner.poll(job.pk)
    assert (fetch(job).status, keys, statuses(job)) == ("succeeded", [], ["settled"])


def test_an_order_without_an_answer_is_never_placed_again_unasked(alice: User) -> None:
    keys: list[str] = []

    def order(key: str) -> str:
        keys.append(key)
        if len(keys) == 1:
            raise lost()
        return "task-2"

    job = order_job(alice, order, is_blind=True)
    failed = run_until_over(job)
    assert (failed.status, failed.error_code, failed.error["charged"]) == ("failed", "CALL_UNCERTAIN", None)
    assert len(keys) == 1
    sweeper.sweep()
    runner.run(job.pk)
    assert len(keys) == 1

    services.job_retry(job=failed, resolution="alice 再次下单")
    assert run_until_over(job).status == JobStatus.SUCCEEDED
    assert len(keys) == 2
    assert [(call.status, call.resolution) for call in calls(job)] == [
        ("uncertain", "alice 再次下单"), ("settled", ""),
    ]  # fmt: skip


def test_an_order_whose_worker_died_before_its_id_was_stored_fails_with_call_uncertain(alice: User) -> None:
    keys: list[str] = []
    job = order_job(alice, lambda key: keys.append(key) or "task-1", is_blind=True)
    claimed = runner.transitions.claim(job.pk, worker="dead", lease=runner.this_worker().lease)
    ledger.mark_sent(
        ledger.reserve(
            claimed, "order", feature="test", capability="image", provider="sandbox", model="m", micros=5000
        )
    )
    expire_lease(job)
    sweeper.sweep()
    runner.run(job.pk)
    failed = fetch(job)
    assert (failed.status, failed.error_code, failed.error["charged"]) == ("failed", "CALL_UNCERTAIN", None)
    assert keys == []

    (call,) = calls(job)
    services.call_resolve(call_id=call.pk, outcome="charged", resolution="供应商确认已扣费")
    services.job_retry(job=failed)
    assert run_until_over(job).status == JobStatus.SUCCEEDED
    assert [(c.status, c.cost_micros) for c in calls(job)] == [("released", 5000), ("settled", 4000)]


def test_an_id_that_arrives_after_the_order_was_given_up_makes_it_resumable(alice: User) -> None:
    keys: list[str] = []
    job = order_job(alice, lambda key: keys.append(key) or late(), is_blind=False)

    def late() -> str:
        expire_lease(job)
        sweeper.sweep()
        assert statuses(job) == ["uncertain"]
        return "task-1"

    runner.run(job.pk)
    assert [(call.status, call.provider_ref) for call in calls(job)] == [("sent", "task-1")]
    runner.run(job.pk)
    make_due(job)
    runner.poll(job.pk)
    assert (fetch(job).status, len(keys), statuses(job)) == ("succeeded", 1, ["settled"])


def test_an_id_that_arrives_after_the_step_was_bought_again_is_kept_for_the_person(alice: User) -> None:
    job = order_job(alice, lambda key: "task-2")
    claimed = runner.transitions.claim(job.pk, worker="slow", lease=runner.this_worker().lease)
    slow = ledger.reserve(
        claimed, "order", feature="test", capability="image", provider="sandbox", model="m", micros=5000
    )
    ledger.mark_sent(slow)
    expire_lease(job)
    sweeper.sweep()
    runner.run(job.pk)
    services.job_retry(job=fetch(job))
    runner.run(job.pk)
    assert ledger.mark_accepted(slow, "task-1")
    assert [(call.status, call.provider_ref) for call in calls(job)] == [
        ("uncertain", "task-1"), ("sent", "task-2"),
    ]  # fmt: skip


def test_an_order_that_failed_there_for_free_is_released_and_may_be_placed_again(alice: User) -> None:
    def run(run: JobRun) -> Waiting:
        ref = purchase(run, "order", micros=5,
            order=lambda key: f"task-{len(calls(run.job))}",
        )  # fmt: skip
        return Waiting("sandbox", ref)

    def poll(run: JobRun) -> NoOutput:
        release(run, "order", code=OVERLOADED)
        raise ProviderError(OVERLOADED, "failed there", retryable=False, charged=False)

    job = scripted_job(alice, run, poll=poll)
    runner.run(job.pk)
    make_due(job)
    runner.poll(job.pk)
    assert (fetch(job).status, fetch(job).error["charged"]) == ("failed", False)
    services.job_retry(job=fetch(job))
    runner.run(job.pk)
    assert [(call.status, call.provider_ref) for call in calls(job)] == [
        ("released", "task-1"), ("sent", "task-2"),
    ]  # fmt: skip


def test_the_order_of_a_cancelled_job_stays_visible_as_uncertain(alice: User) -> None:
    job = order_job(alice, lambda key: "task-1")
    runner.run(job.pk)
    services.job_cancel(job=fetch(job))
    runner.poll(job.pk)
    assert fetch(job).status == JobStatus.CANCELLED
    assert [(call.status, call.provider_ref, call.reserved_micros) for call in calls(job)] == [
        ("uncertain", "task-1", 5000)
    ]


def test_calls_left_open_by_a_process_that_died_late_are_closed(alice: User, providers: Any) -> None:
    """A fenced-off worker reserved or sent something and died, while another attempt ended the job."""
    job = text_job(alice)
    runner.run(job.pk)
    late = fetch(job)
    for step, is_sent in (("a", False), ("b", True)):
        call = ledger.reserve(late, step, feature="test", capability="llm", provider="p", model="m", micros=1)
        if is_sent:
            ledger.mark_sent(call)
    assert sweeper.sweep()["calls"] == 2
    assert statuses(job) == ["settled", "released", "uncertain"]
    assert sweeper.sweep()["calls"] == 0


def test_the_order_of_a_failed_job_stays_open_for_a_retry_to_look_it_up(alice: User) -> None:
    job = order_job(alice, lambda key: "task-1")
    runner.run(job.pk)
    Job.objects.filter(pk=job.pk).update(
        status=JobStatus.FAILED, error_code="JOB_WORKER_LOST", finished_at=fetch(job).started_at
    )
    sweeper.sweep()
    assert statuses(job) == ["sent"]
    services.job_retry(job=fetch(job))
    runner.run(job.pk)
    make_due(job)
    runner.poll(job.pk)
    assert (fetch(job).status, statuses(job)) == ("succeeded", ["settled"])
