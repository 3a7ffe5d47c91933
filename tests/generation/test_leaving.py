"""A worker that was asked to stop takes nothing new: what it runs ends at its next step and goes on elsewhere."""

from typing import Any

import pytest

from accounts.models import User
from generation.jobs import gateway, runner, services, worker
from generation.jobs.registry import NoOutput, Waiting
from generation.jobs.run import JobRun
from tests.generation.factories import batch, calls, children, events, fetch, make_due, scripted_job, text_job
from tests.generation.test_parents import published
from tests.support import scripted_llm
from tests.support.kinds.purchases import purchase

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_worker_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_worker", worker.Worker())


def leave() -> None:
    worker.this_worker().leave()


def another_worker() -> None:
    worker._worker = worker.Worker()


def test_what_is_bought_is_kept_and_the_next_step_is_left_to_another_worker(
    alice: User, providers: Any, enqueued: Any, django_capture_on_commit_callbacks: Any
) -> None:
    job = text_job(alice, steps=3)
    scripted_llm.plays["deepseek"] += [lambda _: leave() or "一", "二", "三"]
    with django_capture_on_commit_callbacks(execute=True):
        runner.run(job.pk)
    assert (fetch(job).status, fetch(job).failures, len(calls(job))) == ("queued", 0, 1)
    assert published(enqueued)[-1:] == [str(job.pk)]

    another_worker()
    runner.run(job.pk)
    assert (fetch(job).status, fetch(job).output) == ("succeeded", {"text": "一\n二\n三"})
    assert [call.status for call in calls(job)] == ["settled"] * 3
    assert len(scripted_llm.calls) == 3


def test_a_message_that_comes_now_is_passed_on(
    alice: User, enqueued: Any, django_capture_on_commit_callbacks: Any
) -> None:
    job = scripted_job(alice, lambda run: NoOutput())
    leave()
    enqueued.clear()
    with django_capture_on_commit_callbacks(execute=True):
        runner.run(job.pk)
    assert (fetch(job).status, events(job)) == ("queued", ["queued"])
    assert published(enqueued) == [str(job.pk)]


def test_a_batch_goes_on_elsewhere(
    alice: User, enqueued: Any, django_capture_on_commit_callbacks: Any
) -> None:
    parent = batch(alice, 3, lambda run: leave() or NoOutput(), max_parallel=2)
    with django_capture_on_commit_callbacks(execute=True):
        runner.run(children(parent)[0].pk)
    assert [child.status for child in children(parent)] == ["succeeded", "queued", "queued"]
    assert published(enqueued) == [str(child.pk) for child in children(parent)[1:]]


def test_nothing_is_ordered_and_nobody_is_asked(alice: User, enqueued: Any) -> None:
    def order(run: JobRun) -> NoOutput:
        leave()
        purchase(run, "order", micros=1,
            order=lambda key: pytest.fail("ordered"),
        )  # fmt: skip
        return NoOutput()

    ordering = scripted_job(alice, order)
    runner.run(ordering.pk)
    assert (fetch(ordering).status, len(calls(ordering))) == ("queued", 0)

    another_worker()
    waiting = scripted_job(
        alice, lambda run: Waiting("sandbox", "task-1", 0), poll=lambda run: pytest.fail("asked")
    )
    runner.run(waiting.pk)
    make_due(waiting)
    leave()
    runner.poll(waiting.pk)
    assert fetch(waiting).status == "waiting"


def test_who_waits_for_a_turn_at_a_provider_gives_it_up(
    alice: User, providers: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another job has the only turn, and the worker is asked to stop when this one stands in the queue for it."""
    settings.LLM_MAX_IN_FLIGHT = 1
    first, second = text_job(alice), text_job(alice)
    monkeypatch.setattr(gateway, "release_connection", leave)  # what is done before the wait
    scripted_llm.plays["deepseek"].append(lambda _: runner.run(second.pk) or "一")
    runner.run(first.pk)
    assert fetch(first).status == "succeeded"
    assert (fetch(second).status, fetch(second).attempt, len(calls(second))) == ("queued", 1, 0)


def test_a_cancelled_job_is_cancelled_and_not_handed_over(alice: User, providers: Any) -> None:
    job = text_job(alice, steps=2)
    scripted_llm.plays["deepseek"].append(lambda _: leave() or services.job_cancel(job=fetch(job)) and "一")
    runner.run(job.pk)
    assert fetch(job).status == "cancelled"
