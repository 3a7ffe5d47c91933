"""Parents and children: the sum of the states is the total at every moment, and the end comes exactly once."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from generation.domain.states import JobStatus
from generation.jobs import parents, runner, services, sweeper
from generation.jobs.registry import NoOutput, Waiting
from generation.jobs.run import JobRun
from generation.models import Job, JobEvent, ProviderCall
from generation.providers.base import OVERLOADED, ProviderError
from tests.generation.factories import (
    batch,
    children,
    events,
    expire_lease,
    fetch,
    items_total,
    lose_messages,
    make_due,
    run_children,
)

pytestmark = pytest.mark.django_db


def fails_at(*positions: int) -> Any:
    """A handler whose children at these positions fail until `healed` is true."""
    state = {"healed": False}

    def run(run: JobRun) -> NoOutput:
        if run.job.position in positions and not state["healed"]:
            raise ProviderError("PROVIDER_CONTENT_REFUSED", "no", retryable=False, charged=False)
        return NoOutput()

    run.state = state  # type: ignore[attr-defined]
    return run


def published(enqueued: Any) -> list[str]:
    return [kwargs["job_id"] for name, kwargs in enqueued if name == "generation.run_job"]


# -- counts and the end --------------------------------------------------------------------------------------------


def test_the_states_of_the_items_add_up_to_the_total_at_every_step(alice: User) -> None:
    seen: list[int] = []

    def run(run: JobRun) -> NoOutput:
        seen.append(items_total(fetch(run.job).parent))
        if run.job.position == 2:
            raise KeyError("a bug")
        if run.job.position == 3 and run.job.attempt == 1:
            raise ProviderError(OVERLOADED, "busy", retryable=True, charged=False)
        seen.append(items_total(fetch(run.job).parent))
        return NoOutput()

    parent = batch(alice, 5, run)
    run_children(parent)
    make_due(children(parent)[2])
    run_children(parent)
    assert set(seen) == {5}
    done = fetch(parent)
    assert (done.status, done.error_code) == ("failed", "JOB_ITEMS_FAILED")
    assert done.output == {
        "total": 5,
        "counts": {
            "pending": 0, "running": 0, "succeeded": 4, "skipped": 0, "failed": 1, "cancelled": 0,
        },
    }  # fmt: skip
    assert done.error["message_zh"] == "5 个条目中有 1 个失败。请查看后重试，只会重新执行失败的条目。"
    assert done.error["charged"] is False


@pytest.mark.parametrize(("status", "cost", "charged"), [("settled", 300, True), ("uncertain", None, None)])
def test_a_parent_that_fails_says_whether_its_items_cost_money(
    alice: User, status: str, cost: int | None, charged: bool | None
) -> None:
    parent = batch(alice, 3, fails_at(2))
    paid = children(parent)[0]
    ProviderCall.objects.create(
        owner=alice, job=paid, step="text", feature="test", capability="llm", provider="openai",
        status=status, cost_micros=cost,
    )  # fmt: skip
    run_children(parent)
    assert fetch(parent).error["charged"] is charged


def test_every_progress_event_adds_up_too(alice: User, monkeypatch: Any) -> None:
    monkeypatch.setattr(parents, "REPORT_SECONDS", 0.0)
    parent = batch(alice, 4, fails_at(2))
    run_children(parent)
    told = JobEvent.objects.filter(job_id=parent.pk, type="progress").order_by("seq")
    assert [sum(event.data["counts"].values()) for event in told] == [4, 4, 4, 4]
    assert [event.data["percent"] for event in told] == [25, 50, 75, 99]
    assert events(parent)[-1] == "failed"


def test_progress_is_not_written_for_every_child(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parents, "REPORT_SECONDS", 3600.0)
    parent = batch(alice, 30)
    run_children(parent)
    assert events(parent).count("progress") <= 2
    assert fetch(parent).progress == 100


def test_a_parent_without_children_is_done_at_once(alice: User) -> None:
    parent = batch(alice, 0)
    assert fetch(parent).status == JobStatus.SUCCEEDED
    assert events(parent) == ["queued", "started", "waiting", "succeeded"]


def test_a_parent_without_children_whose_process_died_is_ended_by_the_sweeper(
    alice: User, monkeypatch: Any
) -> None:
    monkeypatch.setattr(parents, "settle", lambda parent_id: None)
    parent = batch(alice, 0)
    assert fetch(parent).status == JobStatus.WAITING
    monkeypatch.undo()
    sweeper.sweep()
    assert fetch(parent).status == JobStatus.SUCCEEDED


def test_a_parent_is_ended_by_the_sweeper_when_its_last_child_s_process_died_in_between(
    alice: User, monkeypatch: Any
) -> None:
    parent = batch(alice, 2)
    with monkeypatch.context() as patch:
        patch.setattr(parents, "settle", lambda parent_id: None)
        run_children(parent)
        assert fetch(parent).status == JobStatus.WAITING
    sweeper.sweep()
    sweeper.sweep()
    assert fetch(parent).status == JobStatus.SUCCEEDED
    assert events(parent).count("succeeded") == 1


def test_settling_twice_ends_it_once(alice: User) -> None:
    parent = batch(alice, 1)
    run_children(parent)
    assert parents.settle(parent.pk) is None
    assert events(parent).count("succeeded") == 1


def test_settling_is_not_for_jobs_that_a_provider_works_on(alice: User) -> None:
    parent = batch(alice, 1, lambda run: Waiting("sandbox", "task-1"), poll=lambda run: NoOutput())
    run_children(parent)
    (child,) = children(parent)
    assert child.status == JobStatus.WAITING
    assert parents.settle(child.pk) is None
    assert parents.settle(parent.pk) is None
    make_due(child)
    runner.poll(child.pk)
    assert (fetch(child).status, fetch(parent).status) == ("succeeded", "succeeded")


# -- cancel, retry -------------------------------------------------------------------------------------------------


def test_cancelling_a_parent_cancels_what_waits_and_asks_the_rest_to_stop(alice: User) -> None:
    """The parent is over when its last child has stopped, not before."""
    during: list[str] = []

    def run(run: JobRun) -> NoOutput:
        if run.job.position == 2:
            services.job_cancel(job=fetch(run.job).parent)
            during.append(fetch(run.job).parent.status)
            run.check()
        return NoOutput()

    parent = batch(alice, 6, run)
    run_children(parent)
    assert during == ["waiting"]
    assert [child.status for child in children(parent)] == ["succeeded", *["cancelled"] * 5]
    assert fetch(parent).status == JobStatus.CANCELLED
    assert fetch(parent).output["counts"]["cancelled"] == 5
    assert items_total(parent) == 6
    for child in children(parent)[2:]:
        assert events(child) == ["queued", "cancelled"]
    assert events(parent)[-1] == "cancelled"


def test_cancelling_ten_thousand_children_takes_few_statements(
    alice: User, django_assert_max_num_queries: Any
) -> None:
    parent = batch(alice, 1200)
    with django_assert_max_num_queries(30):
        services.job_cancel(job=parent)
    assert Job.objects.filter(parent_id=parent.pk, status=JobStatus.CANCELLED).count() == 1200
    assert JobEvent.objects.filter(job__parent_id=parent.pk, type="cancelled").count() == 1200


def test_retrying_a_parent_runs_its_failed_children_and_no_other(
    alice: User, enqueued: Any, django_capture_on_commit_callbacks: Any
) -> None:
    run = fails_at(1, 3)
    parent = batch(alice, 4, run)
    run_children(parent)
    assert fetch(parent).status == JobStatus.FAILED
    run.state["healed"] = True
    with django_capture_on_commit_callbacks(execute=True):
        again = services.job_retry(job=fetch(parent))
    assert (again.status, again.error, again.output) == ("waiting", None, None)
    failed = [child for child in children(parent) if child.status == JobStatus.QUEUED]
    assert [child.position for child in failed] == [1, 3]
    assert published(enqueued) == [str(child.pk) for child in failed]
    assert items_total(parent) == 4
    run_children(parent)
    assert fetch(parent).status == JobStatus.SUCCEEDED
    assert [child.attempt for child in children(parent)] == [2, 1, 2, 1]
    assert events(children(parent)[0]) == ["queued", "started", "failed", "replayed", "started", "succeeded"]


def test_retrying_one_child_reopens_its_parent(alice: User) -> None:
    run = fails_at(2)
    parent = batch(alice, 2, run)
    run_children(parent)
    run.state["healed"] = True
    services.job_retry(job=children(parent)[1])
    assert (fetch(parent).status, fetch(parent).finished_at) == ("waiting", None)
    run_children(parent)
    assert fetch(parent).status == JobStatus.SUCCEEDED
    assert [type_ for type_ in events(parent) if type_ in {"failed", "replayed", "succeeded"}] == [
        "failed", "replayed", "succeeded",
    ]  # fmt: skip


def test_a_parent_that_ended_while_it_was_paused_runs_when_it_is_retried(alice: User) -> None:
    run = fails_at(1)
    parent = batch(alice, 1, lambda r: services.job_pause(job=fetch(r.job).parent) and run(r))
    run_children(parent)
    assert fetch(parent).status == JobStatus.FAILED
    run.state["healed"] = True
    services.job_retry(job=fetch(parent))
    child = children(parent)[0]
    Job.objects.filter(pk=parent.pk).update(paused_at=None)
    assert services.state_of(fetch(parent)) == "waiting"
    assert child.status == JobStatus.QUEUED


# -- how many at once ----------------------------------------------------------------------------------------------


def test_a_parent_publishes_as_many_children_as_it_may_run(
    alice: User, enqueued: Any, django_capture_on_commit_callbacks: Any
) -> None:
    parent = batch(alice, 10, max_parallel=3)
    with django_capture_on_commit_callbacks(execute=True):
        assert parents.publish_children(parent) == 3
        assert parents.publish_children(parent) == 0
        sweeper.sweep()
    assert published(enqueued) == [str(child.pk) for child in children(parent)[:3]]


def test_lost_messages_are_published_again_and_not_more_of_them(
    alice: User, enqueued: Any, django_capture_on_commit_callbacks: Any
) -> None:
    parent = batch(alice, 10, max_parallel=3)
    with django_capture_on_commit_callbacks(execute=True):
        parents.publish_children(parent)
        lose_messages()
        sweeper.sweep()
    assert published(enqueued) == [str(child.pk) for child in children(parent)[:3]] * 2


def test_no_more_children_start_than_allowed_however_many_messages_come(alice: User) -> None:
    running: list[int] = []

    def run(run: JobRun) -> NoOutput:
        for other in children(fetch(run.job).parent):
            runner.run(other.pk)
        runner.run_next_child(run.job.parent_id)
        running.append(Job.objects.filter(parent_id=run.job.parent_id, status=JobStatus.RUNNING).count())
        return NoOutput()

    parent = batch(alice, 5, run, max_parallel=2)
    run_children(parent)
    assert max(running) == 2
    assert fetch(parent).status == JobStatus.SUCCEEDED


def test_a_child_that_waits_for_its_provider_fills_a_place(alice: User) -> None:
    parent = batch(alice, 3, lambda run: Waiting("sandbox", "t"), max_parallel=2, poll=lambda run: NoOutput())
    run_children(parent)
    assert [child.status for child in children(parent)] == ["waiting", "waiting", "queued"]


def test_a_polled_child_that_ends_lets_the_next_one_start(
    alice: User, enqueued: Any, django_capture_on_commit_callbacks: Any
) -> None:
    parent = batch(alice, 2, lambda run: Waiting("sandbox", "t"), max_parallel=1, poll=lambda run: NoOutput())
    run_children(parent)
    first, second = children(parent)
    make_due(first)
    with django_capture_on_commit_callbacks(execute=True):
        runner.poll(first.pk)
    assert published(enqueued) == [str(second.pk)]


def test_children_are_claimed_in_their_order(alice: User) -> None:
    order: list[int] = []
    parent = batch(alice, 5, lambda run: order.append(run.job.position) or NoOutput())
    run_children(parent)
    assert order == [1, 2, 3, 4, 5]


def test_one_message_starts_a_chain_that_runs_all_children(alice: User) -> None:
    parent = batch(alice, 4)
    runner.run(children(parent)[2].pk)
    assert {child.status for child in children(parent)} == {JobStatus.SUCCEEDED}
    assert fetch(parent).status == JobStatus.SUCCEEDED


def test_a_chain_that_ran_long_enough_goes_to_the_end_of_the_queue(
    alice: User, enqueued: Any, monkeypatch: Any, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(runner, "CHAIN_SECONDS", 0.0)
    parent = batch(alice, 3, max_parallel=1)
    first, second, _ = children(parent)
    with django_capture_on_commit_callbacks(execute=True):
        runner.run(first.pk)
    assert fetch(first).status == JobStatus.SUCCEEDED
    assert published(enqueued) == [str(second.pk)]


def test_resuming_while_children_run_fills_only_the_free_places(
    alice: User, enqueued: Any, django_capture_on_commit_callbacks: Any
) -> None:
    parent = batch(alice, 5, max_parallel=2)
    runner.transitions.claim_next_child(parent.pk, worker="w", lease=timedelta(seconds=60))
    services.job_pause(job=parent)
    with django_capture_on_commit_callbacks(execute=True):
        services.job_resume(job=fetch(parent))
    assert published(enqueued) == [str(children(parent)[1].pk)]


# -- in this process, without a broker -----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_batch_is_drained_in_this_process_without_any_message(alice: User, enqueued: Any) -> None:
    parent = batch(alice, 6, begin=False)
    looks: list[int] = []
    runner.drain(parent.pk, threads=1, watch=lambda: looks.append(items_total(parent)), pause_seconds=0.01)
    assert fetch(parent).status == JobStatus.SUCCEEDED
    assert set(looks) == {6}
    assert published(enqueued) == []


@pytest.mark.django_db(transaction=True)
def test_draining_takes_up_what_a_dead_process_left(alice: User) -> None:
    parent = batch(alice, 2)
    left = runner.transitions.claim_next_child(parent.pk, worker="dead", lease=timedelta(seconds=60))
    assert left is not None
    expire_lease(left)
    runner.drain(parent.pk, threads=1, watch=lambda: None, pause_seconds=0.01)
    assert fetch(parent).status == JobStatus.SUCCEEDED
    assert [child.failures for child in children(parent)] == [1, 0]


def test_a_queued_child_of_a_parent_that_is_over_is_cancelled_by_the_sweeper(alice: User) -> None:
    """A worker that had lost its parent went on writing children down."""
    parent = batch(alice, 0)
    Job.objects.filter(pk=parent.pk).update(status=JobStatus.CANCELLED, finished_at=timezone.now())
    (child,) = services.children_submit(parent=fetch(parent), kind="test.script", inputs=[{"name": "never"}])
    runner.run(child.pk)
    sweeper.sweep()
    assert events(child) == ["queued", "cancelled"]
