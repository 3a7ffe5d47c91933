"""The hub gives every subscription each event once and in order, whenever it is written."""

import asyncio
from collections.abc import Callable, Mapping
from uuid import UUID

import pytest
from django.db import OperationalError

from config.db import uuid7
from generation.domain.news import JobNews, StreamEvent
from generation.live.event_hub import ROOM, EventHub, EventSubscription
from tests.support.patience import PATIENCE

#: As many as the real reader takes at once, in small.
AT_ONCE = 3


class Journal:
    """A database of events in memory that can be told to write right after it was read."""

    def __init__(self) -> None:
        self.written: dict[UUID, int] = {}
        self.status: dict[UUID, str] = {}
        self.after_read: Callable[[], None] = lambda: None
        self.reads = 0

    def write(self, job_id: UUID, number: int = 1, *, status: str = "running") -> None:
        self.written[job_id] = self.written.get(job_id, 0) + number
        self.status[job_id] = status

    def read(self, cursors: Mapping[UUID, int]) -> dict[UUID, JobNews]:
        self.reads += 1
        found = {pk: self._news(pk, after) for pk, after in cursors.items() if pk in self.written}
        self.after_read()
        return found

    def _news(self, pk: UUID, after: int) -> JobNews:
        last = self.written[pk]
        reached = max(after, min(last, after + AT_ONCE))
        events = tuple(StreamEvent(seq, b"%d" % seq) for seq in range(after + 1, reached + 1))
        return JobNews(events, reached, last, self.status[pk])


async def everything(subscription: EventSubscription) -> list[int]:
    """What a reader gets until the end."""
    seen: list[int] = []
    while True:
        events = await subscription.take(timeout=PATIENCE)
        if not events:
            assert subscription.ended
            return seen
        seen += [event.seq for event in events]


def hub_of(journal: Journal, **options: float) -> EventHub:
    return EventHub(journal.read, set, **{"interval": 0.001, **options})


@pytest.mark.parametrize("written_before", range(8))
@pytest.mark.parametrize("after", range(4))
def test_no_event_is_lost_or_doubled_wherever_the_stream_begins(written_before: int, after: int) -> None:
    """Events are written at the worst moment: when the hub has just read."""
    job, journal = uuid7(), Journal()
    journal.write(job, written_before)

    def write_one_more() -> None:
        if journal.written[job] < 7:
            journal.write(job, status="succeeded" if journal.written[job] == 6 else "running")

    journal.after_read = write_one_more
    if written_before == 7:
        journal.status[job] = "succeeded"

    async def follow() -> tuple[list[int], str]:
        hub = hub_of(journal)
        subscription = hub.join(job, min(after, written_before))
        return await everything(subscription), subscription.ended

    seen, ended = asyncio.run(follow())
    assert seen == list(range(min(after, written_before) + 1, 8))
    assert ended == "finished"


def test_readers_of_one_job_get_what_lies_behind_their_own_cursor() -> None:
    job, journal = uuid7(), Journal()
    journal.write(job, 10, status="failed")

    async def follow() -> list[list[int]]:
        hub = hub_of(journal)
        return await asyncio.gather(*(everything(hub.join(job, after)) for after in (0, 4, 9)))

    assert asyncio.run(follow()) == [list(range(1, 11)), list(range(5, 11)), [10]]


def test_who_joins_during_a_read_isnt_given_its_answer() -> None:
    """That answer begins behind another's cursor: taking it would skip events."""
    job, journal = uuid7(), Journal()
    journal.write(job, 6)

    async def follow() -> tuple[list[int], list[int]]:
        hub = hub_of(journal)
        loop = asyncio.get_running_loop()
        late: list[EventSubscription] = []
        joined = asyncio.Event()

        def join_late() -> None:
            late.append(hub.join(job, 0))
            joined.set()

        def during_the_read() -> None:
            journal.after_read = lambda: None
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result()
            loop.call_soon_threadsafe(join_late)
            asyncio.run_coroutine_threadsafe(joined.wait(), loop).result()

        journal.after_read = during_the_read
        early = asyncio.ensure_future(everything(hub.join(job, 5)))
        await joined.wait()
        journal.write(job, status="cancelled")
        return await early, await everything(late[0])

    assert asyncio.run(follow()) == ([6, 7], [1, 2, 3, 4, 5, 6, 7])


