"""An event stream as the body of a response, and how many of them there may be."""

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Mapping
from threading import Lock
from typing import Self
from uuid import UUID
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import connection

from accounts.domain.claims import Claims
from accounts.selectors.sessions import claims_that_hold
from config.api.renderers import to_json
from generation.domain import sse
from generation.domain.news import JobNews
from generation.errors import StreamsFullError, TooManyStreamsError
from generation.jobs.hub import EventHub, Subscription
from generation.selectors.events import event_news

#: A proxy gives up on a silent connection, usually after a minute; the API promises a sign of life every 15 s.
HEARTBEAT_SECONDS = 10.0
RETRY_MILLISECONDS = 2000
#: Reasons after which there is more to read: connect again, with a fresh token where the old one has run out.
COME_BACK = frozenset({"expired", "slow_reader", "busy"})


class StreamSlots:
    """Counts the open streams of this process, together and for each user. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_user: Counter[UUID] = Counter()

    def __len__(self) -> int:
        return self._by_user.total()

    def check(self, user_id: UUID) -> None:
        """Raises TooManyStreamsError or StreamsFullError when one more would be too many."""
        with self._lock:
            self._check(user_id)

    def take(self, user_id: UUID) -> bool:
        """Count one more, unless that is too many by now."""
        with self._lock:
            try:
                self._check(user_id)
            except (StreamsFullError, TooManyStreamsError):
                return False
            self._by_user[user_id] += 1
            return True

    def free(self, user_id: UUID) -> None:
        with self._lock:
            self._by_user[user_id] -= 1
            if not self._by_user[user_id]:
                del self._by_user[user_id]

    def _check(self, user_id: UUID) -> None:
        if self._by_user[user_id] >= settings.STREAMS_PER_USER_MAX:
            raise TooManyStreamsError(limit=settings.STREAMS_PER_USER_MAX, retry_after=30)
        if self._by_user.total() >= settings.STREAMS_MAX:
            raise StreamsFullError(retry_after=30)


slots = StreamSlots()
_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, EventHub] = WeakKeyDictionary()


def this_hub() -> EventHub:
    """The hub of the running event loop."""
    loop = asyncio.get_running_loop()
    hub = _hubs.get(loop)
    if hub is None:
        # Twice as often as a read looks, so that a stream ends as soon as reads do.
        hub = _hubs[loop] = EventHub(
            _read_and_release,
            _admitted_and_release,
            admission_interval=settings.AUTH_SNAPSHOT_SECONDS / 2,
        )
    return hub


def _admitted_and_release(claims: Collection[Claims]) -> Collection[Claims]:
    try:
        return claims_that_hold(claims)
    finally:
        connection.close()


def _read_and_release(cursors: Mapping[UUID, int]) -> Mapping[UUID, JobNews]:
    try:
        return event_news(cursors)
    finally:
        connection.close()


class EventStream:
    """An asynchronous iterator over the bytes of one stream.

    It takes its slot with the first chunk and gives it back at its end, however that comes: the job is over, the
    reader has gone, the token has run out after `seconds`, what it stands for was revoked. The last chunk of a stream
    that ends by itself is an event `end` without a number, whose `reason` is `finished`, `expired` (connect again with
    a fresh token), `revoked` (log in again), `slow_reader` (connect again), `busy` (too many streams; connect again
    later) or `gone` (the job was deleted).
    """

    def __init__(
        self, *, job_id: UUID, user_id: UUID, claims: Claims, after: int, seconds: float, language: str
    ) -> None:
        self._job_id = job_id
        self._user_id = user_id
        self._claims = claims
        self._after = after
        self._language = language
        self._until = time.monotonic() + seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._subscription: Subscription | None = None
        self._is_over = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._is_over:
            raise StopAsyncIteration
        if self._subscription is None:
            return self._begin()
        try:
            return await self._next(self._subscription)
        except BaseException:
            self._leave()
            raise

    def close(self) -> None:
        """Called by the response when it is done with, from a thread; by then nothing iterates any more."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._leave)

    def _begin(self) -> bytes:
        hint = sse.retry_hint(RETRY_MILLISECONDS)
        if not slots.take(self._user_id):
            self._is_over = True
            return hint + self._end("busy")
        self._loop = asyncio.get_running_loop()
        self._subscription = this_hub().join(self._job_id, self._after, self._claims)
        return hint

    async def _next(self, subscription: Subscription) -> bytes:
        left = self._until - time.monotonic()
        if left <= 0:
            self._leave()
            return self._end("expired")
        events = await subscription.take(min(left, HEARTBEAT_SECONDS))
        if events:
            self._after = events[-1].seq
            return b"".join(event.in_language(self._language) for event in events)
        if subscription.ended:
            self._leave()
            return self._end(subscription.ended)
        return sse.HEARTBEAT

    def _end(self, reason: str) -> bytes:
        status = self._subscription.status if self._subscription is not None else ""
        data = {"reason": reason, "status": status or None, "last_event": self._after}
        hint = sse.retry_hint(RETRY_MILLISECONDS) if reason in COME_BACK else b""
        return hint + sse.event("end", to_json(data))

    def _leave(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        if self._subscription is not None:
            this_hub().leave(self._subscription)
            slots.free(self._user_id)
