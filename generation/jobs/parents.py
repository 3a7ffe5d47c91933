"""Parents and their children: keep as many running as allowed, tell how far they are, notice the end."""

import threading
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from config.celery import enqueue
from generation.domain.states import ACTIVE, JobStatus
from generation.errors import JobChildrenFailedError
from generation.jobs import ledger, transitions
from generation.jobs.failures import describe_error
from generation.jobs.registry import get_kind, to_json
from generation.models import Job
from generation.models.items import ITEM_UNFINISHED, ItemState

#: A parent's progress is written at most this often by each process, however many children finish.
REPORT_SECONDS = 1.0
#: Children moved by one statement.
CHUNK = 500

_reported: dict[str, float] = {}
_reported_lock = threading.Lock()


def publish_children(parent: Job) -> int:
    """Knock once for each child that may start now; returns how many.

    Each message begins a chain: the worker goes on with the next child when one is done. So a batch needs as many
    messages as it may have in flight, not one per item, and other users' jobs find room between the chains. A
    message that nobody has answered yet fills its place until it counts as lost.
    """
    now = timezone.now()
    if parent.paused_at is not None or parent.cancel_requested_at is not None:
        return 0
    children = Job.objects.filter(parent_id=parent.pk)
    stale = now - timedelta(seconds=settings.REPUBLISH_AFTER_SECONDS)
    announced = Q(status=JobStatus.QUEUED, published_at__gte=stale)
    free = parent.max_parallel or settings.WORKER_CONCURRENCY
    free -= children.filter(Q(status__in=transitions.IN_FLIGHT) | announced).count()
    if free <= 0:
        return 0
    due = transitions.claimable(now, parent_id=parent.pk)
    unheard = due.filter(Q(published_at=None) | Q(published_at__lt=stale)).order_by("position")
    with transaction.atomic():
        ids = list(transitions.unlocked(unheard).values_list("pk", flat=True)[:free])
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
    rows = Job.objects.filter(pk=parent_id, status=JobStatus.WAITING)
    parent = rows.first()
    if parent is None:
        return
    counts = transitions.child_counts(parent_id)
    total = sum(counts.values())
    done = total - sum(counts[state] for state in ITEM_UNFINISHED)
    percent = min(99, done * 100 // total) if total else 0
    data = {"percent": percent, **_summary(parent, counts)}
    transitions.change(rows, "progress", data, progress=percent)


def settle(parent_id: UUID) -> Job | None:
    """End the parent if none of its children is active any more; None when it isn't over or somebody else did it.

    Called after a child's own transaction has committed: of two children that end at the same moment, the later one
    sees both. If the process dies in between, the sweeper calls it.
    """
    if Job.objects.filter(parent_id=parent_id, status__in=ACTIVE).exists():
        return None
    with transaction.atomic():
        parent = lock(_waiting_for_children().filter(pk=parent_id))
        if parent is None:
            return None
        # Counted under the parent's lock: whoever brings a child back takes it first (`services.job_retry`).
        counts = transitions.child_counts(parent_id)
        if any(counts[state] for state in ITEM_UNFINISHED):
            return None
        with _reported_lock:
            _reported.pop(str(parent_id), None)
        return _end(parent, counts)


def _end(parent: Job, counts: Mapping[str, int]) -> Job | None:
    rows = _waiting_for_children().filter(pk=parent.pk)
    data = _summary(parent, counts)
    total = sum(counts.values())
    values: dict[str, Any] = {
        "output": data,
        "progress": counts[ItemState.SUCCEEDED] * 100 // total if total else 100,
        "finished_at": timezone.now(),
        **transitions.FREED,
    }
    if parent.cancel_requested_at is not None:
        return transitions.change(rows, "cancelled", data, status=JobStatus.CANCELLED, **values)
    if failed := counts[ItemState.FAILED]:
        error = describe_error(
            JobChildrenFailedError(failed=failed, total=total), charged=ledger.charged(parent)
        )
        error["retryable"] = Job.objects.filter(
            parent_id=parent.pk, status=JobStatus.FAILED, error__retryable=True
        ).exists()
        return transitions.change(
            rows, "failed", {**data, "error": error},
            status=JobStatus.FAILED, error=error, error_code=error["code"], **values,
        )  # fmt: skip
    return transitions.change(
        rows, "succeeded", data, status=JobStatus.SUCCEEDED, error=None, error_code="", **values
    )


def _summary(parent: Job, counts: Mapping[str, int]) -> dict[str, Any]:
    """What events and output alike tell of the items."""
    summary = get_kind(parent.kind).summary
    found: Any = (
        summary(parent, counts) if summary else {"total": sum(counts.values()), "counts": dict(counts)}
    )
    told: dict[str, Any] = to_json(found)
    return told


def _waiting_for_children() -> QuerySet[Job]:
    """Waiting jobs that no provider works on."""
    return Job.objects.filter(status=JobStatus.WAITING, provider_ref="")


def lock(rows: QuerySet[Job]) -> Job | None:
    """The row, locked until the transaction ends (SQLite's transactions exclude each other anyway)."""
    return rows.select_for_update(no_key=True).first()


def cancel_children(parent_id: UUID) -> None:
    """Cancel the children that nobody runs, ask the others to stop. Inside a transaction that has locked the parent.

    In this order: a child that is claimed at this moment has left `queued` and is found by the second statement.
    """
    now = timezone.now()
    values = {"status": JobStatus.CANCELLED, "finished_at": now, "cancel_requested_at": now}
    move_children(parent_id, JobStatus.QUEUED, "cancelled", **values)
    Job.objects.filter(
        parent_id=parent_id, status__in=transitions.IN_FLIGHT, cancel_requested_at=None
    ).update(cancel_requested_at=now, not_before=now, updated_at=now)


def move_children(parent_id: UUID, from_status: JobStatus, event: str, **values: Any) -> None:
    """Move all children in a state, each with its numbered event."""
    children = Job.objects.filter(parent_id=parent_id, status=from_status)
    while ids := list(children.order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        transitions.change_all(children.filter(pk__in=ids), event, **values)
