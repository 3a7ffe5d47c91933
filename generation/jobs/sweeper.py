"""Finds what was lost: dead workers' jobs, messages that never came, parents whose last child ended in a crash.

Every step is a conditional UPDATE of its own, so any number of sweepers may run at once and any of them may die.
"""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from config.celery import enqueue
from generation.domain.states import ACTIVE, JobStatus
from generation.errors import JobLostError
from generation.jobs import ledger, parents, transitions
from generation.jobs.failures import describe_error
from generation.models import Job

log = structlog.get_logger(__name__)

#: The most rows of each sort that one sweep looks at; the next one goes on.
LIMIT = 500


def sweep() -> dict[str, int]:
    """One round. Returns how many jobs each step moved."""
    now = timezone.now()
    return {
        "recovered": _recover_lost(now),
        "cancelled": _cancel_idle(),
        "published": _publish_unheard(now),
        "parents": _tend_parents(),
    }


def _recover_lost(now: datetime) -> int:
    """Running jobs whose lease ran out: their worker is dead, or so late that it must not write any more."""
    lost = Job.objects.filter(status=JobStatus.RUNNING, lease_expires_at__lt=now).order_by("lease_expires_at")
    return sum(recover(job, now) for job in lost[:LIMIT])


def recover(job: Job, now: datetime) -> bool:
    """Give up the attempt and queue the job again, or end it: cancelled if that was asked for, failed if it was the
    last try."""
    rows = transitions.held(job).filter(lease_expires_at__lt=now)
    if job.cancel_requested_at is not None:
        moved = transitions.cancel(rows)
    elif job.provider_ref:
        # The provider works on it or is done: not a failure, just ask again.
        moved = transitions.change(
            rows, "recovered", {}, status=JobStatus.WAITING, not_before=now, **transitions.FREED
        )
    else:
        error = describe_error(JobLostError(), charged=ledger.charged(job))
        if job.failures + 1 < job.max_failures:
            moved = transitions.requeue(rows, error, not_before=now)
        else:
            moved = transitions.fail(rows, error)
    if moved is None:
        return False
    ledger.give_up_attempt(job)
    log.warning("job.recovered", job_id=str(job.pk), kind=job.kind, worker=job.worker, status=moved.status)
    return True


def _cancel_idle() -> int:
    """Jobs that were to stop while nobody ran them."""
    idle = Job.objects.filter(
        Q(status=JobStatus.QUEUED) | Q(status=JobStatus.WAITING, provider_ref="", children=None),
        cancel_requested_at__isnull=False,
    )
    return sum(
        transitions.cancel(Job.objects.filter(pk=pk, status__in=[JobStatus.QUEUED, JobStatus.WAITING]))
        is not None
        for pk in idle.values_list("pk", flat=True)[:LIMIT]
    )


def _publish_unheard(now: datetime) -> int:
    """Queued jobs that are due and whose message, if there ever was one, is older than it should get."""
    stale = now - timedelta(seconds=settings.REPUBLISH_AFTER_SECONDS)
    unheard = transitions.claimable(now).filter(Q(published_at=None) | Q(published_at__lt=stale), parent=None)
    ids = list(unheard.order_by("not_before").values_list("pk", flat=True)[:LIMIT])
    Job.objects.filter(pk__in=ids, status=JobStatus.QUEUED).update(published_at=now)
    for pk in ids:
        enqueue("generation.run_job", job_id=str(pk))
    return len(ids)


def _tend_parents() -> int:
    """Parents with room for another child get one started; parents whose children are all done are ended."""
    has_children = Exists(Job.objects.filter(parent_id=OuterRef("pk")))
    busy = Exists(Job.objects.filter(parent_id=OuterRef("pk"), status__in=ACTIVE))
    waiting = Job.objects.filter(has_children, status=JobStatus.WAITING, parent=None)
    ended = waiting.filter(~busy)[:LIMIT]
    moved = sum(parents.settle(parent.pk) is not None for parent in ended)
    queued = Exists(Job.objects.filter(parent_id=OuterRef("pk"), status=JobStatus.QUEUED))
    return moved + sum(
        parents.publish_children(parent) for parent in waiting.filter(queued, paused_at=None)[:LIMIT]
    )
