"""The events of a job as a stream."""

from typing import Any
from uuid import UUID

from accounts.selectors.sessions import claims_that_hold
from generation.live.event_hub import EventHub, EventSubscription
from generation.live.hub import HubPerLoop, admission_seconds
from generation.live.streams import Reader, Stream
from generation.selectors.events import event_news

hubs = HubPerLoop(lambda: EventHub(event_news, claims_that_hold, admission_interval=admission_seconds()))


class EventStream(Stream[EventSubscription]):
    """The events behind number `after`. The last one, `end`, has no number."""

    def __init__(self, reader: Reader, *, job_id: UUID, after: int) -> None:
        super().__init__(reader)
        self._job_id = job_id
        self._after = after

    @property
    def hub(self) -> EventHub:
        return hubs.current()

    def join(self) -> EventSubscription:
        return self.hub.join(self._job_id, self._after, self.reader.claims)

    async def take(self, subscription: EventSubscription, timeout: float) -> bytes:
        events = await subscription.take(timeout)
        if events:
            self._after = events[-1].seq
        return b"".join(event.in_language(self.reader.language) for event in events)

    def end(self, subscription: EventSubscription | None, reason: str) -> tuple[dict[str, Any], int | None]:
        status = subscription.status if subscription is not None else ""
        return {"status": status or None, "last_event": self._after}, None
