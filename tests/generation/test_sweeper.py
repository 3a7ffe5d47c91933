"""What was lost is found: messages, dead workers' jobs, jobs that were to stop while nobody ran them."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from generation.domain.states import JobStatus
from generation.jobs import housekeeping, polling, runner, services, sweeper, transitions
from generation.jobs.registry import NoOutput, Waiting
from generation.models import Job, JobEvent, ProviderCall, WorkerHeartbeat
from tests.generation.factories import (
    batch,
    calls,
    children,
    events,
    expire_lease,
    fetch,
    lose_messages,
    run_children,
    scripted_job,
    text_job,
)

pytestmark = pytest.mark.django_db

LEASE = timedelta(seconds=60)


@pytest.fixture
def sweep(django_capture_on_commit_callbacks: Any) -> Any:
    """One round of the sweeper with its messages."""

    def once() -> dict[str, int]:
        with django_capture_on_commit_callbacks(execute=True):
            return sweeper.sweep()

    return once


def test_with_nothing_lost_it_moves_nothing(alice: User, enqueued: Any, sweep: Any) -> None:
    text_job(alice)
    transitions.claim(text_job(alice).pk, worker="alive", lease=LEASE)
    assert set(sweep().values()) == {0}
    assert enqueued == []


def test_a_lost_message_is_published_again_once_it_counts_as_lost(
    alice: User, enqueued: Any, sweep: Any
) -> None:
    job = text_job(alice)
    lose_messages()
    assert sweep()["published"] == 1
    assert sweep()["published"] == 0
    assert enqueued == [("generation.run_job", {"job_id": str(job.pk)})]


def test_a_job_that_is_not_due_is_not_published(alice: User, enqueued: Any, sweep: Any) -> None:
    job = text_job(alice)
    lose_messages()
    Job.objects.filter(pk=job.pk).update(not_before=timezone.now() + timedelta(minutes=1))
    sweep()
    assert enqueued == []


def test_the_job_of_a_dead_worker_is_queued_again_and_published_in_the_same_round(
    alice: User, enqueued: Any, sweep: Any
) -> None:
    job = text_job(alice)
    transitions.claim(job.pk, worker="dead", lease=LEASE)
    expire_lease(job)
    moved = sweep()
    assert (moved["recovered"], moved["published"]) == (1, 1)
    again = fetch(job)
    assert (again.status, again.failures, again.worker) == ("queued", 1, "")
    assert again.error["code"] == "JOB_WORKER_LOST"
    assert events(job) == ["queued", "started", "retrying"]
    assert len(enqueued) == 1


def test_a_job_that_kills_its_worker_each_time_ends(alice: User, sweep: Any) -> None:
    job = text_job(alice)
    for _ in range(4):
        assert transitions.claim(job.pk, worker="dead", lease=LEASE) is not None
        expire_lease(job)
        sweep()
    assert (fetch(job).status, fetch(job).error_code) == ("failed", "JOB_WORKER_LOST")
    assert events(job).count("failed") == 1


def test_a_look_up_that_kills_its_worker_each_time_ends_too(alice: User, sweep: Any) -> None:
    job = scripted_job(alice, lambda run: Waiting("sandbox", "task-1"))
    runner.run(job.pk)
    for _ in range(4):
        Job.objects.filter(pk=job.pk).update(not_before=timezone.now())
        assert transitions.claim_poll(job.pk, worker="dead", lease=LEASE) is not None
        expire_lease(job)
        sweep()
    assert (fetch(job).status, fetch(job).error_code) == ("failed", "JOB_WORKER_LOST")


def test_a_dead_worker_s_job_that_its_provider_works_on_is_asked_for_again(alice: User, sweep: Any) -> None:
    job = scripted_job(alice, lambda run: Waiting("sandbox", "task-1"), poll=lambda run: NoOutput())
    runner.run(job.pk)
    Job.objects.filter(pk=job.pk).update(not_before=timezone.now())
    transitions.claim_poll(job.pk, worker="dead", lease=LEASE)
    expire_lease(job)
    sweep()
    assert fetch(job).status == JobStatus.WAITING
    assert polling.poll_due() == 1
    runner.poll(job.pk)
    assert fetch(job).status == JobStatus.SUCCEEDED


def test_a_dead_worker_s_job_that_was_to_stop_is_cancelled(alice: User, sweep: Any) -> None:
    job = text_job(alice)
    transitions.claim(job.pk, worker="dead", lease=LEASE)
    services.job_cancel(job=fetch(job))
    assert fetch(job).status == JobStatus.RUNNING
    expire_lease(job)
    sweep()
    assert events(job) == ["queued", "started", "cancel_requested", "cancelled"]


def test_a_child_s_death_neither_ends_nor_blocks_its_parent(alice: User, enqueued: Any, sweep: Any) -> None:
    parent = batch(alice, 2, max_parallel=1)
    lost = transitions.claim_next_child(parent.pk, worker="dead", lease=LEASE)
    assert lost is not None
    expire_lease(lost)
    sweep()
    assert [kwargs["job_id"] for _, kwargs in enqueued] == [str(lost.pk)]
    run_children(parent)
    assert fetch(parent).status == JobStatus.SUCCEEDED
    assert [child.failures for child in children(parent)] == [1, 0]


def test_the_last_child_s_last_death_ends_its_parent(alice: User, sweep: Any) -> None:
    parent = batch(alice, 1)
    (child,) = children(parent)
    Job.objects.filter(pk=child.pk).update(failures=3)
    transitions.claim(child.pk, worker="dead", lease=LEASE)
    expire_lease(child)
    sweep()
    assert (fetch(child).status, fetch(parent).status) == ("failed", "failed")


def test_a_queued_job_with_a_wish_to_stop_is_cancelled(alice: User, sweep: Any) -> None:
    job = text_job(alice)
    Job.objects.filter(pk=job.pk).update(cancel_requested_at=timezone.now())
    assert sweep()["cancelled"] == 1
    assert fetch(job).status == JobStatus.CANCELLED


def test_polling_asks_for_all_that_is_due_and_nothing_else(alice: User) -> None:
    due = [
        scripted_job(alice, lambda run: Waiting("sandbox", "t", 0), poll=lambda run: NoOutput()) for _ in "ab"
    ]
    later = scripted_job(alice, lambda run: Waiting("sandbox", "t", 60))
    for job in (*due, later):
        runner.run(job.pk)
    batch(alice, 1)
    assert polling.poll_due() == 2
    assert polling.poll_due() == 0, "each hears of it once"
    for job in due:
        runner.poll(job.pk)
    assert [fetch(job).status for job in (*due, later)] == ["succeeded", "succeeded", "waiting"]


def test_cleaning_up_keeps_what_is_still_needed(alice: User, providers: Any, settings: Any) -> None:
    old, young, failed = (text_job(alice) for _ in range(3))
    for job in (old, young, failed):
        runner.run(job.pk)
    long_ago = timezone.now() - timedelta(days=settings.JOB_RETENTION_DAYS + 1)
    Job.objects.filter(pk__in=[old.pk, failed.pk]).update(finished_at=long_ago)
    Job.objects.filter(pk=failed.pk).update(status=JobStatus.FAILED, error_code="X")
    WorkerHeartbeat.objects.create(
        id="gone", queues="", host="h", pid=1, started_at=long_ago, seen_at=long_ago
    )
    WorkerHeartbeat.objects.create(
        id="here", queues="", host="h", pid=2, started_at=long_ago, seen_at=timezone.now()
    )
    housekeeping.clean_up()
    assert not JobEvent.objects.filter(job_id__in=[old.pk, failed.pk]).exists()
    assert JobEvent.objects.filter(job_id=young.pk).exists()
    assert [calls(job)[0].result is None for job in (old, young, failed)] == [True, False, False]
    assert ProviderCall.objects.count() == 3
    assert [row.pk for row in WorkerHeartbeat.objects.all()] == ["here"]
