"""A text as a stream, while it is written and afterwards."""

from typing import Any
from uuid import UUID

from accounts.domain.claims import Claims
from accounts.selectors.sessions import claims_that_hold
from config.errors import spoken
from generation.live.hub import HubPerLoop, admission_seconds
from generation.live.streams import Stream
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

    def __init__(
        self,
        hubs: LiveHubs,
        *,
        id: UUID,
        after: int,
        with_reasoning: bool,
        user_id: UUID,
        claims: Claims,
        seconds: float,
        language: str,
    ) -> None:
        super().__init__(user_id=user_id, claims=claims, seconds=seconds, language=language)
        self._hubs = hubs
        self._id = id
        self._after = after
        self._with_reasoning = with_reasoning

    @property
    def hub(self) -> LiveHub:
        return self._hubs.current()

    def join(self) -> LiveSubscription:
        return self.hub.join(self._id, self._after, self._claims, with_reasoning=self._with_reasoning)

    async def take(self, subscription: LiveSubscription, timeout: float) -> bytes:
        return await subscription.take(timeout)

    def end(self, subscription: LiveSubscription | None, reason: str) -> tuple[dict[str, Any], int | None]:
        channel = subscription.channel if subscription is not None else None
        head = channel.head if channel is not None else None
        if channel is None or head is None:
            return {"status": None, "characters": None, "error": None}, None
        error = spoken(dict(channel.error), self._language) if channel.error else None
        data = {"status": head.status, "characters": len(channel.text), "error": error}
        return data, len(channel.text) if reason == "finished" else None
