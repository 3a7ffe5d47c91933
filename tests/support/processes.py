"""A house of real processes: workers, a broker and a database, with the vendors' servers beside them.

    with house(tmp_path) as home:
        with home.worker() as worker: ...

The test itself is one of the house's processes: its services write into the same database and publish to the same
broker, and it is the house's sweeper.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import kombu.pools
import pytest
from celery import Celery
from django.test import override_settings
from django.utils import timezone

from accounts.models import User
from config.celery import app, publishers
from config.queues import Queue
from generation.domain.states import JobStatus
from generation.jobs import services, sweeper
from generation.jobs.registry import NoInput
from generation.models import Job, WorkerHeartbeat
from launcher.supervisor.broker import Broker
from launcher.supervisor.ports import LOOPBACK, answers, free_port
from launcher.supervisor.processes import Child, ProcessSpec
from tests.conftest import make_user
from tests.support.catalogue import catalogue_make
from tests.support.databases import Database, fresh_database, in_use
from tests.support.kinds import barriers
from tests.support.kinds.handlers import TextInput
from tests.support.llm_server import LLMServer
from tests.support.orders import OrderServer
from tests.support.patience import PATIENCE

POLL_SECONDS = 0.05

Found = TypeVar("Found")


class Worker:
    """A worker process of both queues."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.name = ""

    def kill(self) -> None:
        """As kill -9 does."""
        self.child.kill()

    def terminate(self) -> None:
        self.child.terminate()

    @property
    def output(self) -> str:
        assert self.child.log is not None
        return self.child.log.read_text(encoding="utf-8", errors="replace")


@dataclass(frozen=True)
class StreamProcess:
    """A server of event streams."""

    child: Child
    port: int

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def is_ready(self) -> bool:
        return answers(self.port, "/health/live")

    def kill(self) -> None:
        self.child.kill()

    def restart(self) -> None:
        self.child.start()


