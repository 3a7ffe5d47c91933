"""The queues, what may wait on them, and every time limit, derived from one number per queue."""

from dataclasses import dataclass
from enum import StrEnum


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


TASK_ROUTES: dict[str, dict[str, str]] = {
    "generation.run_job": {"queue": Queue.AGENT_BUILDS},
    "generation.poll_jobs": {"queue": Queue.STATUS_UPDATES},
    "generation.sweep_jobs": {"queue": Queue.STATUS_UPDATES},
    "generation.clean_up": {"queue": Queue.STATUS_UPDATES},
    "accounts.remove_files": {"queue": Queue.STATUS_UPDATES},
    "accounts.clean_up": {"queue": Queue.STATUS_UPDATES},
    "platform.clean_up": {"queue": Queue.STATUS_UPDATES},
}

#: Beat entries expire just before the next run, so that a stopped worker doesn't find a heap of old ones.
BEAT_SCHEDULE = {
    "sweep-jobs": {"task": "generation.sweep_jobs", "schedule": 10.0, "options": {"expires": 9}},
    "poll-jobs": {"task": "generation.poll_jobs", "schedule": 5.0, "options": {"expires": 4}},
    "clean-up-generation": {"task": "generation.clean_up", "schedule": 3600.0, "options": {"expires": 3500}},
    "remove-files": {"task": "accounts.remove_files", "schedule": 600.0, "options": {"expires": 590}},
    "clean-up-accounts": {"task": "accounts.clean_up", "schedule": 3600.0, "options": {"expires": 3500}},
    "clean-up-platform": {"task": "platform.clean_up", "schedule": 3600.0, "options": {"expires": 3500}},
}
