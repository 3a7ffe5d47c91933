"""Parents and their children: keep as many running as allowed, tell how far they are, notice the end."""

import threading
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from config.celery import enqueue
from generation.domain.states import ACTIVE, TERMINAL, JobStatus
from generation.errors import JobChildrenFailedError
from generation.jobs import transitions
from generation.jobs.failures import describe_error
from generation.jobs.registry import get_kind, to_json
from generation.models import Job

#: A parent's progress is written at most this often by each process, however many children finish.
REPORT_SECONDS = 1.0

_reported: dict[str, float] = {}
_reported_lock = threading.Lock()


def publish_children(parent: Job) -> int:
    """Knock once for each child that may start now; returns how many.

    Each message begins a chain: the worker goes on with the next child when one is done. So a batch needs as many
    messages as it may have in flight, not one per item, and other users' jobs find room between the chains.
    """
    now = timezone.now()
    if parent.paused_at is not None or parent.cancel_requested_at is not None:
        return 0
    children = Job.objects.filter(parent_id=parent.pk)
    free = parent.max_parallel or settings.WORKER_CONCURRENCY
    free -= children.filter(status=JobStatus.RUNNING).count()
    if free <= 0:
        return 0
    stale = now - timedelta(seconds=settings.REPUBLISH_AFTER_SECONDS)
    due = transitions.claimable(now).filter(parent_id=parent.pk)
    unheard = due.filter(Q(published_at=None) | Q(published_at__lt=stale))
    ids = list(unheard.order_by("position").values_list("pk", flat=True)[:free])
    children.filter(pk__in=ids).update(published_at=now)
    for pk in ids:
        enqueue("generation.run_job", job_id=str(pk))
    return len(ids)


def report(parent_id: UUID, *, force: bool = False) -> None:
    """Write the parent's progress and its children's counts as an event, at most once a second."""
    key = str(parent_id)
    with _reported_lock:
        now = time.monotonic()
        if not force and now - _reported.get(key, 0.0) < REPORT_SECONDS:
            return
        _reported[key] = now
    counts = transitions.child_counts(parent_id)
    total = sum(counts.values())
    done = sum(counts[status] for status in TERMINAL)
    percent = min(99, done * 100 // total) if total else 0
    rows = Job.objects.filter(pk=parent_id, status=JobStatus.WAITING)
    transitions.change(rows, "progress", {"percent": percent, "items": counts}, progress=percent)


def settle(parent_id: UUID) -> Job | None:
    """End the parent if none of its children is active any more; None when it isn't over or somebody else did it.

    Called after a child's own transaction has committed: of two children that end at the same moment, the later one
    sees both. If the process dies in between, the sweeper calls it.
    """
    parent = Job.objects.filter(pk=parent_id, status=JobStatus.WAITING).first()
    if parent is None:
        return None
    over = ~Exists(Job.objects.filter(parent_id=OuterRef("pk"), status__in=ACTIVE))
    rows = Job.objects.filter(over, pk=parent_id, status=JobStatus.WAITING)
    counts = transitions.child_counts(parent_id)
    if any(counts[status] for status in ACTIVE):
        return None
    output = _summary(parent, counts)
    values: dict[str, Any] = {"output": output, "finished_at": timezone.now(), **transitions.FREED}
    with _reported_lock:
        _reported.pop(str(parent_id), None)
    if parent.cancel_requested_at is not None:
        return transitions.change(rows, "cancelled", {"items": counts}, status=JobStatus.CANCELLED, **values)
    if counts[JobStatus.FAILED]:
        error = describe_error(
            JobChildrenFailedError(failed=counts[JobStatus.FAILED], total=sum(counts.values())), charged=None
        )
        return transitions.change(
            rows, "failed", {"items": counts, "error": error},
            status=JobStatus.FAILED, error=error, error_code=error["code"], **values,
        )  # fmt: skip
    return transitions.change(
        rows, "succeeded", {"items": counts}, status=JobStatus.SUCCEEDED, progress=100, error=None, error_code="",
        **values,
    )  # fmt: skip


def _summary(parent: Job, counts: Mapping[str, int]) -> Any:
    summary = get_kind(parent.kind).summary
    return to_json(summary(parent, counts)) if summary else {"items": dict(counts)}
