"""A stream as the body of a response."""

import asyncio
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar
from uuid import UUID

from django.conf import settings

from accounts.domain.claims import Claims
from config.api.renderers import to_json
from generation.domain import sse
from generation.live.hub import Hub, Subscription
from generation.live.slots import slots

#: A proxy gives up on a silent connection, usually after a minute; the API promises a sign of life every 15 s.
HEARTBEAT_SECONDS = 10.0
RETRY_MILLISECONDS = 2000
#: Reasons after which there is more to read: connect again, with a fresh token where the old one has run out.
COME_BACK = frozenset({"expired", "slow_reader", "busy"})

S = TypeVar("S", bound=Subscription)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, and what let them in."""

    user_id: UUID
    claims: Claims
    language: str

    @property
    def seconds(self) -> float:
        """Until the token runs out; and at most as long as a fresh one, so that whoever loses access loses the
        stream."""
        lifetime: Any = settings.SIMPLE_JWT["ACCESS_TOKEN_LIFETIME"]
        longest: float = lifetime.total_seconds()
        expires_at = self.claims.expires_at
        return longest if expires_at is None else max(0.0, min(longest, expires_at - time.time()))


class Stream(ABC, Generic[S]):
    """An asynchronous iterator over the bytes of one stream.

    It takes its slot with the first chunk and gives it back at its end, however that comes: what is read is over, the
    reader has gone, the token has run out, what it stands for was revoked. The last chunk of a stream
    that ends by itself is an event `end`, whose `reason` is `finished`, `expired` (connect again with a fresh token),
    `revoked` (log in again), `slow_reader` (connect again), `busy` (too many streams; connect again later) or `gone`
    (what was read was deleted).
    """

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._until = time.monotonic() + reader.seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._subscription: S | None = None
        self._is_over = False

    @property
    @abstractmethod
    def hub(self) -> Hub[S]:
        """That of the running event loop."""

    @abstractmethod
    def join(self) -> S: ...

    @abstractmethod
    async def take(self, subscription: S, timeout: float) -> bytes:
        """What has come, after at most `timeout` seconds; nothing when nothing has."""

    @abstractmethod
    def end(self, subscription: S | None, reason: str) -> tuple[dict[str, Any], int | None]:
        """What the last event says besides the reason, and its number."""

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
            self.leave()
            raise

    def close(self) -> None:
        """Called by the response when it is done with, from a thread; by then nothing iterates any more."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.leave)

    def _begin(self) -> bytes:
        hint = sse.retry_hint(RETRY_MILLISECONDS)
        if not slots.take(self.reader.user_id):
            self._is_over = True
            return hint + self._end("busy")
        self._loop = asyncio.get_running_loop()
        self._subscription = self.join()
        return hint

    async def _next(self, subscription: S) -> bytes:
        left = self._until - time.monotonic()
        if left <= 0:
            self.leave()
            return self._end("expired")
        chunk = await self.take(subscription, min(left, HEARTBEAT_SECONDS))
        if chunk:
            return chunk
        if subscription.ended:
            self.leave()
            return self._end(subscription.ended)
        return sse.HEARTBEAT

    def _end(self, reason: str) -> bytes:
        data, number = self.end(self._subscription, reason)
        hint = sse.retry_hint(RETRY_MILLISECONDS) if reason in COME_BACK else b""
        return hint + sse.event("end", to_json({"reason": reason, **data}), number=number)

    def leave(self) -> None:
        """Nobody reads any more. Called in the event loop, as often as one likes."""
        if self._is_over:
            return
        self._is_over = True
        if self._subscription is not None:
            self.hub.leave(self._subscription)
            slots.free(self.reader.user_id)
