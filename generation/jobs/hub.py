"""One reader of the database for all the event streams of a process.

Each subscription has a cursor: the number of the last event it was given. Every round the hub asks for the events
behind the cursors of all subscriptions that have room, with two queries however many there are, and hands them out.
A backlog is read by the same rounds as what is new, so there is no moment at which a stream changes from one to the
other and could lose or double an event. Whoever reads slowly keeps its cursor back and costs no memory.

Now and then it asks which readers may still read, for all subscriptions together, and ends those of the others.

Everything here runs in the event loop but for `read` and `admitted`, which run in a thread and let go of their
connection.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog

from generation.domain.news import JobNews, StreamEvent
from generation.domain.states import TERMINAL

log = structlog.get_logger(__name__)

#: Between two looks at the database, as long as somebody listens.
INTERVAL_SECONDS = 0.2
#: The longest pause while the database can't be reached.
LONGEST_PAUSE_SECONDS = 5.0
#: A subscription with this many events that its reader hasn't taken gets no more for the moment …
ROOM = 200
#: … and is ended when that lasts for so long.
SLOW_SECONDS = 30.0


#: Cursors by job → news by job; a job that is missing in the answer no longer exists.
Reader = Callable[[Mapping[UUID, int]], Mapping[UUID, JobNews]]
#: Of what streams were begun with, what would still be let in now.
Admitted = Callable[[Collection[Any]], Collection[Any]]


@dataclass(eq=False, slots=True)
class Subscription:
    """One stream's place in the hub. `take` gives what has come; `ended` says why nothing more will.

    `claims` is what its reader was let in by; `reader` is the task that sends, so that one which hangs in a dead
    connection can be cancelled.
    """

    job_id: UUID
    cursor: int
    claims: Hashable = None
    reader: asyncio.Task[Any] | None = None
    ended: str = ""
    status: str = ""
    full_since: float | None = None
    _pending: list[StreamEvent] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def has_room(self) -> bool:
        return len(self._pending) < ROOM

    async def take(self, timeout: float) -> list[StreamEvent]:
        """What has come since the last call, after at most `timeout` seconds; empty when nothing has."""
        if not self._pending and not self.ended:
            try:
                await asyncio.wait_for(self._news.wait(), timeout)
            except TimeoutError:
                return []
        self._news.clear()
        taken, self._pending = self._pending, []
        self.full_since = None
        return taken

    def give(self, news: JobNews) -> None:
        """Take over what lies behind the cursor, and notice the end."""
        self._pending += [event for event in news.events if event.seq > self.cursor]
        self.cursor = max(self.cursor, news.reached)
        self.status = news.status
        if news.status in TERMINAL and self.cursor >= news.last_seq:
            self.end("finished")
        elif self._pending:
            self._news.set()

    def end(self, reason: str) -> None:
        if not self.ended:
            self.ended = reason
            self._news.set()


class EventHub:
    """Reads for all subscriptions of one event loop; works only while there are some."""

    def __init__(
        self,
        read: Reader,
        admitted: Admitted,
        *,
        interval: float = INTERVAL_SECONDS,
        admission_interval: float = INTERVAL_SECONDS,
        slow_seconds: float = SLOW_SECONDS,
    ) -> None:
        self._read = read
        self._admitted = admitted
        self._admission_interval = admission_interval
        self._admission_due = 0.0
        self._interval = interval
        self._slow_seconds = slow_seconds
        self._subscriptions: set[Subscription] = set()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._subscriptions)

    def join(self, job_id: UUID, after: int, claims: Hashable = None) -> Subscription:
        """Begin behind the event numbered `after`; `claims` is what the reader was just let in by."""
        subscription = Subscription(job_id, after, claims, reader=asyncio.current_task())
        self._subscriptions.add(subscription)
        self._wake.set()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run(), name="event-hub")
        return subscription

    def leave(self, subscription: Subscription) -> None:
        self._subscriptions.discard(subscription)
        self._wake.set()

    async def _run(self) -> None:
        failures = 0
        while self._subscriptions:
            self._wake.clear()
            try:
                await self._end_shut_out()
                has_more = await self._round()
                failures = 0
            except Exception as exc:  # noqa: BLE001 — streams outlive whatever keeps one read from succeeding
                log.warning("events.unreadable", error=type(exc).__name__, exc_info=failures == 0)
                has_more = False
                failures += 1
            self._end_slow()
            if not has_more:
                pause = (
                    min(self._interval * 2**failures, LONGEST_PAUSE_SECONDS) if failures else self._interval
                )
                await self._sleep(pause)

    async def _sleep(self, seconds: float) -> None:
        """A newcomer cuts the pause short: its backlog is there already."""
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return

    async def _round(self) -> bool:
        """Read once for those with room; whether there is more than one read brings.

        Only those that were asked for get the answer: a cursor that appeared during the read may lie before it.
        """
        asking = [one for one in self._subscriptions if one.has_room and not one.ended]
        if not asking:
            return False
        found = await asyncio.to_thread(self._read, _cursors(asking))
        has_more = False
        for subscription in asking:
            news = found.get(subscription.job_id)
            if news is None:
                subscription.end("gone")
            else:
                subscription.give(news)
                has_more = has_more or (subscription.cursor < news.last_seq and subscription.has_room)
        return has_more

    async def _end_shut_out(self) -> None:
        """End the streams of whoever wouldn't be let in any more."""
        if time.monotonic() < self._admission_due:
            return
        asking = [one for one in self._subscriptions if not one.ended]
        admitted = await asyncio.to_thread(self._admitted, {one.claims for one in asking})
        for subscription in asking:
            if subscription.claims not in admitted:
                subscription.end("revoked")
        self._admission_due = time.monotonic() + self._admission_interval

    def _end_slow(self) -> None:
        """End who takes nothing; cut off who doesn't even take the end."""
        now = time.monotonic()
        for subscription in self._subscriptions:
            if subscription.has_room:
                continue
            if subscription.full_since is None:
                subscription.full_since = now
            full_for = now - subscription.full_since
            if full_for >= self._slow_seconds:
                subscription.end("slow_reader")
            if full_for >= 2 * self._slow_seconds and subscription.reader is not None:
                subscription.reader.cancel()


def _cursors(subscriptions: Iterable[Subscription]) -> dict[UUID, int]:
    """Of several subscriptions to one job the one that is furthest behind decides what is read."""
    cursors: dict[UUID, int] = {}
    for one in subscriptions:
        cursors[one.job_id] = min(cursors.get(one.job_id, one.cursor), one.cursor)
    return cursors
