"""A text as a stream, while it is written and afterwards."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.selectors.sessions import claims_that_hold
from config.errors import spoken
from generation.live.hub import HubPerLoop, admission_seconds
from generation.live.streams import Reader, Stream
from generation.live.text_hub import LiveHub, LiveSubscription
from generation.live.texts import LiveSource

LiveHubs = HubPerLoop[LiveHub]


def live_hubs(source: LiveSource) -> LiveHubs:
    """The hubs of a product's texts, one for each event loop."""
    return HubPerLoop(lambda: LiveHub(source, claims_that_hold, admission_interval=admission_seconds()))


class LiveStream(Stream[LiveSubscription]):
    """The text behind its first `after` characters.

    Events: `delta` (its id is the number of characters before it: whoever has more cuts to so many, then appends),
    `reasoning` (`at` is the same for the reasoning), and `end`, whose id after `finished` is the number of characters.
    """

    def __init__(self, reading: "LiveReading", after: int) -> None:
        super().__init__(reading.reader)
        self._reading = reading
        self._after = after

    @property
    def hub(self) -> LiveHub:
        return self._reading.hubs.current()

    def join(self) -> LiveSubscription:
        reading = self._reading
        return self.hub.join(
            reading.id, self._after, self.reader.claims, with_reasoning=reading.with_reasoning
        )

    async def take(self, subscription: LiveSubscription, timeout: float) -> bytes:
        return await subscription.take(timeout)

    def end(self, subscription: LiveSubscription | None, reason: str) -> tuple[dict[str, Any], int | None]:
        channel = subscription.channel if subscription is not None else None
        head = channel.head if channel is not None else None
        if channel is None or head is None:
            return {"status": None, "characters": None, "error": None}, None
        error = spoken(dict(channel.error), self.reader.language) if channel.error else None
        data = {"status": head.status, "characters": len(channel.text), "error": error}
        return data, len(channel.text) if reason == "finished" else None


@dataclass(frozen=True, slots=True)
class LiveReading:
    """Which text somebody was let in to. `after`: where they begin who don't say how much they have."""

    hubs: LiveHubs
    id: UUID
    reader: Reader
    after: int
    with_reasoning: bool

    def stream(self, place: int | None) -> LiveStream:
        """Behind the first `place` characters."""
        return LiveStream(self, self.after if place is None else place)

    def resume(self, place: int | None) -> LiveStream | None:
        """The same for a reader who comes back, as if they had never left: whether they may is asked for all readers
        together, soon. None when that, or the text, isn't known here."""
        hub = self.hubs.current()
        channel = hub.known(self.id)
        if channel is None or not hub.holds(self.reader.claims) or not self.reader.seconds:
            return None
        if channel.is_over and place == len(channel.text):
            return None  # there is nothing more to read: that isn't answered by a stream
        return self.stream(place)
