"""Jobs that tell how far they are, and those that wait for a provider and are asked for."""

from typing import Any

import pytest

from accounts.models import User
from generation.domain.states import JobStatus
from generation.jobs import runner
from generation.jobs.registry import NoOutput, Waiting
from generation.jobs.run import JobRun
from generation.models import JobEvent
from generation.providers.base import OVERLOADED, ProviderError
from tests.generation.factories import (
    events,
    fetch,
    make_due,
    scripted_job,
)

pytestmark = pytest.mark.django_db


def overloaded(**fields: Any) -> ProviderError:
    return ProviderError(OVERLOADED, "busy", retryable=True, charged=False, **fields)


def test_progress_is_a_numbered_event_and_never_claims_the_end(alice: User) -> None:
    def run(run: JobRun) -> NoOutput:
        run.progress(-5)
        run.progress(40, "正在写第二节")
        run.progress(100)
        assert fetch(run.job).progress == 99
        return NoOutput()

    job = scripted_job(alice, run)
    runner.run(job.pk)
    assert events(job) == ["queued", "started", "progress", "progress", "progress", "succeeded"]
    told = JobEvent.objects.filter(job_id=job.pk, type="progress").order_by("seq")
    assert [event.data for event in told] == [
        {"percent": 0}, {"percent": 40, "message": "正在写第二节"}, {"percent": 99},
    ]  # fmt: skip


def test_a_job_waits_for_its_provider_and_is_asked_for_when_it_is_due(alice: User) -> None:
    asked: list[str] = []

    def poll(run: JobRun) -> Any:
        asked.append(run.provider_ref)
        return NoOutput() if len(asked) == 2 else Waiting("sandbox", run.provider_ref, poll_after=30)

    job = scripted_job(alice, lambda run: Waiting("sandbox", "任务-7", poll_after=30), poll=poll)
    runner.run(job.pk)
    assert (fetch(job).status, fetch(job).provider_ref) == ("waiting", "任务-7")
    runner.poll(job.pk)  # not due yet
    assert asked == []
    for _ in range(2):
        make_due(job)
        runner.poll(job.pk)
    runner.poll(job.pk)
    assert asked == ["任务-7", "任务-7"]
    assert fetch(job).status == JobStatus.SUCCEEDED
    assert events(job) == ["queued", "started", "waiting", "succeeded"]


def test_a_failed_look_up_is_repeated_and_the_order_is_not(alice: User) -> None:
    ran: list[str] = []
    job = scripted_job(
        alice,
        lambda run: ran.append("run") or Waiting("sandbox", "task-1"),
        poll=lambda run: ran.append("poll") or raise_(overloaded()) if len(ran) < 3 else NoOutput(),
    )
    runner.run(job.pk)
    for _ in range(3):
        make_due(job)
        runner.poll(job.pk)
    assert ran == ["run", "poll", "poll"]
    assert fetch(job).status == JobStatus.SUCCEEDED
    assert events(job) == ["queued", "started", "waiting", "retrying", "retrying", "succeeded"]


def raise_(error: Exception) -> None:
    raise error


def test_waiting_without_anything_to_ask_for_is_a_bug_not_a_wait_for_ever(alice: User) -> None:
    job = scripted_job(alice, lambda run: Waiting("sandbox", ""))
    runner.run(job.pk)
    assert fetch(job).error_code == "JOB_INTERNAL_ERROR"
