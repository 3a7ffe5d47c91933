"""Children that end, start, come back and are cancelled at the same moment."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from generation.domain.states import JobStatus
from generation.errors import JobStateError
from generation.jobs import parents, runner, services, sweeper, transitions
from generation.jobs.registry import NoOutput
from generation.jobs.run import JobRun
from generation.models import Job
from tests.generation.factories import (
    TERMINAL_EVENTS,
    batch,
    children,
    events,
    fetch,
    items_total,
    make_due,
    run_children,
)
from tests.generation.races.conftest import Together
from tests.support.patience import PATIENCE

LEASE = timedelta(seconds=60)


def ends(job: Job) -> list[str]:
    return [type_ for type_ in events(job) if type_ in TERMINAL_EVENTS]


def quietly(function: Callable[[], Any]) -> Callable[[], Any]:
    """`function`, for which it is fine to come too late."""

    def call() -> Any:
        try:
            return function()
        except JobStateError:
            return None

    return call


def test_of_two_children_that_end_at_the_same_moment_one_ends_the_parent(
    alice: User, together: Together
) -> None:
    for _ in range(15):
        parent = batch(alice, 2)
        first, second = (transitions.claim_next_child(parent.pk, worker="w", lease=LEASE) for _ in "ab")

        def finish(child: Job | None, parent: Job = parent) -> None:
            assert child is not None
            runner.run_claimed(child)
            parents.settle(parent.pk)

        together(lambda child=first: finish(child), lambda child=second: finish(child))
        assert fetch(parent).status == JobStatus.SUCCEEDED
        assert ends(parent) == ["succeeded"]


def test_many_threads_run_each_child_once_and_the_sum_never_changes(alice: User, together: Together) -> None:
    ran: list[int] = []
    parent = batch(alice, 30, lambda run: ran.append(run.job.position) or NoOutput())
    totals: list[int] = []
    done = threading.Event()

    def work() -> None:
        run_children(parent)
        done.set()

    def watch() -> None:
        while not done.is_set():
            totals.append(items_total(parent))

    together(*[work] * 5, watch)
    assert sorted(ran) == list(range(1, 31))
    assert set(totals) == {30}
    assert fetch(parent).status == JobStatus.SUCCEEDED
    assert ends(parent) == ["succeeded"]
    assert all(events(child) == ["queued", "started", "succeeded"] for child in children(parent))


def test_no_more_children_run_than_allowed(alice: User, together: Together) -> None:
    """Every thread begins with a message, as if the broker had delivered too many."""
    running: list[int] = []

    def run(run: JobRun) -> NoOutput:
        running.append(Job.objects.filter(parent_id=run.job.parent_id, status=JobStatus.RUNNING).count())
        return NoOutput()

    parent = batch(alice, 24, run, max_parallel=2)
    together(*[lambda child=child: runner.run(child.pk) for child in children(parent)[:6]])
    run_children(parent)
    assert fetch(parent).status == JobStatus.SUCCEEDED
    # Claims at the very same moment can't see each other on PostgreSQL; the next ones do.
    assert sorted(running)[len(running) // 2] <= 2


def test_cancelling_while_children_start_and_end_leaves_nobody_active(
    alice: User, together: Together
) -> None:
    for _ in range(6):
        parent = batch(alice, 12)
        together(
            lambda parent=parent: run_children(parent),
            lambda parent=parent: run_children(parent),
            quietly(lambda parent=parent: services.job_cancel(job=parent)),  # too late where all is done
        )
        sweeper.sweep()
        assert fetch(parent).status in (JobStatus.CANCELLED, JobStatus.SUCCEEDED)
        assert len(ends(parent)) == 1
        assert all(child.is_terminal and len(ends(child)) == 1 for child in children(parent))
        assert items_total(parent) == 12


def test_pausing_and_resuming_while_children_run_loses_none(alice: User, together: Together) -> None:
    parent = batch(alice, 16)

    def toggle() -> None:
        for _ in range(4):
            quietly(lambda: services.job_pause(job=fetch(parent)))()
            quietly(lambda: services.job_resume(job=fetch(parent)))()

    together(lambda: run_children(parent), lambda: run_children(parent), toggle)
    run_children(parent)
    assert fetch(parent).status == JobStatus.SUCCEEDED
    assert ends(parent) == ["succeeded"]


def test_a_child_that_is_brought_back_while_its_parent_ends_is_not_left_behind(
    alice: User, together: Together
) -> None:
    for _ in range(15):
        healed = threading.Event()

        def run(run: JobRun, healed: threading.Event = healed) -> NoOutput:
            if run.job.position == 1 and not healed.is_set():
                raise KeyError("a bug")
            return NoOutput()

        parent = batch(alice, 2, run)
        assert runner.run_next_child(parent.pk)
        last = transitions.claim_next_child(parent.pk, worker="w", lease=LEASE)
        assert last is not None
        runner.run_claimed(last)
        healed.set()
        failed = children(parent)[0]
        together(
            lambda parent=parent: parents.settle(parent.pk),
            lambda failed=failed: services.job_retry(job=failed),
        )
        assert fetch(parent).status == JobStatus.WAITING
        make_due(failed)
        run_children(parent)
        assert fetch(parent).status == JobStatus.SUCCEEDED


def test_a_parent_does_not_end_on_counts_that_are_being_changed(alice: User, together: Together) -> None:
    """The child is back but not yet committed when another worker looks whether the parent is over."""

    def run(run: JobRun) -> NoOutput:
        raise KeyError("a bug")

    parent = batch(alice, 1, run)
    child = transitions.claim_next_child(parent.pk, worker="w", lease=LEASE)
    assert child is not None
    runner.run_claimed(child)
    is_back, is_over = threading.Event(), threading.Event()

    def retry() -> None:
        with transaction.atomic():
            services.job_retry(job=fetch(child))
            is_back.set()
            is_over.wait(0.3)  # only as long as nobody waits for us, which is what should happen

    def settle() -> None:
        is_back.wait(PATIENCE)
        parents.settle(parent.pk)
        is_over.set()

    together(retry, settle)
    assert (fetch(parent).status, fetch(child).status) == (JobStatus.WAITING, JobStatus.QUEUED)


def test_retrying_a_child_and_its_parent_at_once_revives_it_once(alice: User, together: Together) -> None:
    def run(run: JobRun) -> NoOutput:
        raise KeyError("a bug")

    for _ in range(6):
        parent = batch(alice, 3, run)
        run_children(parent)
        together(
            quietly(lambda parent=parent: services.job_retry(job=fetch(parent))),
            quietly(lambda parent=parent: services.job_retry(job=children(parent)[1])),
        )
        assert fetch(parent).status == JobStatus.WAITING
        assert events(parent).count("replayed") == 1
        assert all(events(child).count("replayed") <= 1 for child in children(parent))
        assert events(children(parent)[1]).count("replayed") == 1


def test_publishing_cancelling_and_sweeping_at_once_end_without_a_deadlock(
    alice: User, together: Together
) -> None:
    for _ in range(4):
        parent = batch(alice, 60, max_parallel=20)
        together(
            lambda parent=parent: [parents.publish_children(fetch(parent)) for _ in range(5)],
            lambda parent=parent: run_children(parent),
            lambda: [sweeper.sweep() for _ in range(2)],
            lambda parent=parent: services.job_cancel(job=parent),
            runner.this_worker().beat,
        )
        sweeper.sweep()
        assert all(child.is_terminal for child in children(parent))
        assert len(ends(parent)) == 1


@pytest.mark.parametrize("threads", [1, 4])
def test_a_batch_is_drained_by_the_threads_of_one_process(alice: User, arena: None, threads: int) -> None:
    parent = batch(alice, 20, begin=False)
    totals: list[int] = []
    runner.drain(
        parent.pk, threads=threads, watch=lambda: totals.append(items_total(parent)), pause_seconds=0.01
    )
    assert fetch(parent).status == JobStatus.SUCCEEDED
    assert set(totals) == {20}
    assert ends(parent) == ["succeeded"]
