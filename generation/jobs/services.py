"""What products and people do with jobs: submit, cancel, retry, pause, resume."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from config.celery import enqueue
from config.sql.writes import insert_all
from generation.domain.states import ACTIVE, JobStatus
from generation.errors import JobLiveError, JobNotReplayedError, JobStateError
from generation.jobs import ledger, parents, transitions
from generation.jobs.registry import get_kind, is_replayed, recount, to_json
from generation.models import Job, JobEvent


def job_submit(
    *,
    kind: str,
    input: Any,
    owner_id: UUID,
    idempotency_key: str | None = None,
    is_test: bool = False,
    max_parallel: int = 0,
    publish: bool = True,
) -> Job:
    """Write a job down; a worker hears of it when the transaction commits.

    The same `idempotency_key` of the same owner and kind returns the job that it made the first time. With
    `publish=False` nobody is told: the caller runs it in its own process.
    """
    get_kind(kind)
    if idempotency_key is not None:
        known = Job.objects.filter(owner_id=owner_id, kind=kind, idempotency_key=idempotency_key).first()
        if known is not None:
            return known
    now = timezone.now()
    job = Job(
        owner_id=owner_id,
        kind=kind,
        input=to_json(input),
        is_test=is_test,
        idempotency_key=idempotency_key,
        max_failures=get_kind(kind).max_failures,
        max_parallel=max_parallel,
        not_before=now,
        published_at=now,
        event_seq=1,
    )
    try:
        with transaction.atomic():
            job.save(force_insert=True)
            JobEvent.objects.create(job=job, seq=1, type="queued", data={})
    except IntegrityError:
        if idempotency_key is None:
            raise
        return Job.objects.get(owner_id=owner_id, kind=kind, idempotency_key=idempotency_key)
    if publish:
        enqueue("generation.run_job", job_id=str(job.pk))
    return job


@transaction.atomic
def children_submit(*, parent: Job, kind: str, inputs: Iterable[Any]) -> list[Job]:
    """Write the children of a parent down, in order. They start when the parent's own step has run."""
    now = timezone.now()
    max_failures = get_kind(kind).max_failures
    children = [
        Job(
            owner_id=parent.owner_id,
            kind=kind,
            parent_id=parent.pk,
            position=position,
            input=to_json(value),
            is_test=parent.is_test,
            max_failures=max_failures,
            not_before=now,
            event_seq=1,
        )
        for position, value in enumerate(inputs, start=1)
    ]
    insert_all(children)
    nothing: dict[str, Any] = {}
    insert_all([JobEvent(job_id=child.pk, seq=1, type="queued", data=nothing) for child in children])
    return children


def job_cancel(*, job: Job) -> Job:
    """Ask a job to stop, its children too. What nobody runs is cancelled at once; what runs stops between two steps.

    Asking twice changes nothing. Raises `JobStateError` when the job is over already (and not cancelled).
    """
    now = timezone.now()
    rows = Job.objects.filter(pk=job.pk, status__in=ACTIVE, cancel_requested_at=None)
    with transaction.atomic():
        asked = transitions.change(rows, "cancel_requested", {}, cancel_requested_at=now)
        if asked is None:
            job.refresh_from_db()
            if (
                job.status == JobStatus.CANCELLED
                or job.cancel_requested_at is not None
                and not job.is_terminal
            ):
                return job
            raise JobStateError(status=job.status, wanted="queued, running or waiting")
        parents.cancel_children(job.pk)
        transitions.cancel(Job.objects.filter(pk=job.pk, status=JobStatus.QUEUED))
    parents.settle(job.pk)
    if asked.parent_id is not None:
        parents.settle(asked.parent_id)
    # A job that waits for its provider is stopped by the next poll, which tells the provider.
    Job.objects.filter(pk=job.pk, status=JobStatus.WAITING).exclude(provider_ref="").update(not_before=now)
    job.refresh_from_db()
    return job


def job_retry(*, job: Job, resolution: str = "the owner asked for a retry") -> Job:
    """Run a failed job again, or the failed children of a parent. What was bought before is not bought again.

    Calls of it with an unknown outcome no longer block their steps: asking for a retry is the person's word that the
    ledger waits for. Raises `JobStateError` unless the job has failed, and for a child whose parent was cancelled;
    `JobNotReplayedError` for kinds whose product can't be made again in its place.
    """
    if not is_replayed(job.kind):
        raise JobNotReplayedError
    with transaction.atomic():
        if job.parent_id is not None:
            _reopen_parent(job.parent_id)
        is_parent = Job.objects.filter(parent_id=job.pk).exists()
        values = {**REVIVED, "status": JobStatus.WAITING if is_parent else JobStatus.QUEUED}
        failed = Job.objects.filter(pk=job.pk, status=JobStatus.FAILED)
        revived = transitions.change(failed, "replayed", {}, **values, not_before=timezone.now())
        if revived is None:
            job.refresh_from_db()
            raise JobStateError(status=job.status, wanted="failed")
        if is_parent:
            _revive_children(revived, resolution)
        else:
            ledger.accept_loss(Job.objects.filter(pk=revived.pk), resolution=resolution)
    if is_parent and parents.publish_children(revived) == 0:
        parents.settle(revived.pk)
    elif not is_parent:
        enqueue("generation.run_job", job_id=str(revived.pk))
    return revived