@dataclass
class House:
    folder: Path
    database: Database
    broker: Broker
    llm: LLMServer
    orders: OrderServer
    owner: User
    workers: list[Worker] = field(default_factory=list)

    # -- workers -----------------------------------------------------------------------------------------------------

    @contextmanager
    def worker(
        self, *, concurrency: int = 8, limit_seconds: int = 300, queues: Iterable[Queue] = tuple(Queue)
    ) -> Iterator[Worker]:
        """One worker, ready to take jobs."""
        with self.two_workers(1, concurrency=concurrency, limit_seconds=limit_seconds, queues=queues) as (
            worker,
        ):
            yield worker

    @contextmanager
    def two_workers(
        self,
        count: int = 2,
        *,
        concurrency: int = 8,
        limit_seconds: int = 300,
        queues: Iterable[Queue] = tuple(Queue),
    ) -> Iterator[list[Worker]]:
        """Several workers, started at the same time."""
        known = set(WorkerHeartbeat.objects.values_list("pk", flat=True))
        with ExitStack() as stack:
            started = [self._start(stack, concurrency, limit_seconds, queues) for _ in range(count)]
            for worker in started:
                self._await_heartbeat(worker, known)
            yield started

    @contextmanager
    def stream(self) -> Iterator[StreamProcess]:
        """The process that serves event streams; it keeps its port over a kill."""
        port = free_port()
        command = (
            *(sys.executable, "-m", "uvicorn", "config.asgi:application", "--host", LOOPBACK),
            *("--port", str(port), "--lifespan", "off", "--log-level", "warning", "--no-access-log"),
        )
        spec = ProcessSpec("stream", command, self._environ(8, 300))
        with Child(spec, log=self.folder / "stream.log") as child:
            served = StreamProcess(child, port)
            self.until(served.is_ready, "the stream process")
            yield served

    @contextmanager
    def beat(self) -> Iterator[Child]:
        """The clock."""
        command = (sys.executable, "-m", "celery", "--quiet", "-A", "config.celery", "beat", "--pidfile", "")
        spec = ProcessSpec("beat", command, self._environ(1, 300))
        with Child(spec, log=self.folder / "beat.log") as clock:
            yield clock

    def _start(
        self, stack: ExitStack, concurrency: int, limit_seconds: int, queues: Iterable[Queue]
    ) -> Worker:
        name = f"worker-{len(self.workers) + 1}"
        command = (
            *(sys.executable, "-m", "celery", "--quiet", "-A", "config.celery", "worker"),
            *("-P", "threads", "-c", str(concurrency), "-Q", ",".join(queue.value for queue in queues)),
            *("-n", f"{name}@%h", "--without-gossip", "--without-mingle", "--loglevel", "INFO"),
        )
        spec = ProcessSpec(name, command, self._environ(concurrency, limit_seconds))
        worker = Worker(stack.enter_context(Child(spec, log=self.folder / f"{name}.log")))
        stack.callback(worker.kill)  # a warm shutdown is only waited for by the test that is about it
        self.workers.append(worker)
        return worker

    def _environ(self, concurrency: int, limit_seconds: int) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "ATELIER_SYSTEM_TEST": "1",
            "PYTHONWARNINGS": "default",
            "VAR_DIR": str(self.folder),
            "REDIS_URL": self.broker.url,
            "AGENT_BUILDS_LIMIT_SECONDS": str(limit_seconds),
            "REPUBLISH_AFTER_SECONDS": "2",
            # A job that stands still between two of its steps keeps its connection.
            "DATABASE_POOL_SIZE": str(max(10, concurrency + 4)),
            "LLM_PROVIDERS": "deepseek",
            "DEEPSEEK_API_KEY": "sk-not-a-real-key",
            "DEEPSEEK_BASE_URL": self.llm.url,
            barriers.FOLDER: str(self.folder),
            **self.database.environ,
        }

    def _await_heartbeat(self, worker: Worker, known: set[str]) -> None:
        """Workers tell the process id under its bond's group; which row is whose is found by exclusion."""

        def row() -> WorkerHeartbeat | None:
            if not worker.child.is_alive():
                pytest.fail(f"The worker ended:\n{worker.output}")
            for found in WorkerHeartbeat.objects.exclude(pk__in=known):
                if os.getpgid(found.pid) == worker.child.pid:
                    return found
            return None

        worker.name = self.until(row, "a worker's heartbeat").pk

    # -- jobs --------------------------------------------------------------------------------------------------------

    def text_batch(self, size: int, *, max_parallel: int, prompt: str) -> Job:
        """A parent with texts for children, published once they are all there."""
        parent = services.job_submit(
            kind="test.parent",
            input=NoInput(),
            owner_id=self.owner.pk,
            max_parallel=max_parallel,
            publish=False,
        )
        services.children_submit(
            parent=parent, kind="test.text", inputs=[TextInput(f"第{n}项 {prompt}") for n in range(size)]
        )
        self.publish(parent)
        return parent

    def armed_job(self, kind: str, input: Any, point: str) -> Job:
        """A job that will stop at this point; nobody has heard of it yet."""
        job = services.job_submit(kind=kind, input=input, owner_id=self.owner.pk, publish=False)
        self.arm(job, point)
        return job

    def publish(self, job: Job) -> None:
        """One more message for the job, whatever the engine has published."""
        app.send_task("generation.run_job", kwargs={"job_id": str(job.pk)}, ignore_result=True)

    def arm(self, job: Job, point: str) -> None:
        """Stop the job at this point, in whichever worker."""
        barriers.file_of(self.folder, point, job.pk, "armed").touch()

    def has_reached(self, job: Job, point: str) -> bool:
        return barriers.file_of(self.folder, point, job.pk, "reached").exists()

    def let_go(self, job: Job, point: str) -> None:
        barriers.file_of(self.folder, point, job.pk, "reached").unlink()

    def lapse(self, *workers: Worker) -> None:
        """The leases of dead workers, or of all, run out, so that the test needn't wait for them."""
        past = timezone.now() - timedelta(seconds=1)
        held = Job.objects.filter(status=JobStatus.RUNNING)
        if workers:
            held = held.filter(worker__in=[worker.name for worker in workers])
        held.update(lease_expires_at=past)

    def sweep(self) -> None:
        """What beat asks for."""
        sweeper.sweep()
        self.poll_providers()

    def poll_providers(self) -> None:
        app.send_task("generation.poll_jobs", ignore_result=True)

    def until_over(self, *jobs: Job) -> None:
        """Sweep until all of them have ended."""
        ids = [job.pk for job in jobs]

        def over() -> bool:
            self.sweep()
            # The pauses between attempts are the backoff's test, not ours.
            Job.objects.filter(status=JobStatus.QUEUED).update(not_before=timezone.now())
            return not Job.objects.active().filter(pk__in=ids).exists()

        self.until(over, "the end of all jobs")

    def until(self, look: Callable[[], Found], what: str, seconds: float = PATIENCE) -> Found:
        """What `look` returns, as soon as it is true."""
        deadline = time.monotonic() + seconds
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() > deadline:
                pytest.fail(f"Waited {seconds:.0f} s for {what}.\n{self._report()}")
            time.sleep(POLL_SECONDS)

    def _report(self) -> str:
        rows = Job.objects.order_by("pk").values_list(
            "pk", "kind", "status", "attempt", "error_code", "worker"
        )
        jobs = "\n".join(str(row) for row in rows[:60])
        return f"{jobs}\n" + "\n".join(worker.output[-3000:] for worker in self.workers)


@contextmanager
def house(folder: Path) -> Iterator[House]:
    """Broker, database and vendors; no worker yet. The caller has unblocked the database."""
    with ExitStack() as stack:
        broker = stack.enter_context(Broker(folder / "broker"))
        database = stack.enter_context(fresh_database())
        stack.enter_context(in_use(database))
        stack.enter_context(_publishing_to(broker))
        stack.enter_context(override_settings(REPUBLISH_AFTER_SECONDS=1))
        llm = stack.enter_context(LLMServer())
        orders = stack.enter_context(OrderServer())
        catalogue_make()
        yield House(folder, database, broker, llm, orders, make_user("alice"))


@contextmanager
def _publishing_to(broker: Broker) -> Iterator[None]:
    """This process's `enqueue` reaches the house's broker."""
    with mock.patch.dict(os.environ, {"CELERY_BROKER_URL": broker.url}):
        _forget_connections(app)
        try:
            yield
        finally:
            _forget_connections(app)


def _forget_connections(celery: Celery) -> None:
    """Celery reads the broker's address when it opens its pools."""
    kombu.pools.reset()
    publishers.cache_clear()
    celery._pool = None
    celery.amqp._producer_pool = None
