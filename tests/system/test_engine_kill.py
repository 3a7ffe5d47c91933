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

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


@dataclass(frozen=True)
class Fate:
    """Where the worker dies, and what must be left then and in the end."""

    point: str
    at_death: str
    rows: tuple[str, ...]
    bought: int


#: The rows of the ledger in the order of their creation; `bought`: how many calls the vendor has seen.
TEXTS = (
    Fate("reserved", "reserved", ("released", "settled"), bought=1),
    Fate("sent", "sent", ("uncertain", "settled"), bought=1),
    Fate("held by the vendor", "sent", ("uncertain", "settled"), bought=2),
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
    Fate("held by the vendor", "sent", ("uncertain",), bought=1),
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


def assert_every_call_has_its_row(home: House) -> None:
    """What the vendors have seen, by key, is at most what the ledger shows as sent."""
    seen: dict[str, int] = {}
    for key in [call.request_key for call in home.llm.calls] + [key for key, _ in home.orders.orders]:
        seen[key] = seen.get(key, 0) + 1
    shown: dict[str, int] = {}
    for job_id, step in ProviderCall.objects.exclude(sent_at=None).values_list("job_id", "step"):
        shown[f"{job_id}:{step}"] = shown.get(f"{job_id}:{step}", 0) + 1
    assert {key: n for key, n in seen.items() if n > shown.get(key, 0)} == {}


def test_texts_survive_a_kill_at_each_step(home: House) -> None:
    jobs: dict[str, Job] = {}
    with home.worker(concurrency=12) as first:
        for fate in TEXTS:  # the last one keeps SQLite's only write lock while it stands
            prompt = "写 🙂 [[server:hang-once]]" if fate.point == "held by the vendor" else "写 🙂"
            job = services.job_submit(
                kind="test.text", input=TextInput(prompt), owner_id=home.owner.pk, publish=False
            )
            jobs[fate.point] = job
            if fate.point != "held by the vendor":
                home.arm(job, fate.point)
            home.publish(job)
            home.until(
                lambda job=job, fate=fate: (
                    home.has_reached(job, fate.point)
                    or (fate.point == "held by the vendor" and texts_seen(home, job))
                ),
                fate.point,
            )
        first.kill()
    for fate in TEXTS:
        job = jobs[fate.point]
        assert calls(job)[0].status == fate.at_death, fate
        assert fetch(job).status == ("succeeded" if fate.point == "stored" else "running"), fate
        assert StoredText.objects.filter(job_id=job.pk).count() == (fate.point == "stored"), fate

    home.lapse(first)
    with home.worker():
        home.until_over(*jobs.values())
        for job in jobs.values():
            home.publish(job)  # the broker delivers once more what the dead worker had not confirmed
        again = services.job_submit(kind="test.text", input=TextInput(), owner_id=home.owner.pk)
        home.until_over(again)
    for fate in TEXTS:
        job = fetch(jobs[fate.point])
        assert (job.status, job.error) == ("succeeded", None), fate
        assert [type_ for type_ in events(job) if type_ in TERMINAL_EVENTS] == ["succeeded"], fate
        assert StoredText.objects.filter(job_id=job.pk).count() == 1, fate
        assert statuses(job) == fate.rows, fate
        assert texts_seen(home, job) == fate.bought, fate
        if fate.rows == ("uncertain", "settled"):
            lost, repeated = calls(job)
            assert repeated.repeats_id == lost.pk, fate
    assert_every_call_has_its_row(home)


@pytest.mark.parametrize("kind", ["test.task", "test.blind"])
def test_orders_are_never_repeated_after_a_kill_at_any_step(home: House, kind: str) -> None:
    jobs: dict[str, Job] = {}
    with home.worker(concurrency=12) as first:
        for fate in ORDERS:
            job = services.job_submit(
                kind=kind, input=OrderInput(home.orders.url), owner_id=home.owner.pk, publish=False
            )
            jobs[fate.point] = job
            if fate.point == "held by the vendor":
                home.orders.held.add(f"{job.pk}:order")
            else:
                home.arm(job, fate.point)
            home.publish(job)

        def all_there() -> bool:
            home.sweep()
            return all(
                home.has_reached(job, point) or (point == "held by the vendor" and orders_seen(home, job))
                for point, job in jobs.items()
            )

        home.until(all_there, "all jobs at their points")
        first.kill()
    assert {fate.point: statuses(jobs[fate.point])[0] for fate in ORDERS} == {
        fate.point: fate.at_death for fate in ORDERS
    }

    home.lapse(first)
    with home.worker():
        home.until_over(*jobs.values())
        for fate in ORDERS:
            job = fetch(jobs[fate.point])
            is_lost = fate.rows[-1] == "uncertain"
            assert (job.status, job.error_code) == (
                ("failed", "CALL_UNCERTAIN") if is_lost else ("succeeded", "")
            ), fate
            assert statuses(job) == fate.rows, fate
            assert orders_seen(home, job) == fate.bought, fate
            assert [type_ for type_ in events(job) if type_ in TERMINAL_EVENTS] == [job.status], fate
        assert_every_call_has_its_row(home)

        home.orders.held.clear()
        lost = [jobs[fate.point] for fate in ORDERS if fate.rows == ("uncertain",)]
        for job in lost:
            assert fetch(job).error["charged"] is None
            services.job_retry(job=fetch(job), resolution="alice：供应商没有收到")
        home.until_over(*lost)
    for fate in ORDERS:
        if fate.rows == ("uncertain",):
            job = jobs[fate.point]
            assert (fetch(job).status, statuses(job)) == ("succeeded", ("uncertain", "settled")), fate
            assert orders_seen(home, job) == fate.bought + 1, fate
            assert [call.cost_micros for call in calls(job)] == [None, ORDER_MICROS], fate
    assert_every_call_has_its_row(home)


def test_a_batch_survives_the_death_of_one_of_its_workers(home: House) -> None:
    """Here the leases run out by themselves."""
    size = 40
    totals: list[int] = []
    with home.two_workers(concurrency=4, limit_seconds=45) as (first, _):
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
    assert [type_ for type_ in events(parent) if type_ in TERMINAL_EVENTS] == ["succeeded"]
    for child in Job.objects.filter(parent_id=parent.pk):
        assert [type_ for type_ in events(child) if type_ in TERMINAL_EVENTS] == ["succeeded"]
        assert statuses(child)[-1] == "settled"
        assert texts_seen(home, child) <= len(calls(child)) <= 2
        assert StoredText.objects.filter(job_id=child.pk).count() == 1
    assert_every_call_has_its_row(home)
