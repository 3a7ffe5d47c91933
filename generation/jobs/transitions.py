"""Every write of a job's status: a conditional UPDATE and its event, together in one short transaction.

The condition names the state that the writer believes in and, for a worker, the attempt that it runs. No row changed
means that somebody else was quicker, and the caller has to let go. Conditional UPDATEs rather than row locks, because
SQLite ignores `select_for_update` silently.
"""

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from config.sql.placeholders import Placeholder, SavedPlaceholder
from config.sql.statements import Also, Update
from config.sql.writes import insert, update_returning
from generation.domain.states import JobStatus
from generation.jobs.registry import KINDS
from generation.models import Job, JobEvent
from generation.models.items import ITEM_STATE_OF, ItemState


def change_quietly(rows: models.QuerySet[Job], **values: Any) -> Job | None:
    """Apply `values` to the row that matches, without an event: nothing has happened that anybody would read of."""
    found = update_returning(rows, {**values, "updated_at": timezone.now()})
    return found[0] if found else None


def change(
    rows: models.QuerySet[Job], event: str, data: Mapping[str, Any] | None = None, **values: Any
) -> Job | None:
    """Apply `values` to the row that matches and append its event; None when it didn't match."""
    with transaction.atomic(savepoint=False):
        job = change_quietly(rows, event_seq=F("event_seq") + 1, **values)
        if job is not None:
            _append(job, event, data)
            _end([job], values)
    return job


def _change_by(
    statement: Update[Job], event: str, data: Mapping[str, Any] | None = None, **values: Any
) -> Job | None:
    """`change` by a compiled statement that counts `event_seq` up and inserts the event (`NUMBERED_EVENT`)."""
    with nullcontext() if statement.is_one_statement else transaction.atomic(savepoint=False):
        return statement.returning(event=event, data=dict(data or {}), **values)


def _append(job: Job, event: str, data: Mapping[str, Any] | None) -> None:
    insert(JobEvent(job_id=job.pk, seq=job.event_seq, type=event, data=dict(data or {})))


def change_all(rows: models.QuerySet[Job], event: str, **values: Any) -> int:
    """`change` for many rows at once; returns how many matched."""
    with transaction.atomic(savepoint=False):
        values = {**values, "event_seq": F("event_seq") + 1, "updated_at": timezone.now()}
        moved = update_returning(rows, values)
        JobEvent.objects.bulk_create(JobEvent(job_id=job.pk, seq=job.event_seq, type=event) for job in moved)
        _end(moved, values)
    return len(moved)


def _end(jobs: Iterable[Job], values: Mapping[str, Any]) -> None:
    """Have the kinds of jobs that failed or were cancelled put in place what is left of them."""
    if values.get("status") not in (JobStatus.FAILED, JobStatus.CANCELLED):
        return
    for job in jobs:
        kind = KINDS.get(job.kind)
        if kind is not None and kind.end is not None:
            kind.end(job)


def note(job_id: UUID, event: str, data: Mapping[str, Any] | None = None, **values: Any) -> Job | None:
    """Append an event without a change of status."""
    return change(Job.objects.filter(pk=job_id), event, data, **values)


# -- claiming ----------------------------------------------------------------------------------------------------


#: What a child is in while it fills a place of its parent's `max_parallel`.
IN_FLIGHT = (JobStatus.RUNNING, JobStatus.WAITING)


def claimable(
    now: datetime | Placeholder, *, parent_id: UUID | Placeholder | None = None
) -> models.QuerySet[Job]:
    """Queued, due, and with a parent (if any) that lets another child start; with `parent_id` its children only."""
    jobs = Job.objects.filter(status=JobStatus.QUEUED, not_before__lte=now, cancel_requested_at=None)
    if parent_id is not None:
        # Doesn't depend on the child: the database looks at the parent once, not once for each of its children.
        return jobs.filter(Exists(_open_parents().filter(pk=parent_id)), parent_id=parent_id)
    return jobs.filter(Q(parent=None) | Exists(_open_parents().filter(pk=OuterRef("parent_id"))))


def _open_parents() -> models.QuerySet[Job]:
    """Parents that are neither paused nor to be cancelled and have fewer children in flight than they may."""
    in_flight = Job.objects.filter(parent_id=OuterRef("pk"), status__in=IN_FLIGHT).order_by()
    count = Subquery(in_flight.values("parent").annotate(count=Count("pk")).values("count"))
    has_room = Q(max_parallel=0) | Q(max_parallel__gt=Coalesce(count, 0))
    return Job.objects.filter(has_room, status=JobStatus.WAITING, paused_at=None, cancel_requested_at=None)


def unlocked(rows: models.QuerySet[Job]) -> models.QuerySet[Job]:
    """Those rows that nobody else is changing now, locked for us: whoever takes many at once never waits for another
    who does the same in another order."""
    return rows.select_for_update(skip_locked=True, of=("self",), no_key=True)


def claim(job_id: UUID, *, worker: str, lease: timedelta) -> Job | None:
    """Take a queued job: `queued → running`, attempt + 1. None when it isn't there to be taken."""
    return _claim_by(CLAIM, worker, lease, pk=job_id)


