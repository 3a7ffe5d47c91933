"""How close a real worker comes to the ideal: 500 documents, a server that answers after 2 s, 100 in flight.

    python -m benchmarks.batch [--items 500] [--delay 2] [--concurrency 100] [--sqlite]

Starts everything itself (PostgreSQL, Valkey, the server, a Celery worker), runs one batch through the worker and
prints a table and a JSON line. The ideal is rounds × delay. CPU and memory are the worker process's own.

Machines differ and get slower under a neighbour's load, so the same number of calls is made right before by a plain
Celery task that only calls the SDK and updates its row twice (`benchmarks/plain/tasks.py`): that costs 5.5 ms of CPU a
call on a quiet machine. `cpu_ms_per_item` is also given as a ratio to it and, by it, as on that machine.
"""

import argparse
import json
import math
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
READY_SECONDS = 40.0
WORKER = "benchmark-worker"
#: Run first and not counted: importing the SDK costs a second, once per process.
WARM_UP_ITEMS = 20
PROMPT = "项目名称：基准项目\n\nA project that measures the document factory. " * 20
#: What `benchmarks.plain.tasks` was measured to cost on a quiet machine, CPU milliseconds a call.
PLAIN_CPU_MS = 5.5
ENGINE, PLAIN = "config.celery", "benchmarks.plain.tasks"
GOALS = {"wall_ratio": 1.1, "cpu_ms_per_item_quiet": 8.0, "connections": 10}


def main() -> None:
    options = read_options()
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="atelier-bench-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        database = f"sqlite:///{folder / 'bench.sqlite3'}" if options.sqlite else start_postgres(stack)
        server = stack.enter_context(llm_server(options.delay))
        environ = environment(folder, database, start_broker(stack, folder), server, options)
        os.environ.update(environ)
        prepare_django()
        few, batch = (
            create_batch("warm-up", WARM_UP_ITEMS, options),
            create_batch("bench", options.items, options),
        )
        with celery_worker(environ, folder, options.concurrency, PLAIN) as worker:
            measure_plain(few, worker)
            plain = measure_plain(batch, worker)
        with celery_worker(environ, folder, options.concurrency, ENGINE) as worker:
            measure(few, worker, options)
            figures = measure(batch, worker, options)
    report({**figures, **compared(figures, plain)})


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=500, help="documents (default 500)")
    parser.add_argument(
        "--delay", type=float, default=2.0, help="seconds until the server answers (default 2)"
    )
    parser.add_argument("--concurrency", type=int, default=100, help="calls in flight (default 100)")
    parser.add_argument("--sqlite", action="store_true", help="SQLite instead of PostgreSQL")
    return parser.parse_args()


# -- the parts -----------------------------------------------------------------------------------------------------


def start_postgres(stack: ExitStack) -> str:
    from tests.support.postgres import postgres

    return stack.enter_context(postgres())


def start_broker(stack: ExitStack, folder: Path) -> str:
    from launcher.supervisor.broker import Broker

    return stack.enter_context(Broker(folder / "valkey")).url


@contextmanager
def llm_server(delay: float) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.support.llm_server", "--port", "0", "--delay", str(delay)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


def environment(
    folder: Path, database: str, broker: str, server: str, options: argparse.Namespace
) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings.prod",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ENCRYPTION_KEYS": "YmVuY2htYXJrLWJlbmNobWFyay1iZW5jaG1hcmstMzI=",
        "ALLOWED_HOSTS": "127.0.0.1",
        "ENV_FILE": "",
        "VAR_DIR": str(folder),
        "DATABASE_URL": database,
        "REDIS_URL": broker,
        "LLM_PROVIDERS": "openai",
        "OPENAI_API_KEY": "sk-benchmark-0000000000000000",
        "OPENAI_BASE_URL": server,
        "OPENAI_MODEL": "gpt-4o-mini",
        "WORKER_CONCURRENCY": str(options.concurrency),
        "LOG_LEVEL": "warning",
    }


def prepare_django() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("init_catalogue", verbosity=0)
    call_command("seed_catalogue", verbosity=0)


def create_batch(name: str, items: int, options: argparse.Namespace) -> Any:
    """A batch of exactly `items` documents of a new owner, written down but not yet told to anybody."""
    from accounts.models import User
    from templates.models import ContentTemplate
    from templates.services.batches import batch_create
    from templates.services.plans import BatchOptions
    from templates.services.sources import project_create

    owner = User.objects.create(username=name, email=f"{name}@example.com")
    templates = ContentTemplate.objects.count()
    for number in range(math.ceil(items / (2 * templates))):
        project_create(
            owner_id=owner.pk,
            name_zh=f"基准项目 {number}",
            name_en=f"Benchmark project {number}",
            description_zh="一个用来测量文档工厂的项目。" * 5,
            description_en="A project that measures the document factory. " * 5,
        )
    asked = BatchOptions(limit=items, concurrency=options.concurrency)
    return batch_create(owner_id=owner.pk, options=asked, publish=False)


