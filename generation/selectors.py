"""Reads about jobs: who may see what, what is new behind a cursor, how the queues are doing."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import redis
import structlog
from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.api.renderers import to_json
from config.db import release_connection
from config.queues import Queue
from generation.domain import sse
from generation.domain.states import ACTIVE, TERMINAL, JobStatus
from generation.errors import JobNotFoundError
from generation.jobs.hub import JobNews, StreamEvent
from generation.models import Job, JobEvent, WorkerHeartbeat

#: Events that one round of a stream takes from a job; what is left comes in the next one at once.
EVENTS_AT_ONCE = 200
#: Conditions that one statement carries (SQLite's expressions are at most a thousand deep).
CHUNK = 100
#: How often a waiting request looks at its job: quickly at first, then less and less often.
SHORTEST_LOOK, LONGEST_LOOK, LOOK_GROWTH = 0.02, 0.25, 1.5

WORKERS_SHOWN = 100
BROKER_SECONDS = 2

log = structlog.get_logger(__name__)


# -- jobs ----------------------------------------------------------------------------------------------------------


def job_list_for(owner_id: UUID) -> QuerySet[Job]:
    return Job.objects.owned_by(owner_id)


def job_top_level_for(owner_id: UUID) -> QuerySet[Job]:
    """Without the items of batches."""
    return Job.objects.owned_by(owner_id).top_level()


def job_row_for(owner_id: UUID, job_id: UUID) -> QuerySet[Job]:
    return Job.objects.owned_by(owner_id).filter(pk=job_id)


def job_row(job_id: UUID) -> QuerySet[Job]:
    """Whoever owns it: for callers that know that they may see it."""
    return Job.objects.filter(pk=job_id)


def job_get_for(owner_id: UUID, job_id: UUID) -> Job:
    """Raises `JobNotFoundError`, also for somebody else's job."""
    job = job_row_for(owner_id, job_id).first()
    if job is None:
        raise JobNotFoundError
    return job


def job_event_list_for(owner_id: UUID, job_id: UUID) -> QuerySet[JobEvent]:
    return JobEvent.objects.filter(job_id=job_id, job__owner_id=owner_id)


def job_is_over(job_id: UUID, *, within: float) -> bool:
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


# -- events --------------------------------------------------------------------------------------------------------


def event_news(cursors: Mapping[UUID, int]) -> dict[UUID, JobNews]:
    """What lies behind each job's cursor. A job that doesn't exist is left out."""
    # First how far the jobs are, then the events up to there: each number has its row by then, as both commit together.
    heads: dict[UUID, tuple[int, str]] = {}
    for ids in _chunks(list(cursors)):
        rows = Job.objects.filter(pk__in=ids).values_list("pk", "event_seq", "status")
        heads |= {pk: (last_seq, status) for pk, last_seq, status in rows}
    spans = {
        pk: (cursors[pk], min(last_seq, cursors[pk] + EVENTS_AT_ONCE))
        for pk, (last_seq, _) in heads.items()
        if last_seq > cursors[pk]
    }
    events = _events_between(spans)
    return {
        pk: JobNews(tuple(events.get(pk, ())), spans[pk][1] if pk in spans else cursors[pk], last_seq, status)
        for pk, (last_seq, status) in heads.items()
    }


def _events_between(spans: Mapping[UUID, tuple[int, int]]) -> dict[UUID, list[StreamEvent]]:
    events: dict[UUID, list[StreamEvent]] = {}
    for ids in _chunks(list(spans)):
        wanted = Q()
        for pk in ids:
            wanted |= Q(job_id=pk, seq__gt=spans[pk][0], seq__lte=spans[pk][1])
        rows = JobEvent.objects.filter(wanted).order_by("job_id", "seq")
        for pk, seq, kind, data, created_at in rows.values_list(
            "job_id", "seq", "type", "data", "created_at"
        ):
            events.setdefault(pk, []).append(StreamEvent(seq, _event_chunk(seq, kind, data, created_at)))
    return events


