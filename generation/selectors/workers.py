"""How the queues are doing, and who works on them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import redis
import structlog
from django.conf import settings
from django.db.models import Count, Min, QuerySet
from django.utils import timezone
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.queues import Queue
from generation.domain.states import ACTIVE, JobStatus
from generation.models import Job, WorkerHeartbeat

WORKERS_SHOWN = 100
BROKER_SECONDS = 2

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class QueueWorkers:
    """The live workers of one queue; `seen_at` is the latest heartbeat, of dead ones too."""

    queue: str
    alive: int
    in_flight: int
    seen_at: datetime | None


def dead_worker_list() -> QuerySet[WorkerHeartbeat]:
    """Workers that fell silent without taking their leave; their rows are kept for a day. Last heard of first."""
    return WorkerHeartbeat.objects.filter(seen_at__lt=timezone.now() - lease()).order_by("-seen_at")


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
    is_attended = all(one.alive for one in queues)
    return {"ok": is_attended, "queues": shown, "private": {"workers": worker_list()}}


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
            return {queue.value: client.llen(f"{settings.REDIS_KEY_PREFIX}{queue.value}") for queue in Queue}
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
