"""One reader of the database for all the event streams of a process.

Each subscription has a cursor: the number of the last event it was given. Every round the hub asks for the events
behind the cursors of all subscriptions that have room, with two queries however many there are, and hands them out.
A backlog is read by the same rounds as what is new, so there is no moment at which a stream changes from one to the
other and could lose or double an event. Whoever reads slowly keeps its cursor back and costs no memory.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from generation.domain.news import JobNews, StreamEvent
from generation.domain.states import TERMINAL
from generation.live.hub import SLOW_SECONDS, Admitted, Hub, Subscription, in_thread

#: Between two looks at the database, as long as somebody listens.
INTERVAL_SECONDS = 0.2
#: A subscription with this many events that its reader hasn't taken gets no more for the moment.
ROOM = 200


#: Cursors by job → news by job; a job that is missing in the answer no longer exists.
Reader = Callable[[Mapping[UUID, int]], Mapping[UUID, JobNews]]


@dataclass(eq=False, slots=True, kw_only=True)
class EventSubscription(Subscription):
    """`take` gives what has come."""

    job_id: UUID
    cursor: int
    status: str = ""
    _pending: list[StreamEvent] = field(default_factory=list)

    @property
    def is_behind(self) -> bool:
        return len(self._pending) >= ROOM

    async def take(self, timeout: float) -> list[StreamEvent]:
        """What has come since the last call, after at most `timeout` seconds; empty when nothing has."""
        if not self._pending:
            await self._wait(timeout)
        self._news.clear()
        taken, self._pending = self._pending, []
        self.behind_since = None
        return taken

    def give(self, news: JobNews) -> None:
        """Take over what lies behind the cursor, and notice the end."""
        self._pending += [event for event in news.events if event.seq > self.cursor]
        self.cursor = max(self.cursor, news.reached)
        self.status = news.status
        if news.status in TERMINAL and self.cursor >= news.last_seq:
            self.end("finished")
        elif self._pending:
            self.tell()


class EventHub(Hub[EventSubscription]):
    """Reads the events of jobs for all subscriptions of one event loop."""

    def __init__(
        self,
        read: Reader,
        admitted: Admitted,
        *,
        interval: float = INTERVAL_SECONDS,
        admission_interval: float = INTERVAL_SECONDS,
        slow_seconds: float = SLOW_SECONDS,
    ) -> None:
        super().__init__(
            admitted, interval=interval, admission_interval=admission_interval, slow_seconds=slow_seconds
        )
        self._read = read

    def join(self, job_id: UUID, after: int, claims: Hashable = None) -> EventSubscription:
        """Begin behind the event numbered `after`; `claims` is what the reader was just let in by."""
        return self._add(EventSubscription(job_id=job_id, cursor=after, claims=claims))

    async def _round(self) -> float:
        """Read once for those with room, and again at once where there is more than one read brings.

        Only those that were asked for get the answer: a cursor that appeared during the read may lie before it.
        """
        asking = [one for one in self._subscriptions if not one.is_behind and not one.ended]
        if not asking:
            return self._interval
        found = await in_thread(self._read, _cursors(asking))
        has_more = False
        for subscription in asking:
            news = found.get(subscription.job_id)
            if news is None:
                subscription.end("gone")
            else:
                subscription.give(news)
                has_more = has_more or (subscription.cursor < news.last_seq and not subscription.is_behind)
        return 0 if has_more else self._interval


def _cursors(subscriptions: Iterable[EventSubscription]) -> dict[UUID, int]:
    """Of several subscriptions to one job the one that is furthest behind decides what is read."""
    cursors: dict[UUID, int] = {}
    for one in subscriptions:
        cursors[one.job_id] = min(cursors.get(one.job_id, one.cursor), one.cursor)
    return cursors
