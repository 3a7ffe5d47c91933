"""kill -9 at each step of a paid call: nothing is lost, nothing is done twice, no call is without its row.

All jobs of a test stand still at their step in one worker; one kill ends them all; another worker finishes them.
"""

from dataclasses import dataclass

import pytest

from generation.domain.states import JobStatus
from generation.jobs import services, transitions
from generation.models import Job, ProviderCall
from tests.generation.factories import TERMINAL_EVENTS, calls, events, fetch
from tests.support.kinds.handlers import ORDER_MICROS, OrderInput, TextInput
from tests.support.kinds.models import StoredText
from tests.support.processes import House

pytestmark = pytest.mark.system


@dataclass(frozen=True)
class Fate:
    """Where the worker dies, and what must be left then and in the end."""

    point: str
    at_death: str
    rows: tuple[str, ...]
    bought: int


#: The vendor has accepted the call and doesn't answer.
HELD = "held by the vendor"

#: The rows of the ledger in the order of their creation; `bought`: how many calls the vendor has seen.
TEXTS = (
    Fate("reserved", "reserved", ("released", "settled"), bought=1),
    Fate("sent", "sent", ("uncertain", "settled"), bought=1),
    Fate(HELD, "sent", ("uncertain", "settled"), bought=2),
    Fate("answered", "sent", ("uncertain", "settled"), bought=2),
    Fate("settled", "settled", ("settled",), bought=1),
    Fate("finishing", "settled", ("settled",), bought=1),
    Fate("stored", "settled", ("settled",), bought=1),
    Fate("in-store", "settled", ("settled",), bought=1),
)

#: For orders `rows` is what is left until a person speaks.
ORDERS = (
    Fate("reserved", "reserved", ("released", "settled"), bought=1),
    Fate("sent", "sent", ("uncertain",), bought=0),
    Fate(HELD, "sent", ("uncertain",), bought=1),
    Fate("ordered", "sent", ("uncertain",), bought=1),
    Fate("accepted", "sent", ("settled",), bought=1),
    Fate("settled", "settled", ("settled",), bought=1),
)


def texts_seen(home: House, job: Job) -> int:
    return sum(call.request_key == f"{job.pk}:text-1" for call in home.llm.calls)


def orders_seen(home: House, job: Job) -> int:
    return sum(key == f"{job.pk}:order" for key, _ in home.orders.orders)


def statuses(job: Job) -> tuple[str, ...]:
    return tuple(call.status for call in calls(job))


def ends(job: Job) -> list[str]:
    return [type_ for type_ in events(job) if type_ in TERMINAL_EVENTS]


def assert_every_call_has_its_row(home: House) -> None:
    """What the vendors have seen, by key, is at most what the ledger shows as sent."""
    seen: dict[str, int] = {}
    for key in [call.request_key for call in home.llm.calls] + [key for key, _ in home.orders.orders]:
        seen[key] = seen.get(key, 0) + 1
    shown: dict[str, int] = {}
    for job_id, step in ProviderCall.objects.exclude(sent_at=None).values_list("job_id", "step"):
        shown[f"{job_id}:{step}"] = shown.get(f"{job_id}:{step}", 0) + 1
    assert {key: n for key, n in seen.items() if n > shown.get(key, 0)} == {}


def is_there(home: House, job: Job, point: str) -> bool:
    """Whether the job stands still at its point."""
    if point == HELD:
        return bool(texts_seen(home, job) or orders_seen(home, job))
    return home.has_reached(job, point)


def start_texts(home: House) -> dict[str, Job]:
    jobs = {}
    for fate in TEXTS:
        prompt = "写 🙂 [[server:hang-once]]" if fate.point == HELD else "写 🙂"
        jobs[fate.point] = home.armed_job("test.text", TextInput(prompt), fate.point)
    return jobs


def start_orders(home: House, kind: str) -> dict[str, Job]:
    jobs = {}
    for fate in ORDERS:
        job = jobs[fate.point] = home.armed_job(kind, OrderInput(home.orders.url), fate.point)
        if fate.point == HELD:
            home.orders.held.add(f"{job.pk}:order")
    return jobs


def stop_at_their_points(home: House, *groups: dict[str, Job]) -> None:
    """All jobs stand still. The one within its store comes last: it has SQLite's only write lock."""
    jobs = [(point, job) for group in groups for point, job in group.items()]
    writing = [(point, job) for point, job in jobs if point == "in-store"]
    for part in ([found for found in jobs if found not in writing], writing):
        for _, job in part:
            home.publish(job)

        def all_there(part: list[tuple[str, Job]] = part) -> bool:
            if part is not writing:
                home.poll_providers()
            return all(is_there(home, job, point) for point, job in part)

        home.until(all_there, "all jobs at their points")