def _event_chunk(seq: int, kind: str, data: Any, created_at: datetime) -> bytes:
    """The same object that polling shows."""
    shown = {"seq": seq, "type": kind, "data": data, "created_at": created_at}
    return sse.event(kind, to_json(shown), number=seq)


def _chunks(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


# -- queues and workers --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QueueWorkers:
    """The live workers of one queue; `seen_at` is the latest heartbeat, of dead ones too."""

    queue: str
    alive: int
    in_flight: int
    seen_at: datetime | None


def workers_alive() -> QuerySet[WorkerHeartbeat]:
    """Workers that were heard of within a lease: one that is silent for longer loses its jobs."""
    return WorkerHeartbeat.objects.filter(seen_at__gte=timezone.now() - lease())


def lease() -> timedelta:
    return timedelta(seconds=settings.QUEUE_LIMITS[Queue.AGENT_BUILDS].lease_seconds)


def queue_workers() -> list[QueueWorkers]:
    """Per queue: who works on it. Reads the heartbeats once."""
    rows = list(WorkerHeartbeat.objects.values_list("queues", "in_flight", "seen_at"))
    oldest = timezone.now() - lease()
    return [_workers_of(queue.value, rows, oldest) for queue in Queue]


def _workers_of(queue: str, rows: Iterable[tuple[str, int, datetime]], oldest: datetime) -> QueueWorkers:
    mine = [(in_flight, seen_at) for queues, in_flight, seen_at in rows if queue in queues.split(",")]
    alive = [in_flight for in_flight, seen_at in mine if seen_at >= oldest]
    return QueueWorkers(queue, len(alive), sum(alive), max((seen_at for _, seen_at in mine), default=None))


def workers_check() -> dict[str, Any]:
    """Facts for the health endpoints. Without a worker a process still answers requests, so it stays in service."""
    queues = queue_workers()
    shown = {
        one.queue: {"alive": one.alive, "in_flight": one.in_flight, "seen_at": one.seen_at} for one in queues
    }
    return {"queues": shown, "private": {"workers": worker_list()}}


def worker_list() -> list[dict[str, Any]]:
    """The latest heartbeats, newest first, with `is_alive`."""
    oldest = timezone.now() - lease()
    columns = ("id", "queues", "host", "pid", "in_flight", "started_at", "seen_at")
    rows = WorkerHeartbeat.objects.order_by("-seen_at").values(*columns)[:WORKERS_SHOWN]
    return [{**row, "is_alive": row["seen_at"] >= oldest} for row in rows]


def queue_messages() -> dict[str, int]:
    """How many messages wait at the broker, by queue; empty when it can't be reached.

    Rows are the truth about work. A heap of messages without as many queued rows means doubled knocks, queued rows
    without messages are knocked for again by the sweeper.
    """
    limits = {"socket_connect_timeout": BROKER_SECONDS, "socket_timeout": BROKER_SECONDS}
    try:
        with redis.Redis.from_url(
            settings.CELERY_BROKER_URL, retry=Retry(NoBackoff(), 0), **limits
        ) as client:
            return {queue.value: client.llen(queue.value) for queue in Queue}
    except redis.RedisError as exc:
        log.warning("broker.unreachable", operation="llen", error=type(exc).__name__)
        return {}


def active_counts(jobs: QuerySet[Job]) -> dict[str, int]:
    """How many are queued, running and waiting."""
    counts = {status.value: 0 for status in ACTIVE}
    rows = jobs.filter(status__in=ACTIVE).order_by().values_list("status").annotate(Count("pk"))
    counts.update(dict(rows))
    return counts


def oldest_queued_at() -> datetime | None:
    """Since when the oldest job that could start now has been waiting for a worker."""
    due = Job.objects.filter(status=JobStatus.QUEUED, not_before__lte=timezone.now())
    oldest: datetime | None = due.aggregate(oldest=Min("not_before"))["oldest"]
    return oldest
