"""This process as a worker: its name, its jobs in flight, and the thread that keeps their leases alive."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from config.db import uuid7
from config.queues import Queue, QueueLimits
from generation.domain.states import JobStatus
from generation.jobs import transitions
from generation.models import Job, WorkerHeartbeat

log = structlog.get_logger(__name__)

#: How often jobs whose stop shouldn't wait for the heartbeat are looked at, all of a process together.
LOOK_SECONDS = 0.25


@dataclass(slots=True)
class InFlight:
    """A job that a thread of this process runs. The heartbeat sets the two flags; the thread looks at them."""

    job_id: str
    attempt: int
    limit_seconds: float
    began: float = field(default_factory=time.monotonic)
    is_lost: bool = False
    is_cancelled: bool = False

    @property
    def remaining_seconds(self) -> float:
        return self.limit_seconds - (time.monotonic() - self.began)


class Worker:
    """One per process, made on first use. `name` stands in every job that this process claims."""

    def __init__(self) -> None:
        self.host = socket.gethostname()[:60]
        self.name = f"{self.host[:40]}:{os.getpid()}:{uuid7().hex[-8:]}"
        self.started_at = timezone.now()
        self._in_flight: dict[str, InFlight] = {}
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._look_due = 0.0
        self._leaving = threading.Event()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._queues = ""

    @property
    def limits(self) -> QueueLimits:
        limits: QueueLimits = settings.QUEUE_LIMITS[Queue.AGENT_BUILDS]
        return limits

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.limits.lease_seconds)

    @contextmanager
    def holding(self, job: Job) -> Iterator[InFlight]:
        """Keep the job's lease alive while the block runs."""
        entry = InFlight(str(job.pk), job.attempt, self.limits.limit_seconds)
        with self._lock:
            self._in_flight[entry.job_id] = entry
        try:
            yield entry
        finally:
            with self._lock:
                if self._in_flight.get(entry.job_id) is entry:
                    del self._in_flight[entry.job_id]

    def start(self, queues: str) -> None:
        """Begin to beat. Called once, when a worker process is ready."""
        if self._thread is not None:
            return
        self._queues = queues[:120]
        self._leaving.clear()
        self._over.clear()
        self._thread = threading.Thread(target=self._beat_until_over, name="heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the heartbeat and take this worker off the list. Nothing runs here any more."""
        if self._thread is None:
            return
        self._over.set()
        self._thread.join(timeout=5)
        self._thread = None
        WorkerHeartbeat.objects.filter(pk=self.name).delete()

    @property
    def is_leaving(self) -> bool:
        """Whether the process was asked to stop: it claims nothing and buys nothing any more, and hands over what a
        call in flight leaves to be done."""
        return self._leaving.is_set()

    def leave(self) -> None:
        """The process was asked to stop. The heartbeat goes on until nothing runs here: what does keeps its lease."""
        self._leaving.set()

    def look(self) -> None:
        """Notice now and then, whichever thread asks, which of the jobs here were cancelled or taken away.

        Oftener than the heartbeat does, as a person who stops something doesn't want to wait for that.
        """
        if time.monotonic() < self._look_due or not self._looking.acquire(blocking=False):
            return
        try:
            self._look_due = time.monotonic() + LOOK_SECONDS
            self._notice([entry for entry in self._entries() if entry.remaining_seconds > 0])
        except DatabaseError as exc:
            log.warning("worker.look_failed", worker=self.name, error=type(exc).__name__)
        finally:
            self._looking.release()

    def _entries(self) -> list[InFlight]:
        with self._lock:
            return list(self._in_flight.values())

    def _mine(self, entries: list[InFlight]) -> QuerySet[Job]:
        ids = [entry.job_id for entry in entries]
        return Job.objects.filter(pk__in=ids, worker=self.name, status=JobStatus.RUNNING)

    def _notice(self, entries: list[InFlight]) -> None:
        rows = {
            str(pk): (attempt, cancel)
            for pk, attempt, cancel in self._mine(entries).values_list("pk", "attempt", "cancel_requested_at")
        }
        for entry in entries:
            attempt, cancel_requested_at = rows.get(entry.job_id, (None, None))
            entry.is_lost = attempt != entry.attempt
            entry.is_cancelled = cancel_requested_at is not None

    def _beat_until_over(self) -> None:
        while True:
            try:
                self.beat()
            except Exception as exc:  # noqa: BLE001 — without this thread all jobs here would lose their leases
                log.warning("worker.heartbeat_failed", worker=self.name, error=type(exc).__name__)
            finally:
                connection.close()
            if self._over.wait(self.limits.heartbeat_seconds):
                return

    def beat(self) -> None:
        """Extend the leases of what runs here, and tell the threads what became of their jobs.

        A job past its time limit is not extended: its lease runs out and the sweeper takes it up, while the fencing
        token keeps the late thread from writing.
        """
        now = timezone.now()
        entries = self._entries()
        alive = [entry for entry in entries if entry.remaining_seconds > 0]
        if alive:
            with transaction.atomic():
                ours = transitions.unlocked(self._mine(alive)).values("pk")
                Job.objects.filter(pk__in=ours).update(lease_expires_at=now + self.lease)
            self._notice(alive)
        WorkerHeartbeat.objects.update_or_create(
            pk=self.name,
            defaults={
                "queues": self._queues,
                "host": self.host,
                "pid": os.getpid(),
                "in_flight": len(entries),
                "started_at": self.started_at,
                "seen_at": now,
            },
        )


_worker: Worker | None = None
_worker_lock = threading.Lock()


def this_worker() -> Worker:
    """The worker of this process (a forked child gets its own)."""
    global _worker
    with _worker_lock:
        if _worker is None or f":{os.getpid()}:" not in _worker.name:
            _worker = Worker()
        return _worker
