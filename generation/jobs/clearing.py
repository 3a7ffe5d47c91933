"""Emptying the queue: the operator's way out when too much was asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from config import audit
from generation.domain.states import ACTIVE, JobStatus
from generation.jobs import parents, transitions
from generation.models import Job

#: Jobs that one transaction cancels.
CHUNK = 200
#: Jobs that one call cancels, so that it ends in seconds however long the queue is.
LIMIT = 5_000


@dataclass(frozen=True, slots=True)
class Cleared:
    """`remaining` jobs are still queued: more than one call takes, or new ones."""

    cancelled: int
    remaining: int


def queue_clear(*, by: audit.Actor, limit: int = LIMIT) -> Cleared:
    """Cancel what is queued, oldest first. What runs goes on to its end: it may be paid for already.

    A batch with queued items starts no more of them and ends as `cancelled` once those that run are done. `by` is
    the member of staff who asked; the jobs' events and the audit name them.
    """
    cancelled = 0
    while cancelled < limit:
        queued = Job.objects.filter(status=JobStatus.QUEUED).order_by("created_at")
        rows = list(queued.values_list("pk", "parent_id")[: min(CHUNK, limit - cancelled)])
        if not rows:
            break
        parent_ids = {parent_id for _, parent_id in rows if parent_id is not None}
        with transaction.atomic():
            moved = _cancel([pk for pk, _ in rows], parent_ids, by=str(by))
            audit.record(by, "clear_queue", changes={"cancelled": moved})
        cancelled += moved
        for parent_id in parent_ids:
            parents.settle(parent_id)
    return Cleared(cancelled, Job.objects.filter(status=JobStatus.QUEUED).count())


def _cancel(job_ids: Iterable[UUID], parent_ids: Iterable[UUID], *, by: str) -> int:
    now = timezone.now()
    said = {"by": by}
    for parent_id in parent_ids:
        active = Job.objects.filter(pk=parent_id, status__in=ACTIVE, cancel_requested_at=None)
        transitions.change(active, "cancel_requested", said, cancel_requested_at=now)
    ended = {"status": JobStatus.CANCELLED, "finished_at": now, "cancel_requested_at": now}
    queued = (Job.objects.filter(pk=pk, status=JobStatus.QUEUED) for pk in job_ids)
    return sum(transitions.change(rows, "cancelled", said, **ended) is not None for rows in queued)
