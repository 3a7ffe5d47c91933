"""The queues, what may wait on them, and every time limit, derived from one number per queue."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from config.registry import Registry


class Queue(StrEnum):
    """`agent_builds` waits on models, for minutes. `status_updates` sweeps, polls, finishes: nothing slow lives there,
    so that a full `agent_builds` never stops the housekeeping that would empty it."""

    AGENT_BUILDS = "agent_builds"
    STATUS_UPDATES = "status_updates"


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """One number (`limit_seconds`, the longest that one attempt may run) and what follows from it."""

    limit_seconds: int

    @property
    def visibility_seconds(self) -> int:
        """When the broker may hand an unacknowledged message to another worker: after the longest attempt."""
        return int(self.limit_seconds * 1.1)

    @property
    def lease_seconds(self) -> float:
        """How long a claim holds without a heartbeat. A dead worker's job is taken up again after this."""
        return self.limit_seconds / 15

    @property
    def heartbeat_seconds(self) -> float:
        """Four heartbeats fit into a lease, so three may get lost."""
        return self.lease_seconds / 4


ROUTES: Registry[Queue] = Registry("task")
#: Filled by `register`; Celery's clock reads it when it starts.
BEAT_SCHEDULE: dict[str, dict[str, Any]] = {}


def register(task: str, queue: Queue, *, every: float = 0) -> None:
    """Have messages for `task` go to `queue`; with `every`, the clock sends one each time so many seconds are over.

    Such a message expires before the next one comes, so that a stopped worker doesn't find a heap of old ones.
    """
    ROUTES.register(task, queue)
    if every:
        BEAT_SCHEDULE[task] = {"task": task, "schedule": every, "options": {"expires": every * 0.9}}


def route(name: str, *_: Any, **__: Any) -> dict[str, Queue] | None:
    """Celery asks this for each message that is sent."""
    queue = ROUTES.get(name)
    return None if queue is None else {"queue": queue}
