"""What reads for all the streams of one kind in a process, and lets go of those that may not or do not read.

Everything here runs in the event loop but for what is handed to `in_thread`, which lets go of its connection.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import structlog
from django.conf import settings
from django.db import connection

log = structlog.get_logger(__name__)

#: The longest pause while the database can't be reached.
LONGEST_PAUSE_SECONDS = 5.0
#: A reader that doesn't take what there is for so long is ended.
SLOW_SECONDS = 30.0

#: Of what streams were begun with, what would still be let in now.
Admitted = Callable[[Collection[Any]], Collection[Any]]
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(eq=False, slots=True, kw_only=True)
class Subscription(ABC):
    """One stream's place in a hub; `ended` says why nothing more will come.

    `claims` is what its reader was let in by; `reader` is the task that sends, so that one which hangs in a dead
    connection can be cancelled.
    """

    claims: Hashable = None
    reader: asyncio.Task[Any] | None = field(default_factory=asyncio.current_task)
    ended: str = ""
    behind_since: float | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    @abstractmethod
    def is_behind(self) -> bool:
        """Whether its reader hasn't taken what there was for it."""

    def tell(self) -> None:
        """There is something to take."""
        self._news.set()

    def end(self, reason: str) -> None:
        if not self.ended:
            self.ended = reason
            self._news.set()

    async def _wait(self, timeout: float) -> None:
        """For news or the end, for at most `timeout` seconds."""
        if not self.ended:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await self._news.wait()
        self._news.clear()
        self.behind_since = None


S = TypeVar("S", bound=Subscription)


class Hub(ABC, Generic[S]):
    """Works only while there are subscriptions. Subclasses say what a round of reading is."""

    def __init__(
        self, admitted: Admitted, *, interval: float, admission_interval: float, slow_seconds: float
    ) -> None:
        self._admitted = admitted
        self._admission_interval = admission_interval
        self._admission_due = 0.0
        #: When it was asked last whether they hold by which readers were let in.
        self._held: dict[Hashable, float] = {}
        self._interval = interval
        self._slow_seconds = slow_seconds
        self._subscriptions: set[S] = set()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._subscriptions)

    def leave(self, subscription: S) -> None:
        self._subscriptions.discard(subscription)
        if not self._subscriptions:
            self._wake.set()

    def holds(self, claims: Hashable) -> bool:
        """Whether who is let in by these would be let in now, as far as reads trust what they remember."""
        asked_at = self._held.get(claims)
        return asked_at is not None and time.monotonic() - asked_at < settings.AUTH_SNAPSHOT_SECONDS

    def _add(self, subscription: S) -> S:
        self._subscriptions.add(subscription)
        now = time.monotonic()
        asked_at = self._held.setdefault(subscription.claims, now)
        if now - asked_at >= self._admission_interval:  # the others were asked for while this one was away
            self._admission_due = 0.0
        if not subscription.is_behind or not self._admission_due:
            self._wake.set()
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run(), name=type(self).__name__)
        return subscription

    @property
    def _is_needed(self) -> bool:
        return bool(self._subscriptions)

    @abstractmethod
    async def _round(self) -> float:
        """Read what is new. Returns the seconds until the next round makes sense."""

    async def _run(self) -> None:
        failures = 0
        while self._is_needed:
            self._wake.clear()
            try:
                await self._end_shut_out()
                pause = await self._round()
                failures = 0
            except Exception as exc:  # noqa: BLE001 — streams outlive whatever keeps one read from succeeding
                log.warning("streams.unreadable", error=type(exc).__name__, exc_info=failures == 0)
                failures += 1
                pause = min(self._interval * 2**failures, LONGEST_PAUSE_SECONDS)
            self._end_slow()
            if pause > 0:
                await self._sleep(pause)

    async def _sleep(self, seconds: float) -> None:
        """A newcomer cuts the pause short: there is something for it already."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def _end_shut_out(self) -> None:
        """End the streams of whoever wouldn't be let in any more."""
        now = time.monotonic()
        if now < self._admission_due:
            return
        self._admission_due = now + self._admission_interval
        asking = [one for one in self._subscriptions if not one.ended]
        asked = {one.claims for one in asking}
        try:
            admitted = await in_thread(self._admitted, asked)
        except Exception:
            self._admission_due = now
            raise
        for subscription in asking:
            if subscription.claims not in admitted:
                subscription.end("revoked")
        self._held |= dict.fromkeys(admitted, now)
        forgotten = asked.difference(admitted)
        self._held = {
            claims: asked_at
            for claims, asked_at in self._held.items()
            if claims not in forgotten and now - asked_at < settings.AUTH_SNAPSHOT_SECONDS
        }

    def _end_slow(self) -> None:
        """End who takes nothing; cut off who doesn't even take the end."""
        now = time.monotonic()
        for subscription in self._subscriptions:
            if not subscription.is_behind:
                continue
            if subscription.behind_since is None:
                subscription.behind_since = now
            behind_for = now - subscription.behind_since
            if behind_for >= self._slow_seconds:
                subscription.end("slow_reader")
            if behind_for >= 2 * self._slow_seconds and subscription.reader is not None:
                subscription.reader.cancel()


def admission_seconds() -> float:
    """Twice as often as a read looks, so that a stream ends as soon as reads do."""
    return float(settings.AUTH_SNAPSHOT_SECONDS) / 2


H = TypeVar("H", bound=Hub[Any])


class HubPerLoop(Generic[H]):
    """The hub of each event loop, made on first use."""

    def __init__(self, make: Callable[[], H]) -> None:
        self._make = make
        self._hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, H] = WeakKeyDictionary()

    def current(self) -> H:
        loop = asyncio.get_running_loop()
        hub = self._hubs.get(loop)
        if hub is None:
            hub = self._hubs[loop] = self._make()
        return hub


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Ask the database in a thread, which keeps no connection for the next one."""

    def released() -> T:
        try:
            return work(*args, **kwargs)
        finally:
            connection.close()

    return await asyncio.to_thread(released)
