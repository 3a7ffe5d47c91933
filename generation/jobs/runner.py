"""Runs jobs: claim, hand over to the kind's handler, put the output in place, and go on with the next child."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import structlog
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from config.celery import enqueue
from config.db import release_connection
from config.errors import AppError
from generation.domain.states import JobStatus
from generation.errors import JobCancelledError, JobInternalError, JobStoreConflictError
from generation.jobs import ledger, orders, parents, sweeper, transitions
from generation.jobs.attempts import AttemptLostError, WorkerLeavesError
from generation.jobs.failures import settle_failure
from generation.jobs.gateway import TurnMissedError
from generation.jobs.registry import (
    Answer,
    JobKind,
    Later,
    WaitForChildren,
    Waiting,
    get_kind,
    recount,
    to_json,
)
from generation.jobs.run import JobRun
from generation.jobs.turns import others_wait
from generation.jobs.worker import this_worker
from generation.models import Job
from generation.providers.base import ProviderError

log = structlog.get_logger(__name__)

#: A chain of children goes back to the end of the queue after this long, and at once when others wait (`turns`).
CHAIN_SECONDS = 20.0
#: How long an idle thread of `drain` waits before it looks again: at first, and at most.
DRAIN_PAUSE_SECONDS, DRAIN_LONGEST_PAUSE_SECONDS = 0.25, 4.0
#: When a job comes again that missed its turn at a provider, and nobody can say when the next one will be.
TURN_AGAIN_SECONDS = 5.0


def run(job_id: UUID, *, publish: bool = True) -> None:
    """Run the job if it is there to be taken, then further children of its parent for a while.

    A message that comes twice, late, or for a job that somebody else has finds nothing to claim and ends here.
    A worker that was asked to stop passes the message on. `publish=False` runs a parent's own step without publishing
    its children: the caller will run them itself.
    """
    worker = this_worker()
    if worker.is_leaving:
        _knock(job_id)
        return
    job = transitions.claim(job_id, worker=worker.name, lease=worker.lease)
    if job is None:
        return
    run_claimed(job, publish=publish)
    if job.parent_id is not None:
        _go_on(job.parent_id, job.owner_id)


def _knock(job_id: UUID) -> None:
    enqueue("generation.run_job", job_id=str(job_id))


def _go_on(parent_id: UUID, owner_id: UUID) -> None:
    worker = this_worker()
    until = time.monotonic() + CHAIN_SECONDS
    while not worker.is_leaving and time.monotonic() < until and not others_wait(owner_id):
        if not run_next_child(parent_id):
            return
    _hand_over(parent_id)


def _hand_over(parent_id: UUID) -> None:
    """Let others run what is left of the children, or end the parent when nothing is left."""
    parent = Job.objects.filter(pk=parent_id).first()
    if parent is not None and parents.publish_children(parent) == 0:
        parents.settle(parent_id)


def run_next_child(parent_id: UUID) -> bool:
    """Run one more child of this parent. False when none can start now; ends the parent if it was the last."""
    worker = this_worker()
    job = transitions.claim_next_child(parent_id, worker=worker.name, lease=worker.lease)
    if job is None:
        parents.settle(parent_id)
        return False
    run_claimed(job)
    return True


def poll(job_id: UUID) -> None:
    """Go on with a waiting job whose order has an end, or that asks its provider by itself."""
    worker = this_worker()
    if worker.is_leaving:
        return  # beat knocks again
    job = transitions.claim_poll(job_id, worker=worker.name, lease=worker.lease)
    if job is None:
        return
    run_claimed(job, polling=True)
    if job.parent_id is not None:
        _hand_over(job.parent_id)


def run_claimed(job: Job, *, polling: bool = False, publish: bool = True) -> None:
    """One attempt, whatever comes of it. The one wrapper around all work: nothing can leave a job running."""
    worker = this_worker()
    with (
        worker.holding(job) as entry,
        structlog.contextvars.bound_contextvars(job_id=str(job.pk), kind=job.kind, attempt=job.attempt),
    ):
        run_ = JobRun(job=job, input=None, entry=entry)
        try:
            kind = _prepare(run_)
        except (LookupError, msgspec.ValidationError) as exc:
            log.error("job.unrunnable", error=str(exc))
            settle_failure(job, JobInternalError(), max_failures=1)
            return
        try:
            answer = _call(kind, run_, polling=polling)
            _finish(kind, job, answer, publish=publish)
        except AttemptLostError:
            log.info("job.attempt_lost")
            recount(job)  # what this attempt has settled, the job's end didn't know
        except JobCancelledError:
            _cancel(kind, run_)
        except (AppError, ProviderError) as exc:
            log.info("job.attempt_failed", code=exc.code)
            settle_failure(job, exc, max_failures=kind.max_failures)
        except OperationalError:
            # Not a bug: the database was away, too busy, or chose this transaction to break a deadlock.
            log.warning("job.database_failed", exc_info=True)
            if not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()
            settle_failure(job, JobInternalError(), max_failures=kind.max_failures)
        except Exception:  # noqa: BLE001 — whatever a handler does, its job must reach a state
            log.exception("job.broken")
            settle_failure(job, JobInternalError(), max_failures=1)
    if job.parent_id is not None:
        parents.report(job.parent_id)


def _prepare(run_: JobRun) -> JobKind:
    kind = get_kind(run_.job.kind)
    run_.input = kind.parse(run_.job.input)
    return kind


def _call(kind: JobKind, run_: JobRun, *, polling: bool) -> Answer:
    handler: Callable[[JobRun], Answer] = kind.run
    if polling:
        run_.check()
        handler = kind.poll or kind.run
    try:
        return handler(run_)
    except TurnMissedError as missed:
        # Waiting for one's turn isn't failing, so it isn't counted as that.
        log.info("job.turn_missed", provider=missed.provider)
        return Later(missed.retry_after or TURN_AGAIN_SECONDS)
    except WorkerLeavesError:
        log.info("job.handed_over")
        return Later(0.0)


def _finish(kind: JobKind, job: Job, answer: Answer, *, publish: bool) -> None:
    if isinstance(answer, Waiting):
        poll_at = timezone.now() + timedelta(seconds=answer.poll_after)
        _must_hold(
            transitions.wait_for_provider(
                job, provider=answer.provider, provider_ref=answer.provider_ref, poll_at=poll_at
            )
        )
    elif isinstance(answer, WaitForChildren):
        parent = _must_hold(transitions.wait_for_children(job))
        if parent.cancel_requested_at is not None:
            # Asked while this step wrote the children down, perhaps before they were there.
            with transaction.atomic():
                parents.lock(Job.objects.filter(pk=job.pk))
                parents.cancel_children(job.pk)
        if not publish or parents.publish_children(parent) == 0:
            parents.settle(job.pk)
    elif isinstance(answer, Later):
        _must_hold(transitions.postpone(job, not_before=timezone.now() + timedelta(seconds=answer.seconds)))
        if not answer.seconds and job.parent_id is None:
            _knock(job.pk)
    else:
        _store_and_succeed(kind, job, answer)


def _store_and_succeed(kind: JobKind, job: Job, result: Any) -> None:
    """Output and status commit together: neither is ever seen without the other (ADR 0004)."""
    try:
        with transaction.atomic():
            output = kind.store(job, result) if kind.store is not None else result
            _must_hold(transitions.succeed(job, to_json(output)))
    except IntegrityError as exc:
        if not transitions.held(job).exists():
            raise AttemptLostError from None  # another attempt has stored it
        raise JobStoreConflictError from exc


def _must_hold(job: Job | None) -> Job:
    if job is None:
        raise AttemptLostError
    return job


def _stop_orders(run_: JobRun) -> None:
    """What a kind without a `stop` of its own does."""
    orders.cancel(run_.job)


def _cancel(kind: JobKind, run_: JobRun) -> None:
    job = run_.job
    if job.provider_ref:
        try:
            (kind.stop or _stop_orders)(run_)
        except Exception as exc:  # noqa: BLE001 — whatever the provider says, the job ends
            log.warning("job.stop_failed", error=getattr(exc, "code", type(exc).__name__))
    with transaction.atomic():
        if transitions.cancel(transitions.held(job)) is not None:
            ledger.give_up_attempt(job, for_good=True)


def drain(parent_id: UUID, *, threads: int, watch: Callable[[], None], pause_seconds: float = 0.2) -> None:
    """Run a parent and its children in this process, with `threads` at once, until the parent is over or paused.

    `watch` is called in the calling thread about every `pause_seconds`, to show progress. Other workers may take
    children of the same parent at the same time. On an interrupt the threads finish what they run.
    """
    worker = this_worker()
    worker.start("in-process")
    stop = threading.Event()
    try:
        run(parent_id, publish=False)
        with ThreadPoolExecutor(max_workers=threads, thread_name_prefix="drain") as crew:
            work = [crew.submit(_drain_children, parent_id, stop) for _ in range(threads)]
            try:
                look_at = 0.0
                while wait(work, timeout=pause_seconds).not_done:
                    watch()
                    if time.monotonic() >= look_at:
                        # There may be no worker besides us, and so no sweeper.
                        look_at = time.monotonic() + worker.limits.heartbeat_seconds
                        sweeper.recover_lost(timezone.now())
            finally:
                stop.set()
        for done in work:
            done.result()
        watch()
    finally:
        worker.stop()


def _drain_children(parent_id: UUID, stop: threading.Event) -> None:
    """One thread of `drain`: the next child, and when none can start now, wait for retries that become due.

    Idle threads look less and less often; the first that sees the parent over wakes the others.
    """
    pause = DRAIN_PAUSE_SECONDS
    try:
        while not stop.is_set():
            if run_next_child(parent_id):
                pause = DRAIN_PAUSE_SECONDS
                continue
            parent = Job.objects.filter(pk=parent_id).values_list("status", "paused_at").first()
            if parent is None or parent[0] != JobStatus.WAITING or parent[1] is not None:
                stop.set()
                return
            release_connection()
            stop.wait(pause)
            pause = min(2 * pause, DRAIN_LONGEST_PAUSE_SECONDS)
    finally:
        connection.close()