def claim_next_child(parent_id: UUID, *, worker: str, lease: timedelta) -> Job | None:
    """Take the next queued child of a parent, in order of position.

    On PostgreSQL the candidate is looked up with SKIP LOCKED so that a hundred threads don't queue for one row; the
    UPDATE's own condition is what makes the claim safe, there and on SQLite.
    """
    return _claim_by(CLAIM_NEXT_CHILD, worker, lease, parent_id=parent_id)


def _claim_by(statement: Update[Job], worker: str, lease: timedelta, **which: Any) -> Job | None:
    now = timezone.now()
    return _change_by(
        statement,
        "started",
        {"worker": worker},
        now=now,
        worker=worker,
        lease_expires_at=now + lease,
        **which,
    )


def _claimed() -> dict[str, Any]:
    return {
        "status": JobStatus.RUNNING,
        "attempt": F("attempt") + 1,
        "event_seq": F("event_seq") + 1,
        "worker": SavedPlaceholder("worker", models.CharField()),
        "lease_expires_at": SavedPlaceholder("lease_expires_at", models.DateTimeField()),
        "started_at": Coalesce(F("started_at"), NOW),
        "updated_at": NOW,
    }


def _next_child() -> models.QuerySet[Job]:
    children = claimable(NOW, parent_id=Placeholder("parent_id", models.UUIDField())).order_by("position")
    # `=` and not IN: a scalar subquery runs once, one with IN may run, and lock another row, once per row.
    return Job.objects.filter(pk=Subquery(unlocked(children).values("pk")[:1]), status=JobStatus.QUEUED)


NOW = Placeholder("now", models.DateTimeField())
PK = Placeholder("pk", models.UUIDField())
NUMBERED_EVENT = Also(
    JobEvent, copied={"job_id": "id", "seq": "event_seq"}, given={"type": "event", "data": "data"}
)
CLAIM = Update(lambda: (claimable(NOW).filter(pk=PK), _claimed()), also=NUMBERED_EVENT)
CLAIM_NEXT_CHILD = Update(lambda: (_next_child(), _claimed()), also=NUMBERED_EVENT)


def claim_poll(job_id: UUID, *, worker: str, lease: timedelta) -> Job | None:
    """Take a waiting job to ask its provider: `waiting → running`, attempt + 1. No event: nothing has happened yet."""
    now = timezone.now()
    rows = Job.objects.filter(pk=job_id, status=JobStatus.WAITING, not_before__lte=now).exclude(
        provider_ref=""
    )
    return change_quietly(
        rows, status=JobStatus.RUNNING, attempt=F("attempt") + 1, worker=worker, lease_expires_at=now + lease
    )


# -- leaving `running`: each only for the attempt that runs --------------------------------------------------------


def held(job: Job) -> models.QuerySet[Job]:
    """The row while this attempt still has it."""
    return Job.objects.filter(pk=job.pk, status=JobStatus.RUNNING, attempt=job.attempt)


FREED: dict[str, Any] = {"lease_expires_at": None, "worker": ""}


SUCCEED = Update(
    lambda: (
        Job.objects.filter(
            pk=PK, status=JobStatus.RUNNING, attempt=Placeholder("attempt", models.PositiveIntegerField())
        ),
        {
            "status": JobStatus.SUCCEEDED,
            "output": SavedPlaceholder("output", models.JSONField()),
            "error": None,
            "progress": 100,
            "event_seq": F("event_seq") + 1,
            "finished_at": NOW,
            "updated_at": NOW,
            **FREED,
        },
    ),
    also=NUMBERED_EVENT,
)


def succeed(job: Job, output: Any) -> Job | None:
    """`running → succeeded`, for the attempt that has it (what `held` says)."""
    return _change_by(SUCCEED, "succeeded", pk=job.pk, attempt=job.attempt, output=output, now=timezone.now())


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


def requeue(
    rows: models.QuerySet[Job],
    error: Mapping[str, Any],
    *,
    not_before: datetime,
    to: JobStatus = JobStatus.QUEUED,
) -> Job | None:
    return change(
        rows,
        "retrying",
        {"error": dict(error), "not_before": not_before.isoformat()},
        status=to,
        error=dict(error),
        failures=F("failures") + 1,
        not_before=not_before,
        published_at=None,
        **FREED,
    )


def postpone(job: Job, *, not_before: datetime) -> Job | None:
    """`running → queued` without a failure and without an event: nothing has happened yet."""
    return change_quietly(
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
        "published_at": None,
    }
    if job.provider_ref == provider_ref and job.provider == provider:
        return change_quietly(held(job), **values, **FREED)
    return change(
        held(job), "waiting", {"provider": provider, "provider_ref": provider_ref}, **values, **FREED
    )


def wait_for_children(job: Job) -> Job | None:
    return change(held(job), "waiting", {"for": "children"}, status=JobStatus.WAITING, **FREED)


# -- counting ------------------------------------------------------------------------------------------------------


def child_counts(parent_id: UUID) -> dict[str, int]:
    """How many children are in which state of an item; every state is present."""
    counts = {state.value: 0 for state in ItemState}
    rows = Job.objects.filter(parent_id=parent_id).order_by().values_list("status").annotate(Count("pk"))
    for status, number in rows:
        counts[ITEM_STATE_OF[JobStatus(status)]] += number
    return counts