@contextmanager
def celery_worker(environ: dict[str, str], folder: Path, concurrency: int, app: str) -> Iterator[int]:
    """A worker of this Celery app on `agent_builds`; yields its process id once it beats."""
    from generation.models import WorkerHeartbeat

    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        app,
        "worker",
        "-P",
        "threads",
        "-c",
        str(concurrency),
    ]
    log = folder / "worker.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "-Q", "agent_builds", "--without-gossip", "--without-mingle"],
            env={**os.environ, **environ, "PGAPPNAME": WORKER},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        alive = WorkerHeartbeat.objects.filter(pid=process.pid)
        wait_for(alive.exists, READY_SECONDS, lambda: log.read_text()[-3000:])
        yield process.pid
    finally:
        process.kill()
        process.wait()


def wait_for(condition: Callable[[], bool], seconds: float, why: Callable[[], str]) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"gave up after {seconds} s:\n{why()}")
        time.sleep(0.05)


# -- the measurement -----------------------------------------------------------------------------------------------


def measure(batch: Any, worker: int, options: argparse.Namespace) -> dict[str, Any]:
    from config.celery import enqueue

    ideal = math.ceil(batch.total / options.concurrency) * options.delay
    cpu, memory, connections = cpu_seconds(worker), [memory_mb(worker)], 0
    began = time.monotonic()
    enqueue("generation.run_job", job_id=str(batch.job_id))
    deadline = began + 20 * ideal + 60
    while not is_over(batch):
        memory.append(memory_mb(worker))
        connections = max(connections, open_connections())
        if time.monotonic() > deadline:
            raise SystemExit(f"not done after {20 * ideal + 60:.0f} s: {counts(batch)}")
        time.sleep(0.1)
    wall = time.monotonic() - began
    half = len(memory) // 2
    return {
        "items": batch.total,
        "database": "sqlite" if options.sqlite else "postgresql",
        "outcome": counts(batch),
        "ledger_rows": ledger_rows(batch),
        "ideal_s": round(ideal, 2),
        "wall_s": round(wall, 2),
        "wall_ratio": round(wall / ideal, 3),
        "cpu_ms_per_item": round((cpu_seconds(worker) - cpu) * 1000 / batch.total, 2),
        "connections": connections,
        "memory_mb_start": round(memory[0]),
        "memory_mb_half": round(memory[half]),
        "memory_mb_end": round(memory_mb(worker)),
    }


def measure_plain(batch: Any, worker: int) -> dict[str, float]:
    from config.celery import app
    from generation.models import Job

    jobs = Job.objects.filter(parent_id=batch.job_id)
    cpu, began = cpu_seconds(worker), time.monotonic()
    for pk in jobs.values_list("pk", flat=True):
        kwargs = {"job_id": str(pk), "prompt": PROMPT}
        app.send_task("benchmarks.plain_call", kwargs=kwargs, queue="agent_builds", ignore_result=True)
    wait_for(
        lambda: not jobs.exclude(progress=2).exists(), 300, lambda: f"{jobs.filter(progress=2).count()} done"
    )
    wall = time.monotonic() - began
    figures = {
        "wall_s": round(wall, 2),
        "cpu_ms_per_item": round((cpu_seconds(worker) - cpu) * 1000 / batch.total, 2),
    }
    jobs.update(progress=0, output=None)
    return figures


def compared(figures: dict[str, Any], plain: dict[str, float]) -> dict[str, Any]:
    """The engine beside the plain task of the same run."""
    ratio = figures["cpu_ms_per_item"] / plain["cpu_ms_per_item"]
    return {
        "plain_wall_s": plain["wall_s"],
        "plain_cpu_ms": plain["cpu_ms_per_item"],
        "cpu_to_plain": round(ratio, 2),
        "cpu_ms_per_item_quiet": round(ratio * PLAIN_CPU_MS, 2),
    }


def is_over(batch: Any) -> bool:
    batch.job.refresh_from_db()
    return bool(batch.job.is_terminal)


def counts(batch: Any) -> dict[str, int]:
    from templates.services.batches import batch_item_counts

    return {state: count for state, count in batch_item_counts(batch).items() if count}


def ledger_rows(batch: Any) -> int:
    from generation.models import ProviderCall

    return ProviderCall.objects.filter(job__parent_id=batch.job_id, status="settled").count()


def cpu_seconds(pid: int) -> float:
    """User and system time of the process (proc_pid_stat(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def memory_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES / 1_000_000


def open_connections() -> int:
    """The worker's connections to PostgreSQL; 0 on SQLite."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", [WORKER])
        return int(cursor.fetchone()[0])


def report(figures: dict[str, Any]) -> None:
    for name, value in figures.items():
        goal = GOALS.get(name)
        print(f"{name:>22}  {value}" + (f"   (goal: at most {goal})" if goal else ""))
    print(json.dumps({"benchmark": "batch", **figures}))


if __name__ == "__main__":
    main()
