"""Messages that come twice, two workers on one job, a cancel while a job finishes, a worker that is asked to leave."""

import pytest

from generation.domain.states import JobStatus
from generation.jobs import services
from generation.models import Job, JobEvent, ProviderCall, WorkerHeartbeat
from tests.generation.factories import TERMINAL_EVENTS, calls, events, fetch
from tests.support.kinds.handlers import TextInput
from tests.support.kinds.models import StoredText
from tests.support.patience import PATIENCE
from tests.support.processes import House

pytestmark = pytest.mark.system


def texts(home: House, count: int, prompt: str = "写 🙂", steps: int = 1) -> list[Job]:
    return [
        services.job_submit(
            kind="test.text", input=TextInput(prompt, steps), owner_id=home.owner.pk, publish=False
        )
        for _ in range(count)
    ]


def assert_done_once(job: Job) -> None:
    assert fetch(job).status == JobStatus.SUCCEEDED
    assert [type_ for type_ in events(job) if type_ in TERMINAL_EVENTS] == ["succeeded"]
    assert StoredText.objects.filter(job_id=job.pk).count() == 1
    assert [call.status for call in calls(job)] == ["settled"]


def test_two_workers_that_get_every_message_twice_do_everything_once(home: House) -> None:
    with home.two_workers(concurrency=4):
        jobs = texts(home, 16, "写 [[server:delay=0.1]]")
        for job in [*jobs, *jobs]:
            home.publish(job)
        parent = home.text_batch(24, max_parallel=6, prompt="🙂")
        children = list(Job.objects.filter(parent_id=parent.pk))
        home.publish(parent)
        for child in [*children, *children]:
            home.publish(child)
        home.until_over(*jobs, parent)
        for job in [*jobs, *children]:
            home.publish(job)  # and once more when all is over
        last = texts(home, 1)
        home.publish(last[0])
        home.until_over(*last)
    for job in [*jobs, *children, *last]:
        assert_done_once(job)
    assert fetch(parent).output["counts"]["succeeded"] == 24
    assert [type_ for type_ in events(parent) if type_ in TERMINAL_EVENTS] == ["succeeded"]
    assert len(home.llm.calls) == ProviderCall.objects.count() == 41
    names = {row.pk for row in WorkerHeartbeat.objects.all()}
    assert names == set() or names <= {worker.name for worker in home.workers}


def test_a_job_that_is_cancelled_at_any_moment_ends_once(home: House) -> None:
    """Before its first call, between two steps, while it stores its result."""
    points = {
        "reserved": "cancelled",
        "settled": "cancelled",
        "finishing": "succeeded",
        "stored": "succeeded",
    }
    with home.worker():
        jobs = dict(zip(points, texts(home, len(points), steps=2), strict=True))
        for point, job in jobs.items():
            home.arm(job, point)
            home.publish(job)
        for point, job in jobs.items():
            home.until(lambda point=point, job=job: home.has_reached(job, point), point)
            if point != "stored":
                services.job_cancel(job=fetch(job))
            home.let_go(job, point)
        home.until_over(*jobs.values())
    # A call that is set off is paid for: it goes on, and the job stops before the next one.
    assert {point: len(calls(job)) for point, job in jobs.items()} == {
        "reserved": 1, "settled": 1, "finishing": 2, "stored": 2,
    }  # fmt: skip
    for point, job in jobs.items():
        assert [type_ for type_ in events(job) if type_ in TERMINAL_EVENTS] == [points[point]]
        assert fetch(job).status == points[point]
        assert {call.status for call in calls(job)} == {"settled"}
        assert StoredText.objects.filter(job_id=job.pk).count() == (points[point] == "succeeded")


def test_a_worker_that_is_asked_to_leave_takes_nothing_new_and_hands_over(home: House) -> None:
    """Its calls are held by the vendor when it is asked, so what it does after their answers is all that it may do."""
    with home.two_workers(concurrency=4) as (leaving, _):
        started = JobEvent.objects.filter(type="started", data__worker=leaving.name)
        running = Job.objects.filter(worker=leaving.name, status=JobStatus.RUNNING)
        with home.llm.holding():
            parent = home.text_batch(30, max_parallel=8, prompt="写")
            single = texts(home, 4, steps=2)
            for job in single:
                home.publish(job)
            home.until(lambda: len(home.llm.calls) == 8, "all threads of both workers with the vendor")
            leaving.terminate()
            home.until(lambda: "Warm shutdown" in leaving.output, "a worker that knows that it is to leave")
            known = set(started.values_list("job_id", flat=True))
        assert leaving.child.wait(PATIENCE) == 0, leaving.output
        assert set(started.values_list("job_id", flat=True)) == known
        assert not running.exists()
        assert not WorkerHeartbeat.objects.filter(pk=leaving.name).exists()
        home.until_over(parent, *single)
    children = Job.objects.filter(parent_id=parent.pk)
    assert fetch(parent).output["counts"]["succeeded"] == 30
    for child in children:
        assert_done_once(child)
        assert child.attempt == 1
    for job in single:
        assert fetch(job).status == JobStatus.SUCCEEDED
        assert fetch(job).failures == 0
        assert [call.status for call in calls(job)] == ["settled"] * 2
    assert len(home.llm.calls) == 30 + 2 * len(single), "nothing was bought twice"
