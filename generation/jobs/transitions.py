"""Every write of a job's status: a conditional UPDATE and its event, together in one short transaction.

The condition names the state that the writer believes in and, for a worker, the attempt that it runs. No row changed
means that somebody else was quicker, and the caller has to let go. Conditional UPDATEs rather than row locks, because
SQLite ignores `select_for_update` silently.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, models, transaction
from django.db.models import Count, Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce
from django.db.models.sql import UpdateQuery
from django.utils import timezone

from generation.domain.states import JobStatus
from generation.models import Job, JobEvent


def update_returning(rows: models.QuerySet[Job], **values: Any) -> Job | None:
    """UPDATE … RETURNING the one row that matches, or None.

    `QuerySet.update` only counts; a claim needs the row as it is after the write, and reading it again could show
    somebody else's next step.
    """
    query: UpdateQuery = rows.query.chain(UpdateQuery)  # type: ignore[assignment]
    query.add_update_values({**values, "updated_at": timezone.now()})
    sql, params = query.get_compiler(connection=connection).as_sql()
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in Job._meta.concrete_fields)
    found = list(Job.objects.raw(f"{sql} RETURNING {columns}", params))  # noqa: S608 — our own SQL and columns
    return found[0] if found else None


def change(
    rows: models.QuerySet[Job], event: str, data: Mapping[str, Any] | None = None, **values: Any
) -> Job | None:
    """Apply `values` to the row that matches and append its event; None when it didn't match."""
    with transaction.atomic(savepoint=False):
        job = update_returning(rows, event_seq=F("event_seq") + 1, **values)
        if job is not None:
            JobEvent.objects.create(job_id=job.pk, seq=job.event_seq, type=event, data=dict(data or {}))
    return job


def note(job_id: UUID, event: str, data: Mapping[str, Any] | None = None, **values: Any) -> Job | None:
    """Append an event without a change of status."""
    return change(Job.objects.filter(pk=job_id), event, data, **values)


# -- claiming ----------------------------------------------------------------------------------------------------


def claimable(now: datetime) -> models.QuerySet[Job]:
    """Queued, due, and with a parent (if any) that lets another child start."""
    parent = Job.objects.filter(pk=OuterRef("parent_id"))
    blocked = parent.filter(
        Q(paused_at__isnull=False) | Q(cancel_requested_at__isnull=False) | ~Q(status=JobStatus.WAITING)
    )
    return Job.objects.filter(
        Q(parent=None) | ~Exists(blocked),
        status=JobStatus.QUEUED,
        not_before__lte=now,
        cancel_requested_at=None,
    )


def claim(job_id: UUID, *, worker: str, lease: timedelta) -> Job | None:
    """Take a queued job: `queued → running`, attempt + 1. None when it isn't there to be taken."""
    return _claim(claimable(timezone.now()).filter(pk=job_id), worker=worker, lease=lease)


def claim_next_child(parent_id: UUID, *, worker: str, lease: timedelta) -> Job | None:
    """Take the next queued child of a parent, in order of position.

    On PostgreSQL the candidate is looked up with SKIP LOCKED so that a hundred threads don't queue for one row; the
    UPDATE's own condition is what makes the claim safe, there and on SQLite.
    """
    now = timezone.now()
    candidate = (
        claimable(now)
        .filter(parent_id=parent_id)
        .order_by("position")
        .select_for_update(skip_locked=True, of=("self",))
        .values("pk")[:1]
    )
    return _claim(Job.objects.filter(pk__in=candidate, status=JobStatus.QUEUED), worker=worker, lease=lease)


def _claim(rows: models.QuerySet[Job], *, worker: str, lease: timedelta) -> Job | None:
    now = timezone.now()
    return change(
        rows,
        "started",
        {"worker": worker},
        status=JobStatus.RUNNING,
        attempt=F("attempt") + 1,
        worker=worker,
        lease_expires_at=now + lease,
        started_at=Coalesce(F("started_at"), now),
    )


def claim_poll(job_id: UUID, *, worker: str, lease: timedelta) -> Job | None:
    """Take a waiting job to ask its provider: `waiting → running`, attempt + 1. No event: nothing has happened yet."""
    now = timezone.now()
    rows = Job.objects.filter(pk=job_id, status=JobStatus.WAITING, not_before__lte=now).exclude(
        provider_ref=""
    )
    return update_returning(
        rows, status=JobStatus.RUNNING, attempt=F("attempt") + 1, worker=worker, lease_expires_at=now + lease
    )


# -- leaving `running`: each only for the attempt that runs --------------------------------------------------------


def held(job: Job) -> models.QuerySet[Job]:
    """The row while this attempt still has it."""
    return Job.objects.filter(pk=job.pk, status=JobStatus.RUNNING, attempt=job.attempt)


FREED: dict[str, Any] = {"lease_expires_at": None, "worker": ""}


def succeed(job: Job, output: Any) -> Job | None:
    values = {"status": JobStatus.SUCCEEDED, "output": output, "progress": 100, "finished_at": timezone.now()}
    return change(held(job), "succeeded", {}, **values, **FREED)


def fail(rows: models.QuerySet[Job], error: Mapping[str, Any]) -> Job | None:
    return change(
        rows,
        "failed",
        {"error": dict(error)},
        status=JobStatus.FAILED,
        error=dict(error),
        error_code=error["code"],
        finished_at=timezone.now(),
        failures=F("failures") + 1,
        **FREED,
    )


def requeue(rows: models.QuerySet[Job], error: Mapping[str, Any], *, not_before: datetime) -> Job | None:
    return change(
        rows,
        "retrying",
        {"error": dict(error), "not_before": not_before.isoformat()},
        status=JobStatus.QUEUED,
        error=dict(error),
        failures=F("failures") + 1,
        not_before=not_before,
        published_at=None,
        **FREED,
    )


def postpone(job: Job, *, not_before: datetime) -> Job | None:
    """`running → queued` without a failure and without an event: nothing has happened yet."""
    return update_returning(
        held(job), status=JobStatus.QUEUED, not_before=not_before, published_at=None, **FREED
    )


def cancel(rows: models.QuerySet[Job]) -> Job | None:
    return change(rows, "cancelled", {}, status=JobStatus.CANCELLED, finished_at=timezone.now(), **FREED)


def wait_for_provider(job: Job, *, provider: str, provider_ref: str, poll_at: datetime) -> Job | None:
    """`running → waiting`. Only the first time is an event; later polls that change nothing are silent."""
    values = {
        "status": JobStatus.WAITING,
        "provider": provider,
        "provider_ref": provider_ref,
        "not_before": poll_at,
    }
    if job.provider_ref == provider_ref and job.provider == provider:
        return update_returning(held(job), **values, **FREED)
    return change(
        held(job), "waiting", {"provider": provider, "provider_ref": provider_ref}, **values, **FREED
    )


def wait_for_children(job: Job) -> Job | None:
    return change(held(job), "waiting", {"for": "children"}, status=JobStatus.WAITING, **FREED)


# -- counting ------------------------------------------------------------------------------------------------------


def child_counts(parent_id: UUID) -> dict[str, int]:
    """How many children are in which status; every status is present."""
    counts = {status.value: 0 for status in JobStatus}
    rows = Job.objects.filter(parent_id=parent_id).order_by().values_list("status").annotate(Count("pk"))
    counts.update(dict(rows))
    return counts
