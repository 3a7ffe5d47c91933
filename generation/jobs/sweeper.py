"""Finds what was lost: dead workers' jobs, messages that never came, parents whose last child ended in a crash.

Every step is a conditional UPDATE of its own, so any number of sweepers may run at once and any of them may die.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from config.celery import enqueue
from generation.domain.states import ACTIVE, TERMINAL, JobStatus
from generation.errors import JobLostError
from generation.jobs import ledger, parents, transitions
from generation.jobs.failures import describe_error
from generation.models import Job

log = structlog.get_logger(__name__)

#: The most rows of each sort that one sweep looks at; the next one goes on.
LIMIT = 500


def sweep() -> dict[str, int]:
    """One round. Returns how many rows each step moved."""
    now = timezone.now()
    return {
        "recovered": recover_lost(now),
        "cancelled": _cancel_idle() + _cancel_orphans(),
        "published": _publish_unheard(now),
        "parents": _tend_parents(),
        "calls": ledger.close_abandoned(),
    }


def recover_lost(now: datetime) -> int:
    """Running jobs whose lease ran out: their worker is dead, or so late that it must not write any more."""
    lost = Job.objects.filter(status=JobStatus.RUNNING, lease_expires_at__lt=now).order_by("lease_expires_at")
    return sum(recover(job, now) for job in lost[:LIMIT])


def recover(job: Job, now: datetime) -> bool:
    """Give up the attempt and let the job go on, or end it: cancelled if that was asked for, failed if it was the
    last try."""
    rows = transitions.held(job).filter(lease_expires_at__lt=now)
    with transaction.atomic():
        moved = _let_go(job, rows, now)
        if moved is None:
            return False
        ledger.give_up_attempt(job, for_good=moved.status == JobStatus.CANCELLED)
    log.warning("job.recovered", job_id=str(job.pk), kind=job.kind, worker=job.worker, status=moved.status)
    return True


def _let_go(job: Job, rows: QuerySet[Job], now: datetime) -> Job | None:
    is_last = job.failures + 1 >= job.max_failures
    if job.cancel_requested_at is not None and (is_last or not job.provider_ref):
        return transitions.cancel(rows)
    error = describe_error(JobLostError(), charged=ledger.charged(job))
    if is_last:
        return transitions.fail(rows, error)
    # What a provider works on is asked for again, and is stopped there if that was wanted.
    to = JobStatus.WAITING if job.provider_ref else JobStatus.QUEUED
    return transitions.requeue(rows, error, not_before=now, to=to)


def _cancel_idle() -> int:
    """Jobs that were to stop while nobody ran them."""
    flagged: dict[str, Any] = {"cancel_requested_at__isnull": False}
    childless = ~Exists(Job.objects.filter(parent_id=OuterRef("pk")))
    queued = Job.objects.filter(status=JobStatus.QUEUED, **flagged)
    waiting = Job.objects.filter(childless, status=JobStatus.WAITING, provider_ref="", **flagged)
    return sum(
        transitions.cancel(idle.filter(pk=pk)) is not None
        for idle in (queued, waiting)
        for pk in idle.values_list("pk", flat=True)[:LIMIT]
    )


def _cancel_orphans() -> int:
    """Queued children of parents that are over or to be cancelled: nobody would ever start them.

    A parent that is asked to stop while its own step writes children down leaves them behind like this.
    """
    gone = Q(status__in=TERMINAL) | Q(cancel_requested_at__isnull=False)
    orphans = Job.objects.filter(
        Q(parent__status__in=TERMINAL) | Q(parent__cancel_requested_at__isnull=False), status=JobStatus.QUEUED
    )
    moved = 0
    for pk in orphans.order_by().values_list("parent_id", flat=True).distinct()[:LIMIT]:
        with transaction.atomic():
            if parents.lock(Job.objects.filter(gone, pk=pk)) is not None:
                parents.cancel_children(pk)
                moved += 1
    return moved


def _publish_unheard(now: datetime) -> int:
    """Queued jobs that are due and whose message, if there ever was one, is older than it should get."""
    stale = now - timedelta(seconds=settings.REPUBLISH_AFTER_SECONDS)
    unheard = transitions.claimable(now).filter(Q(published_at=None) | Q(published_at__lt=stale), parent=None)
    with transaction.atomic():
        rows = transitions.unlocked(unheard.order_by("not_before"))
        ids = list(rows.values_list("pk", flat=True)[:LIMIT])
        Job.objects.filter(pk__in=ids).update(published_at=now)
    for pk in ids:
        enqueue("generation.run_job", job_id=str(pk))
    return len(ids)


def _tend_parents() -> int:
    """Parents with room for another child get one started; parents whose children are all done are ended."""
    busy = Exists(Job.objects.filter(parent_id=OuterRef("pk"), status__in=ACTIVE))
    waiting = Job.objects.filter(status=JobStatus.WAITING, provider_ref="", parent=None)
    ended = waiting.filter(~busy)[:LIMIT]
    moved = sum(parents.settle(parent.pk) is not None for parent in ended)
    queued = Exists(Job.objects.filter(parent_id=OuterRef("pk"), status=JobStatus.QUEUED))
    return moved + sum(
        parents.publish_children(parent) for parent in waiting.filter(queued, paused_at=None)[:LIMIT]
    )
