"""Submitting, cancelling, retrying, pausing, resuming, resolving: what people do with jobs."""

from typing import Any

import pytest

from accounts.models import User
from generation.domain.states import JobStatus
from generation.errors import JobStateError
from generation.jobs import runner, services, sweeper
from generation.jobs.registry import NoInput, NoOutput, WaitForChildren, Waiting
from generation.jobs.run import JobRun
from generation.models import Job
from generation.providers.base import CONNECTION_LOST, RATE_LIMITED, ProviderError
from tests.generation.factories import (
    batch,
    calls,
    children,
    events,
    expire_lease,
    fetch,
    make_due,
    run_until_over,
    scripted_job,
    text_job,
)
from tests.support import scripted_llm
from tests.support.kinds.handlers import ScriptInput, TextInput
from tests.support.kinds.purchases import purchase

pytestmark = pytest.mark.django_db


def refused() -> ProviderError:
    return ProviderError(RATE_LIMITED, "busy", retryable=True, charged=False)


# -- submit --------------------------------------------------------------------------------------------------------


def test_a_submitted_job_is_queued_with_its_first_event_and_one_message(
    alice: User, enqueued: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = text_job(alice, "为团队写一份说明 🚀")
    assert fetch(job).status == JobStatus.QUEUED
    assert fetch(job).input == {"prompt": "为团队写一份说明 🚀", "steps": 1}
    assert events(job) == ["queued"]
    assert enqueued == [("generation.run_job", {"job_id": str(job.pk)})]


def test_the_same_idempotency_key_returns_the_first_job(
    alice: User, bob: User, enqueued: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        first = text_job(alice, "a", idempotency_key="订单-1")
        again = text_job(alice, "b", idempotency_key="订单-1")
        of_bob = text_job(bob, "a", idempotency_key="订单-1")
        other_kind = services.job_submit(
            kind="test.parent", input=NoInput(), owner_id=alice.pk, idempotency_key="订单-1"
        )
    assert again.pk == first.pk
    assert fetch(first).input["prompt"] == "a"
    assert len({first.pk, of_bob.pk, other_kind.pk}) == 3
    assert len(enqueued) == 3


def test_a_job_that_nobody_shall_hear_of_publishes_nothing(
    alice: User, enqueued: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        text_job(alice, publish=False)
    assert enqueued == []


def test_a_kind_that_no_app_registers_is_refused(alice: User) -> None:
    with pytest.raises(LookupError, match="no\\.such\\.kind"):
        services.job_submit(kind="no.such.kind", input=TextInput(), owner_id=alice.pk)
    assert not Job.objects.exists()


def test_children_inherit_owner_and_test_mode_and_keep_their_order(alice: User) -> None:
    parent = services.job_submit(kind="test.parent", input=NoInput(), owner_id=alice.pk, is_test=True)
    services.children_submit(
        parent=parent, kind="test.text", inputs=[TextInput(f"第{n}项") for n in range(1, 4)]
    )
    found = children(parent)
    assert [child.input["prompt"] for child in found] == ["第1项", "第2项", "第3项"]
    assert {(child.owner_id, child.is_test) for child in found} == {(alice.pk, True)}
    assert all(events(child) == ["queued"] for child in found)


# -- cancel --------------------------------------------------------------------------------------------------------


def test_a_queued_job_is_cancelled_at_once_and_never_runs(alice: User, providers: Any) -> None:
    job = services.job_cancel(job=text_job(alice))
    runner.run(job.pk)
    assert job.status == JobStatus.CANCELLED
    assert events(job) == ["queued", "cancel_requested", "cancelled"]
    assert scripted_llm.calls == []


def test_a_running_job_stops_between_two_steps(alice: User, providers: Any) -> None:
    job = text_job(alice, steps=3)
    scripted_llm.plays["deepseek"].append(lambda _: services.job_cancel(job=fetch(job)).kind)
    runner.run(job.pk)
    assert fetch(job).status == JobStatus.CANCELLED
    assert events(job) == ["queued", "started", "cancel_requested", "cancelled"]
    assert [call.status for call in calls(job)] == ["settled"]
    assert len(scripted_llm.calls) == 1


def test_a_cancel_that_comes_while_the_job_finishes_lets_it_finish(alice: User, providers: Any) -> None:
    job = text_job(alice)
    scripted_llm.plays["deepseek"].append(lambda _: services.job_cancel(job=fetch(job)).kind)
    runner.run(job.pk)
    assert fetch(job).status == JobStatus.SUCCEEDED
    assert events(job) == ["queued", "started", "cancel_requested", "succeeded"]


def test_a_job_that_waits_for_its_provider_is_stopped_there(alice: User) -> None:
    stopped: list[str] = []
    job = scripted_job(
        alice,
        lambda run: Waiting("sandbox", "task-1", poll_after=3600),
        stop=lambda run: stopped.append(run.provider_ref),
    )
    runner.run(job.pk)
    services.job_cancel(job=fetch(job))
    assert (fetch(job).status, stopped) == (JobStatus.WAITING, [])
    runner.poll(job.pk)
    assert (fetch(job).status, stopped) == (JobStatus.CANCELLED, ["task-1"])
    assert events(job) == ["queued", "started", "waiting", "cancel_requested", "cancelled"]


@pytest.mark.parametrize("error", [refused(), KeyError("a bug of the handler")])
def test_a_provider_that_does_not_stop_keeps_no_job_from_being_cancelled(
    alice: User, error: Exception
) -> None:
    def stop(run: JobRun) -> None:
        raise error

    job = scripted_job(alice, lambda run: Waiting("sandbox", "task-1"), stop=stop)
    runner.run(job.pk)
    services.job_cancel(job=fetch(job))
    runner.poll(job.pk)
    assert fetch(job).status == JobStatus.CANCELLED


def test_a_job_that_waits_for_its_retry_is_cancelled_at_once(alice: User, providers: Any) -> None:
    job = text_job(alice)
    scripted_llm.plays["deepseek"].append(refused())
    runner.run(job.pk)
    assert fetch(job).status == JobStatus.QUEUED
    assert services.job_cancel(job=fetch(job)).status == JobStatus.CANCELLED


def test_a_failure_of_a_job_that_shall_stop_is_not_retried(alice: User, providers: Any) -> None:
    job = text_job(alice)

    def cancelled_meanwhile(_: Any) -> str:
        services.job_cancel(job=fetch(job))
        raise refused()

    scripted_llm.plays["deepseek"].append(cancelled_meanwhile)
    runner.run(job.pk)
    assert fetch(job).status == JobStatus.CANCELLED


def test_cancelling_twice_changes_nothing(alice: User) -> None:
    job = text_job(alice)
    services.job_cancel(job=job)
    assert services.job_cancel(job=fetch(job)).status == JobStatus.CANCELLED
    assert events(job) == ["queued", "cancel_requested", "cancelled"]

    running = scripted_job(
        alice, lambda run: [services.job_cancel(job=fetch(run.job)) for _ in range(2)] and NoOutput()
    )
    runner.run(running.pk)
    assert events(running) == ["queued", "started", "cancel_requested", "succeeded"]


@pytest.mark.parametrize("status", ["succeeded", "failed"])
def test_a_job_that_is_over_is_not_cancelled(alice: User, status: str) -> None:
    def run(_: JobRun) -> NoOutput:
        if status == "failed":
            raise KeyError
        return NoOutput()

    job = scripted_job(alice, run)
    runner.run(job.pk)
    with pytest.raises(JobStateError) as caught:
        services.job_cancel(job=fetch(job))
    assert status in caught.value.message("en")
    assert fetch(job).status == status


def test_a_parent_asked_to_stop_while_it_writes_its_children_down_leaves_none_behind(alice: User) -> None:
    def run(run: JobRun) -> WaitForChildren:
        services.job_cancel(job=fetch(run.job))
        services.children_submit(parent=run.job, kind="test.script", inputs=[ScriptInput("never")] * 3)
        return WaitForChildren()

    parent = scripted_job(alice, run)
    runner.run(parent.pk)
    assert fetch(parent).status == JobStatus.CANCELLED
    assert {child.status for child in children(parent)} == {JobStatus.CANCELLED}
    assert all(events(child) == ["queued", "cancelled"] for child in children(parent))


# -- retry ---------------------------------------------------------------------------------------------------------


def test_only_a_failed_job_is_retried(alice: User, providers: Any) -> None:
    job = text_job(alice)
    with pytest.raises(JobStateError):
        services.job_retry(job=job)
    runner.run(job.pk)
    with pytest.raises(JobStateError):
        services.job_retry(job=fetch(job))
    cancelled = services.job_cancel(job=text_job(alice))
    with pytest.raises(JobStateError):
        services.job_retry(job=cancelled)
    assert events(job) == ["queued", "started", "succeeded"]


def test_a_retry_starts_with_a_clean_sheet_and_buys_nothing_again(alice: User, providers: Any) -> None:
    job = text_job(alice, steps=2)
    scripted_llm.plays["deepseek"] += [
        "第一步",
        ProviderError("PROVIDER_CONTENT_REFUSED", "no", retryable=False, charged=False),
        "第二步",
    ]
    runner.run(job.pk)
    failed = fetch(job)
    assert (failed.status, failed.error_code, failed.failures) == ("failed", "PROVIDER_CONTENT_REFUSED", 1)

    services.job_retry(job=failed)
    again = fetch(job)
    assert (again.status, again.error, again.error_code, again.failures) == ("queued", None, "", 0)
    assert (again.finished_at, again.output) == (None, None)
    runner.run(job.pk)
    assert fetch(job).output == {"text": "第一步\n第二步"}
    assert len(scripted_llm.calls) == 3
    assert events(job) == ["queued", "started", "failed", "replayed", "started", "succeeded"]


def test_a_retried_job_forgets_that_it_was_asked_to_stop(alice: User, providers: Any) -> None:
    job = text_job(alice)

    def cancelled_meanwhile(_: Any) -> str:
        services.job_cancel(job=fetch(job))
        raise KeyError("a bug")

    scripted_llm.plays["deepseek"].append(cancelled_meanwhile)
    runner.run(job.pk)
    assert fetch(job).status == JobStatus.FAILED
    services.job_retry(job=fetch(job))
    sweeper.sweep()
    runner.run(job.pk)
    assert run_until_over(job).status == JobStatus.SUCCEEDED


def test_a_child_of_a_cancelled_parent_is_not_retried(alice: User) -> None:
    def run(run: JobRun) -> NoOutput:
        if run.job.position == 1:
            raise KeyError("a bug")
        return NoOutput()

    parent = batch(alice, 2, run)
    assert runner.run_next_child(parent.pk)
    services.job_cancel(job=parent)
    assert fetch(parent).status == JobStatus.CANCELLED
    failed, _ = children(parent)
    with pytest.raises(JobStateError):
        services.job_retry(job=failed)
    assert fetch(failed).status == JobStatus.FAILED


# -- a person's word on an uncertain call --------------------------------------------------------------------------


def _uncertain(alice: User) -> Job:
    """A blind purchase whose outcome is unknown; its job has failed."""

    def order(key: str) -> str:
        raise ProviderError(CONNECTION_LOST, "lost", retryable=True, charged=None)

    def run(run: JobRun) -> NoOutput:
        purchase(
            run,
            "order",
            micros=700,
            order=order,
        )
        return NoOutput()

    job = scripted_job(alice, run)
    runner.run(job.pk)
    assert fetch(job).status == JobStatus.FAILED
    return job


@pytest.mark.parametrize(
    ("outcome", "micros", "cost"), [("released", None, 0), ("charged", None, 700), ("charged", 650, 650)]
)
def test_a_person_resolves_an_uncertain_call_once(
    alice: User, outcome: str, micros: int | None, cost: int
) -> None:
    job = _uncertain(alice)
    call = calls(job)[0]
    assert services.call_resolve(
        call_id=call.pk, outcome=outcome, resolution="客服确认 by staff", micros=micros
    )
    call.refresh_from_db()
    assert (call.status, call.cost_micros, call.resolution) == ("released", cost, "客服确认 by staff")
    assert not services.call_resolve(call_id=call.pk, outcome="released", resolution="again")
    call.refresh_from_db()
    assert call.cost_micros == cost


def test_a_lease_that_ran_out_while_stopping_still_tells_the_provider(alice: User) -> None:
    stopped: list[str] = []
    job = scripted_job(
        alice, lambda run: Waiting("sandbox", "task-1"), stop=lambda run: stopped.append(run.provider_ref)
    )
    runner.run(job.pk)
    make_due(job)
    runner.transitions.claim_poll(job.pk, worker="a dead one", lease=runner.this_worker().lease)
    services.job_cancel(job=fetch(job))
    expire_lease(job)
    sweeper.sweep()
    make_due(job)
    runner.poll(job.pk)
    assert (fetch(job).status, stopped) == (JobStatus.CANCELLED, ["task-1"])
