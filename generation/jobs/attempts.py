"""One attempt at one job, and how it can end before its time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.db import release_connection
from generation.errors import JobCancelledError, JobTimeoutError
from generation.jobs import transitions
from generation.jobs.worker import InFlight, this_worker
from generation.models import Job

#: A call that begins with less time than this left would only be cut off.
LEAST_SECONDS = 1.0


class AttemptLostError(Exception):
    """This attempt was given up and its job belongs to another one: drop everything, write nothing."""


class WorkerLeavesError(Exception):
    """This worker was asked to stop and buys nothing new: the job goes on in another one."""


@dataclass(slots=True)
class Attempt:
    """What every attempt can do, whatever it buys."""

    job: Job
    input: Any
    entry: InFlight

    @property
    def provider_ref(self) -> str:
        return self.job.provider_ref

    def check(self) -> None:
        """Stop here if the job was cancelled or taken away. Called between steps; costs one small query."""
        row = (
            Job.objects.filter(pk=self.job.pk).values_list("attempt", "status", "cancel_requested_at").first()
        )
        if row is None or self.entry.is_lost or row[:2] != (self.job.attempt, self.job.status):
            raise AttemptLostError
        if row[2] is not None:
            raise JobCancelledError
        if self.entry.remaining_seconds < LEAST_SECONDS:
            raise JobTimeoutError

    def is_unwanted(self) -> bool:
        """Whether the job was cancelled or taken away, as of half a second ago. Cheap."""
        this_worker().look()
        release_connection()
        return self.entry.is_lost or self.entry.is_cancelled

    def stop_if_unwanted(self) -> None:
        if self.is_unwanted():
            raise AttemptLostError if self.entry.is_lost else JobCancelledError

    def stay(self) -> None:
        """Stop here if this worker was asked to leave."""
        if this_worker().is_leaving:
            raise WorkerLeavesError

    def progress(self, percent: int, message: str = "") -> None:
        """Tell how far the job is (0-99; 100 belongs to success). Written outside of any transaction of the work."""
        percent = max(0, min(99, percent))
        data = {"percent": percent, **({"message": message} if message else {})}
        if transitions.change(transitions.held(self.job), "progress", data, progress=percent) is None:
            raise AttemptLostError

    def note(self, type: str, data: Mapping[str, Any]) -> None:
        """Write an event of the kind's own into the job's list."""
        if transitions.change(transitions.held(self.job), type, data) is None:
            raise AttemptLostError
