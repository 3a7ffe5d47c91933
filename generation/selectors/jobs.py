"""Reads about jobs: who may see what, and waiting for one to end."""

import time
from uuid import UUID

from django.db.models import QuerySet

from config.db import release_connection
from generation.domain.states import TERMINAL
from generation.errors import JobNotFoundError
from generation.models import Job, JobEvent

#: How often a waiting request looks at its job: quickly at first, then less and less often.
SHORTEST_LOOK, LONGEST_LOOK, LOOK_GROWTH = 0.02, 0.25, 1.5


def job_list_for(owner_id: UUID) -> QuerySet[Job]:
    return Job.objects.owned_by(owner_id)


def job_top_level_list_for(owner_id: UUID) -> QuerySet[Job]:
    """Without the items of batches."""
    return Job.objects.owned_by(owner_id).top_level()


def job_get_for(owner_id: UUID, job_id: UUID) -> Job:
    """Raises `JobNotFoundError`, also for somebody else's job."""
    job = job_list_for(owner_id).filter(pk=job_id).first()
    if job is None:
        raise JobNotFoundError
    return job


def job_event_list_for(owner_id: UUID, job_id: UUID) -> QuerySet[JobEvent]:
    return JobEvent.objects.filter(job_id=job_id, job__owner_id=owner_id)


def job_is_over(job_id: str, within: float) -> bool:
    """Wait for the job to end, at most `within` seconds. Call it outside of any transaction.

    Holds no connection of a pool while it waits. A job that doesn't exist (any more) won't end.
    """
    until = time.monotonic() + within
    look = SHORTEST_LOOK
    while True:
        status = Job.objects.filter(pk=job_id).values_list("status", flat=True).first()
        if status is None or status in TERMINAL:
            return status is not None
        left = until - time.monotonic()
        if left <= 0:
            return False
        release_connection()
        time.sleep(min(look, left))
        look = min(look * LOOK_GROWTH, LONGEST_LOOK)
