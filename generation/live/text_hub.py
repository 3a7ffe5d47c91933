"""One reader of texts for all the streams of a process.

For each text that somebody reads there is a channel, which has the text as far as this process knows it; a reader is
a place in it. Channels grow by the pieces in Valkey, of all of them by one blocking read, and by the rows: when a
channel is opened, when a piece is missing, when Valkey is away, and at the end, of which only the row knows.

So it makes no difference where a reader comes from and how often: it is given what its channel has behind its place,
and who reads slowly or comes late is given more at once.
"""

import asyncio
import math
import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from redis.exceptions import RedisError

from config.api.renderers import to_json
from generation.domain import sse
from generation.live import pieces
from generation.live.hub import SLOW_SECONDS, Admitted, Hub, Subscription, in_thread
from generation.live.texts import Grown, LiveHead, LiveSource, LiveText

log = structlog.get_logger(__name__)

#: Between two looks at all rows together; oftener while there is a text that hasn't begun, whose attempt may change.
HEADS_SECONDS, FIRST_HEADS_SECONDS = 1.0, 0.25
#: Between two looks where a row will be over in a moment, or may know what is missing.
ROW_SECONDS = 0.05
#: How long a row that will be over in a moment is looked at so often.
MOMENT_SECONDS = 3.0
#: The longest blocking read, and so the longest that a newcomer waits for its first piece.
WAIT_MS = 50
#: How long a text that nobody reads is followed on: who comes back in time costs no query and waits for nothing.
LINGER_SECONDS = 5.0
#: Valkey is left alone for so long when it can't be read.
PAUSE_SECONDS = 1.0


class Channel:
    """One text, and who reads it."""

    def __init__(self, id: UUID) -> None:
        self.id = id
        self.subscriptions: set[LiveSubscription] = set()
        self.head: LiveHead | None = None
        self.error: Mapping[str, Any] | None = None
        self.edition = 0
        #: When the row is to be read; None: when heads say so.
        self.row_due: float | None = 0.0
        #: When its last reader left, or it was over.
        self.rests_since = 0.0
        self._ends_until = 0.0
        self._grown = Grown()
        self._delta: tuple[tuple[int, int, int], bytes] = ((-1, -1, -1), b"")

    @property
    def text(self) -> str:
        return self._grown.text

    @property
    def reasoning(self) -> str:
        return self._grown.reasoning

    @property
    def is_over(self) -> bool:
        return self.head is not None and self.head.is_over

    @property
    def closes_at(self) -> float:
        """By the monotonic clock; readers keep it open."""
        return math.inf if self.subscriptions else self.rests_since + LINGER_SECONDS

    @property
    def is_ending(self) -> bool:
        """Whether its last piece was there, so that its row will be over in a moment."""
        return not self.is_over and time.monotonic() < self._ends_until

    @property
    def key(self) -> pieces.Key | None:
        """Where the next piece will be; None: nowhere, or the row has to be read first."""
        is_followed = self.head is not None and not self.is_over and self.row_due is None
        return (self.id, self.head.attempt) if is_followed and self.head is not None else None

    @property
    def cursor(self) -> pieces.Cursor:
        return self._grown.cursor

    def take_row(self, found: LiveText) -> None:
        self.row_due = None
        if self.head is None or self.head.attempt != found.head.attempt:
            self._ends_until = 0.0
        if found.head.is_over:
            self.rests_since = time.monotonic()
        self.head, self.error = found.head, found.error
        if found.is_rewritten and not self.edition:
            self.edition += 1
            self._grown = Grown(found.text, found.reasoning)
        elif found.head.is_over or len(found.text) > len(self.text):
            self._grown.text = found.text
        if found.head.is_over or len(found.reasoning) > len(self.reasoning):
            self._grown.reasoning = found.reasoning
        self._tell()

    def take_head(self, head: LiveHead) -> None:
        known = self.head
        if head.is_over or known is None or head.attempt != known.attempt or head.characters > len(self.text):
            self.row_due = 0.0

    def take_pieces(self, found: list[pieces.Piece]) -> None:
        for piece in found:
            if piece.is_last:
                self._ends_until = time.monotonic() + MOMENT_SECONDS
            elif not self._grown.add(piece):
                self.row_due = time.monotonic() + ROW_SECONDS
                break
        self._tell()

    def delta(self, position: int) -> bytes:
        """The event that brings a reader from `position` to the end; made once for all who stand there."""
        what = (position, len(self.text), self.edition)
        if self._delta[0] != what:
            data = to_json({"text": self.text[position:]})
            self._delta = (what, sse.event("delta", data, number=position))
        return self._delta[1]

    def _tell(self) -> None:
        for subscription in self.subscriptions:
            if self.is_over:
                subscription.end("finished")
            subscription.tell()


@dataclass(eq=False, slots=True, kw_only=True)
class LiveSubscription(Subscription):
    """A place in a channel."""

    channel: Channel
    position: int
    with_reasoning: bool = False
    reasoning_position: int = 0
    edition: int = 0

    @property
    def is_behind(self) -> bool:
        return self._news.is_set()

    async def take(self, timeout: float) -> bytes:
        """The events that bring the reader to where the channel is, after at most `timeout` seconds."""
        await self._wait(timeout)
        channel = self.channel
        if channel.head is None or self.ended not in ("", "finished"):
            return b""
        chunk = b""
        is_anew = self.edition != channel.edition
        # Who has more than there is, or something else, is told where to go on.
        begin = 0 if is_anew else min(self.position, len(channel.text))
        if is_anew or begin != self.position or begin < len(channel.text):
            chunk += channel.delta(begin)
        if self.with_reasoning:
            begin = 0 if is_anew else min(self.reasoning_position, len(channel.reasoning))
            if begin < len(channel.reasoning) or begin != self.reasoning_position:
                data = to_json({"at": begin, "text": channel.reasoning[begin:]})
                chunk += sse.event("reasoning", data)
        self.edition = channel.edition
        self.position, self.reasoning_position = len(channel.text), len(channel.reasoning)
        return chunk