def test_a_newcomer_doesnt_wait_for_the_next_round() -> None:
    quiet, job, journal = uuid7(), uuid7(), Journal()
    journal.write(quiet)
    journal.write(job, 5, status="succeeded")

    async def follow() -> list[int]:
        hub = hub_of(journal, interval=60)
        first = hub.join(quiet, 0)
        assert [event.seq for event in await first.take(PATIENCE)] == [1]
        return await asyncio.wait_for(everything(hub.join(job, 0)), PATIENCE)

    assert asyncio.run(follow()) == [1, 2, 3, 4, 5]


def test_who_takes_nothing_is_held_back_then_ended_and_can_resume() -> None:
    job, journal = uuid7(), Journal()
    journal.write(job, ROOM * 3)

    async def follow() -> tuple[list[int], list[int], str]:
        hub = hub_of(journal, slow_seconds=0.05)
        slow = hub.join(job, 0)
        while not slow.ended:
            await asyncio.sleep(0.005)
        got = await everything(slow)
        hub.leave(slow)
        journal.status[job] = "succeeded"
        return got, await everything(hub.join(job, got[-1])), slow.ended

    got, rest, ended = asyncio.run(follow())
    assert ended == "slow_reader"
    assert ROOM <= len(got) < ROOM + AT_ONCE
    assert got + rest == list(range(1, ROOM * 3 + 1))


def test_a_reader_that_hangs_is_cut_off() -> None:
    job, journal = uuid7(), Journal()
    journal.write(job, ROOM * 2)

    async def follow() -> bool:
        hub = hub_of(journal, slow_seconds=0.02)

        async def hang() -> None:
            subscription = hub.join(job, 0)
            try:
                await asyncio.Event().wait()
            finally:
                hub.leave(subscription)

        reader = asyncio.ensure_future(hang())
        await asyncio.wait([reader], timeout=PATIENCE)
        return reader.cancelled() and len(hub) == 0

    assert asyncio.run(follow())


def test_streams_outlive_a_database_that_is_gone_for_a_while() -> None:
    job, journal = uuid7(), Journal()
    journal.write(job, 2)
    failures = iter([OperationalError("gone"), OperationalError("gone"), RuntimeError("a bug")])

    def unwell() -> None:
        failure = next(failures, None)
        if failure is not None:
            raise failure
        journal.status[job] = "succeeded"

    journal.after_read = unwell

    async def follow() -> list[int]:
        return await everything(hub_of(journal).join(job, 0))

    assert asyncio.run(follow()) == [1, 2]


def test_a_job_that_is_deleted_ends_its_streams() -> None:
    job, journal = uuid7(), Journal()
    journal.write(job)

    async def follow() -> tuple[list[int], str]:
        subscription = hub_of(journal).join(job, 0)
        journal.after_read = lambda: journal.written.pop(job, None) and None
        return await everything(subscription), subscription.ended

    assert asyncio.run(follow()) == ([1], "gone")


def test_a_replayed_job_goes_on_although_it_had_ended_before() -> None:
    """The numbers 1-3 hold a failure; that the job runs again decides."""
    job, journal = uuid7(), Journal()
    journal.write(job, 4, status="running")

    async def follow() -> list[int]:
        hub = hub_of(journal)
        subscription = hub.join(job, 0)
        first = [event.seq for event in await subscription.take(PATIENCE)]
        journal.write(job, status="succeeded")
        return first + await everything(subscription)

    assert asyncio.run(follow()) == [1, 2, 3, 4, 5]


def test_nobody_listening_means_nobody_reads() -> None:
    job, journal = uuid7(), Journal()
    journal.write(job)

    async def follow() -> tuple[int, int]:
        hub = hub_of(journal)
        subscription = hub.join(job, 0)
        await subscription.take(PATIENCE)
        hub.leave(subscription)
        await asyncio.sleep(0.02)
        before = journal.reads
        await asyncio.sleep(0.05)
        return before, journal.reads

    before, afterwards = asyncio.run(follow())
    assert before == afterwards