REVIVED: dict[str, Any] = {
    "failures": 0,
    "error": None,
    "error_code": "",
    "finished_at": None,
    "output": None,
    "published_at": None,
    "paused_at": None,
    "cancel_requested_at": None,
}


def _revive_children(parent: Job, resolution: str) -> None:
    failed = Job.objects.filter(parent_id=parent.pk, status=JobStatus.FAILED)
    ledger.accept_loss(failed, resolution=resolution)
    parents.move_children(
        parent.pk, JobStatus.FAILED, "replayed", status=JobStatus.QUEUED, not_before=timezone.now(), **REVIVED
    )


def _reopen_parent(parent_id: UUID) -> None:
    """Let a parent wait for a child that comes back. Keeps the parent locked, so that it can't end meanwhile."""
    parent = parents.lock(Job.objects.filter(pk=parent_id))
    if parent is None or parent.cancel_requested_at is not None:
        raise JobStateError(status="cancelled", wanted="failed")
    if parent.status == JobStatus.FAILED:
        rows = Job.objects.filter(pk=parent_id, status=JobStatus.FAILED)
        transitions.change(rows, "replayed", {}, **{**REVIVED, "status": JobStatus.WAITING})


def job_pause(*, job: Job) -> Job:
    """Start no further children; those that run go on to their end. Raises `JobStateError`."""
    rows = Job.objects.filter(
        pk=job.pk, status__in=ACTIVE, paused_at=None, cancel_requested_at=None, parent=None
    )
    return _must_change(
        job, transitions.change(rows, "paused", {}, paused_at=timezone.now()), wanted="running"
    )


def job_resume(*, job: Job, publish: bool = True) -> Job:
    """Go on where `job_pause` stopped. Raises `JobStateError` when it isn't paused.

    With `publish=False` nobody is told: the caller runs it in its own process.
    """
    rows = Job.objects.filter(pk=job.pk, status__in=ACTIVE, paused_at__isnull=False)
    with transaction.atomic():
        resumed = _must_change(job, transitions.change(rows, "resumed", {}, paused_at=None), wanted="paused")
        Job.objects.filter(parent_id=job.pk, status=JobStatus.QUEUED).update(published_at=None)
    if publish:
        parents.publish_children(resumed)
    return resumed


def _must_change(job: Job, changed: Job | None, *, wanted: str) -> Job:
    if changed is None:
        job.refresh_from_db()
        raise JobStateError(status=state_of(job), wanted=wanted)
    return changed


def state_of(job: Job) -> str:
    """The status as a person says it: a paused job is `paused`, one that was asked to stop `cancelling`."""
    if job.is_terminal:
        return str(job.status)
    if job.cancel_requested_at is not None:
        return "cancelling"
    return "paused" if job.paused_at is not None else str(job.status)


def call_resolve(
    *, call_id: UUID, outcome: ledger.Resolution, resolution: str, micros: int | None = None
) -> bool:
    """A person's word on an uncertain call (`ledger.resolve`)."""
    with transaction.atomic():
        if not ledger.resolve(call_id, outcome=outcome, resolution=resolution, micros=micros):
            return False
        for job in Job.objects.filter(calls=call_id):
            recount(job)
    return True


def jobs_stop(owner_id: UUID) -> None:
    """Take an account's unfinished jobs away from whoever works on them. Call it in the transaction that deletes them.

    A worker that is writing to one of them ends first; one that comes later waits for that transaction, finds no job
    any more, and drops what it has.
    """
    Job.objects.owned_by(owner_id).active().update(cancel_requested_at=timezone.now())


def check_mode(job: Job, *, is_test: bool) -> None:
    """Call it before somebody has a job go on that may buy something; `is_test`: they hold a test token.

    A job keeps the mode that it was made in: begun by a test token it asks the sandbox, whoever goes on with it; begun
    otherwise it asks real providers, so no test token goes on with it. Raises JobLiveError.
    """
    if is_test and not job.is_test:
        raise JobLiveError
