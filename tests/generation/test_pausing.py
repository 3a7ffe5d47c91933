"""A parent that is paused starts no child; one that is resumed goes on where it stopped."""

from typing import Any

import pytest

from accounts.models import User
from generation.domain.states import JobStatus
from generation.errors import JobStateError
from generation.jobs import runner, services, sweeper
from generation.jobs.registry import NoOutput
from tests.generation.factories import (
    batch,
    children,
    events,
    fetch,
    run_children,
)

pytestmark = pytest.mark.django_db


def test_a_paused_parent_starts_no_child_until_it_is_resumed(
    alice: User, enqueued: Any, django_capture_on_commit_callbacks: Any
) -> None:
    parent = batch(alice, 3)
    assert runner.run_next_child(parent.pk)
    services.job_pause(job=parent)
    assert services.state_of(fetch(parent)) == "paused"
    assert not runner.run_next_child(parent.pk)
    for child in children(parent):
        runner.run(child.pk)
    assert [child.status for child in children(parent)] == ["succeeded", "queued", "queued"]
    with django_capture_on_commit_callbacks(execute=True):
        sweeper.sweep()
    assert enqueued == []

    with django_capture_on_commit_callbacks(execute=True):
        services.job_resume(job=fetch(parent))
    assert [kwargs["job_id"] for _, kwargs in enqueued] == [str(c.pk) for c in children(parent)[1:]]
    run_children(parent)
    assert fetch(parent).status == JobStatus.SUCCEEDED
    assert [type_ for type_ in events(parent) if type_ != "progress"] == [
        "queued", "started", "waiting", "paused", "resumed", "succeeded",
    ]  # fmt: skip


def test_what_runs_when_a_parent_is_paused_goes_on_to_its_end(alice: User) -> None:
    parent = batch(alice, 2, lambda run: services.job_pause(job=fetch(run.job).parent) and NoOutput())
    run_children(parent)
    assert [child.status for child in children(parent)] == ["succeeded", "queued"]
    assert fetch(parent).status == JobStatus.WAITING


def test_pausing_or_resuming_twice_is_refused(alice: User) -> None:
    parent = batch(alice, 1)
    with pytest.raises(JobStateError):
        services.job_resume(job=parent)
    services.job_pause(job=parent)
    with pytest.raises(JobStateError) as caught:
        services.job_pause(job=fetch(parent))
    assert "paused" in caught.value.message("en")
    services.job_resume(job=fetch(parent))
    with pytest.raises(JobStateError):
        services.job_resume(job=fetch(parent))


def test_a_cancelled_parent_can_neither_be_paused_nor_resumed_nor_retried(alice: User) -> None:
    parent = batch(alice, 2)
    services.job_cancel(job=parent)
    for service in (services.job_pause, services.job_resume, services.job_retry):
        with pytest.raises(JobStateError):
            service(job=fetch(parent))
    assert fetch(parent).status == JobStatus.CANCELLED


def test_a_paused_parent_can_be_cancelled(alice: User) -> None:
    parent = batch(alice, 2)
    services.job_pause(job=parent)
    services.job_cancel(job=fetch(parent))
    assert fetch(parent).status == JobStatus.CANCELLED
    assert {child.status for child in children(parent)} == {JobStatus.CANCELLED}