def assert_dead(jobs: dict[str, Job], fates: tuple[Fate, ...]) -> None:
    for fate in fates:
        job = jobs[fate.point]
        assert statuses(job) == (fate.at_death,), fate
        assert fetch(job).status == ("succeeded" if fate.point == "stored" else "running"), fate
        assert StoredText.objects.filter(job_id=job.pk).count() == (fate.point == "stored"), fate


def assert_texts_done(home: House, jobs: dict[str, Job]) -> None:
    for fate in TEXTS:
        job = fetch(jobs[fate.point])
        assert (job.status, job.error) == ("succeeded", None), fate
        assert ends(job) == ["succeeded"], fate
        assert StoredText.objects.filter(job_id=job.pk).count() == 1, fate
        assert statuses(job) == fate.rows, fate
        assert texts_seen(home, job) == fate.bought, fate
        if fate.rows == ("uncertain", "settled"):
            lost, repeated = calls(job)
            assert repeated.repeats_id == lost.pk, fate


def assert_orders_await_a_word(home: House, jobs: dict[str, Job]) -> list[Job]:
    """Returns those that do; the others are done."""
    waiting = []
    for fate in ORDERS:
        job = fetch(jobs[fate.point])
        is_lost = fate.rows == ("uncertain",)
        end = ("failed", "CALL_UNCERTAIN") if is_lost else ("succeeded", "")
        assert (job.status, job.error_code) == end, fate
        assert ends(job) == [job.status], fate
        assert statuses(job) == fate.rows, fate
        assert orders_seen(home, job) == fate.bought, fate
        if is_lost:
            assert job.error["charged"] is None
            waiting.append(job)
    return waiting


def assert_orders_done(home: House, jobs: dict[str, Job]) -> None:
    for fate in ORDERS:
        if fate.rows == ("uncertain",):
            job = jobs[fate.point]
            assert (fetch(job).status, statuses(job)) == ("succeeded", ("uncertain", "settled")), fate
            assert orders_seen(home, job) == fate.bought + 1, fate
            assert [call.cost_micros for call in calls(job)] == [None, ORDER_MICROS], fate


def test_paid_calls_survive_a_kill_at_each_step(home: House) -> None:
    texts, tasks, blinds = (
        start_texts(home),
        start_orders(home, "test.task"),
        start_orders(home, "test.blind"),
    )
    with home.worker(concurrency=32) as first:
        stop_at_their_points(home, texts, tasks, blinds)
        first.kill()
    for jobs, fates in ((texts, TEXTS), (tasks, ORDERS), (blinds, ORDERS)):
        assert_dead(jobs, fates)

    home.lapse(first)
    with home.worker():
        home.until_over(*texts.values(), *tasks.values(), *blinds.values())
        assert_every_call_has_its_row(home)
        undecided = assert_orders_await_a_word(home, tasks) + assert_orders_await_a_word(home, blinds)
        for job in texts.values():
            home.publish(job)  # the broker delivers once more what the dead worker had not confirmed

        home.orders.held.clear()
        for job in undecided:
            services.job_retry(job=job, resolution="alice：供应商没有收到")
        home.until_over(*undecided)
    assert_texts_done(home, texts)
    assert_orders_done(home, tasks)
    assert_orders_done(home, blinds)
    assert_every_call_has_its_row(home)


def test_a_batch_survives_the_death_of_one_of_its_workers(home: House) -> None:
    """Here the leases run out by themselves."""
    size = 40
    totals: list[int] = []
    with home.two_workers(concurrency=4, limit_seconds=90) as (first, _):
        parent = home.text_batch(size, max_parallel=8, prompt="[[server:delay=0.3]]")

        def counts() -> dict[str, int]:
            found = transitions.child_counts(parent.pk)
            totals.append(sum(found.values()))
            return found

        def first_is_busy() -> bool:
            return (
                counts()["succeeded"] >= 8
                and Job.objects.filter(worker=first.name, status=JobStatus.RUNNING).exists()
            )

        home.until(first_is_busy, "a busy worker")
        first.kill()
        home.until(lambda: counts() and home.sweep() or fetch(parent).is_terminal, "the end of the batch")

    assert fetch(parent).status == JobStatus.SUCCEEDED
    assert set(totals) == {size}
    assert ends(parent) == ["succeeded"]
    for child in Job.objects.filter(parent_id=parent.pk):
        assert ends(child) == ["succeeded"]
        assert statuses(child)[-1] == "settled"
        assert texts_seen(home, child) <= len(calls(child)) <= 2
        assert StoredText.objects.filter(job_id=child.pk).count() == 1
    assert_every_call_has_its_row(home)