class LiveHub(Hub[LiveSubscription]):
    """Follows the texts of one source for all subscriptions of one event loop."""

    def __init__(
        self,
        source: LiveSource,
        admitted: Admitted,
        *,
        interval: float = HEADS_SECONDS,
        admission_interval: float = HEADS_SECONDS,
        slow_seconds: float = SLOW_SECONDS,
    ) -> None:
        super().__init__(
            admitted, interval=interval, admission_interval=admission_interval, slow_seconds=slow_seconds
        )
        self._source = source
        self._channels: dict[UUID, Channel] = {}
        self._heads_due = 0.0
        self._follower: asyncio.Task[None] | None = None
        self._to_follow = asyncio.Event()

    def known(self, id: UUID) -> Channel | None:
        """The channel of a text whose readers, and those who have just left, need no look at its row."""
        channel = self._channels.get(id)
        if channel is None or channel.head is None:
            return None
        is_past = channel.is_over and time.monotonic() >= channel.rests_since + LINGER_SECONDS
        return None if is_past else channel

    def join(
        self, id: UUID, after: int = 0, claims: Hashable = None, *, with_reasoning: bool = False
    ) -> LiveSubscription:
        """Begin behind the first `after` characters; `claims` is what the reader was just let in by."""
        channel = self._channels.setdefault(id, Channel(id))
        subscription = LiveSubscription(
            channel=channel, position=after, claims=claims, with_reasoning=with_reasoning
        )
        channel.subscriptions.add(subscription)
        if channel.head is not None:
            subscription.tell()
            if channel.is_over:
                subscription.end("finished")
        return self._add(subscription)

    def leave(self, subscription: LiveSubscription) -> None:
        channel = subscription.channel
        channel.subscriptions.discard(subscription)
        if not channel.subscriptions and not channel.is_over:
            channel.rests_since = time.monotonic()
        super().leave(subscription)

    @property
    def _is_needed(self) -> bool:
        return bool(self._channels)

    async def _round(self) -> float:
        now = time.monotonic()
        for channel in [one for one in self._channels.values() if one.closes_at <= now]:
            self._close(channel)
        if now >= self._heads_due:
            await self._look_at_heads()
            self._heads_due = now + min(self._interval, self._patience())
        await self._read_rows()
        self._follow()
        dues = [one.row_due for one in self._channels.values() if one.row_due is not None]
        closings = [one.closes_at for one in self._channels.values()]
        return max(0.0, min([self._heads_due, *dues, *closings]) - time.monotonic())

    def _patience(self) -> float:
        """How long nobody needs to know what became of the rows."""
        if any(one.is_ending for one in self._channels.values()):
            return ROW_SECONDS
        has_new = any(not one.text for one in self._channels.values())
        return FIRST_HEADS_SECONDS if has_new else HEADS_SECONDS

    async def _look_at_heads(self) -> None:
        asked = [one for one in self._channels.values() if one.head is not None and not one.is_over]
        heads = await in_thread(self._source.heads, [one.id for one in asked]) if asked else {}
        for channel in asked:
            if channel.id in heads:
                channel.take_head(heads[channel.id])
            else:
                self._end_all(channel)

    async def _read_rows(self) -> None:
        now = time.monotonic()
        due = [one for one in self._channels.values() if one.row_due is not None and one.row_due <= now]
        rows = await in_thread(self._source.read, [one.id for one in due]) if due else {}
        for channel in due:
            if channel.id in rows:
                channel.take_row(rows[channel.id])
            else:
                self._end_all(channel)

    def _look_soon(self, channel: Channel) -> None:
        if channel.is_ending:
            self._heads_due = min(self._heads_due, time.monotonic() + ROW_SECONDS / 2)
        self._wake.set()

    def _close(self, channel: Channel) -> None:
        if self._channels.get(channel.id) is channel:
            del self._channels[channel.id]
            self._to_follow.set()

    def _end_all(self, channel: Channel) -> None:
        self._close(channel)
        channel.row_due = None
        for subscription in channel.subscriptions:
            subscription.end("gone")

    def _follow(self) -> None:
        """Have the pieces read, too."""
        self._to_follow.set()
        if pieces.is_there() and (self._follower is None or self._follower.done()):
            self._follower = asyncio.get_running_loop().create_task(self._read_pieces(), name="live-pieces")

    async def _read_pieces(self) -> None:
        while self._channels:
            self._to_follow.clear()
            followed = {one.key: one for one in self._channels.values() if one.key is not None}
            if not followed:
                await self._to_follow.wait()
                continue
            asked = {key: one.cursor for key, one in followed.items()}
            try:
                found = await asyncio.to_thread(pieces.read, asked, wait_ms=WAIT_MS)
            except (RedisError, OSError) as exc:
                log.warning("live.unreadable", error=type(exc).__name__)
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            for key, entries in found.items():
                channel = followed[key]
                if channel.key == key:  # else its row was read meanwhile, and knows more
                    channel.take_pieces(entries)
                if channel.row_due is not None or channel.is_ending:
                    self._look_soon(channel)
