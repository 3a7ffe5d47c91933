"""How late a reader sees what a model says: 200 readers of 20 replies, 200 pieces each, 10 ms apart.

    python -m benchmarks.stream [--readers 200] [--replies 20] [--chunks 200] [--apart 0.01] [--together] [--sqlite]

Starts everything itself (PostgreSQL, Valkey, a vendor, a Celery worker, a stream process), all of it real, and prints a
table and a JSON line; once for readers that stay, once for readers that hang up each second and come back.

Each piece says when it left the vendor; its latency ends when a reader has it. Pieces are grouped for up to 50 ms, so
the goal is a p99 of at most 20 ms beyond that. Of readers that stay, CPU is counted while all read and no reply has
ended; of others, with all their connections. What a process does once it does before: two replies go ahead. The vendor
and the readers need CPUs, too: on two of them, 20 replies show what the parts cost, and 200 how long they wait in line.
"""

import argparse
import asyncio
import json
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.batch import (
    CLOCK_TICKS,
    READY_SECONDS,
    celery_worker,
    cpu_seconds,
    environment,
    memory_mb,
    prepare_django,
    start_broker,
    start_postgres,
    wait_for,
)
from benchmarks.readers import Reader

GROUP_MS = 50
FEW = {"readers": 20, "replies": 2}
GOALS = {"p99_beyond_grouping_ms": 20.0, "chunks_lost": 0}


def main() -> None:
    options = read_options()
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="atelier-bench-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        database = f"sqlite:///{folder / 'bench.sqlite3'}" if options.sqlite else start_postgres(stack)
        go = folder / "go"
        vendor, address = stack.enter_context(clock(options, go))
        options.concurrency = options.replies + 4
        environ = environment(folder, database, start_broker(stack, folder), address, options)
        environ |= {"STREAMS_PER_USER_MAX": "5000", "STREAMS_MAX": "5000", "LLM_MAX_IN_FLIGHT": "0"}
        environ |= {"RATE_LIMIT_MAX_REQUESTS": str(10**9)}
        os.environ.update(environ)
        prepare_django()
        with celery_worker(environ, folder, options.concurrency, "config.celery") as worker:
            for name, stays in (("staying", None), ("dropping", 1.0)):
                with stream_process(environ, folder) as (stream, port):
                    few = argparse.Namespace(**{**vars(options), **FEW})
                    pids = {"vendor": vendor, "worker": worker, "stream": stream}
                    measure(few, pids, port, go, stays)
                    figures = measure(options, pids, port, go, stays)
                report({"readers_are": name, **figures})


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--readers", type=int, default=200, help="readers (default 200)")
    parser.add_argument("--replies", type=int, default=20, help="replies (default 20)")
    parser.add_argument("--chunks", type=int, default=200, help="pieces of a reply (default 200)")
    parser.add_argument("--apart", type=float, default=0.01, help="seconds between them (default 0.01)")
    parser.add_argument("--together", action="store_true", help="all hang up at the same moment")
    parser.add_argument("--sqlite", action="store_true", help="SQLite instead of PostgreSQL")
    return parser.parse_args()


# -- the parts -----------------------------------------------------------------------------------------------------


@contextmanager
def clock(options: argparse.Namespace, go: Path) -> Iterator[tuple[int, str]]:
    command = [sys.executable, "-m", "benchmarks.vendor", str(options.chunks), str(options.apart), str(go)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.pid, process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


@contextmanager
def stream_process(environ: dict[str, str], folder: Path) -> Iterator[tuple[int, int]]:
    """Its process id and port."""
    from launcher.supervisor.ports import answers, free_port

    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(port)]
    command += ["--lifespan", "off", "--no-access-log", "--log-level", "warning"]
    log = folder / "stream.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, env={**os.environ, **environ}, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        wait_for(partial(answers, port, "/health/live"), READY_SECONDS, lambda: log.read_text()[-3000:])
        yield process.pid, port
    finally:
        process.kill()
        process.wait()


# -- the measurement -----------------------------------------------------------------------------------------------


def measure(
    options: argparse.Namespace, pids: dict[str, int], port: int, go: Path, stays: float | None
) -> dict[str, Any]:
    from accounts.models import User
    from accounts.services.sessions import session_start
    from conversations.models import Message
    from conversations.services.conversations import conversation_create
    from conversations.services.replies import reply_to
    from generation.models import ProviderCall

    name = f"reader-{secrets.token_hex(4)}"
    owner = User.objects.create(username=name, email=f"{name}@example.com")
    token = session_start(user=owner).access
    go.unlink(missing_ok=True)
    messages: list[Message] = []
    for _ in range(options.replies):
        conversation = conversation_create(owner_id=owner.pk, title="Without one, it would buy one.")
        messages.append(reply_to(conversation=conversation, content="What time is it?").messages.get())
    calls = ProviderCall.objects.filter(job_id__in=[one.pk for one in messages], status="sent")
    wait_for(
        lambda: calls.count() == options.replies, 10 * READY_SECONDS, lambda: f"{calls.count()} replies begun"
    )
    paths = [
        f"/api/v1/conversations/{one.conversation_id}/events?message={one.pk}"
        for one in (messages[number % len(messages)] for number in range(options.readers))
    ]
    readers = [
        Reader(port, path, token, stays, stays and stays * (1 if options.together else share))
        for path, share in zip(paths, _shares(options.readers), strict=True)
    ]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        course = runner.run(_follow(readers, pids, go))
    for reader in readers:
        reader.understand()
    contents = {one.pk: one.content for one in Message.objects.filter(owner=owner).exclude(reply=None)}
    latencies = [late / 1e6 for reader in readers for _at, late in reader.came]
    cuts = statistics.quantiles(latencies, n=100)
    returns = [milliseconds for reader in readers for milliseconds in reader.returns(course.before.at)]
    return {
        "readers": options.readers,
        "replies": options.replies,
        "chunks": options.chunks,
        "apart_ms": options.apart * 1000,
        "p50_ms": round(cuts[49], 1),
        "p99_ms": round(cuts[98], 1),
        "p99_beyond_grouping_ms": round(max(0.0, cuts[98] - GROUP_MS), 1),
        "chunks_read": len(latencies),
        "chunks_lost": options.readers * options.chunks - len(latencies),
        "texts_differ": sum(reader.text not in contents.values() for reader in readers),
        "connections": sum(len(reader.connections) for reader in readers),
        "returns": len(returns),
        "return_p50_ms": round(statistics.median(returns), 1) if returns else None,
        **_costs(course, readers, options.replies, is_dropping=stays is not None),
    }


def _shares(count: int) -> list[float]:
    """Parts of the first second, so that not all hang up at the same moment."""
    return [(number + 1) / count for number in range(count)]


@dataclass(frozen=True)
class Moment:
    """How much CPU each part had taken by then. `machine`: everything that runs here."""

    at: int
    cpu: dict[str, float]


def _now(pids: dict[str, int]) -> Moment:
    cpu = {name: cpu_seconds(pid) for name, pid in pids.items()}
    busy = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    machine = (sum(busy) - busy[3] - busy[4]) / CLOCK_TICKS  # without idle and waiting for disks
    return Moment(time.monotonic_ns(), {**cpu, "readers": time.process_time(), "machine": machine})


@dataclass(frozen=True)
class Course:
    """`before` the first piece, when each reader had one, when the first reply ended, and `after` the last."""

    before: Moment
    first: Moment
    last: Moment
    after: Moment
    memory_kb: float


async def _follow(readers: list[Reader], pids: dict[str, int], go: Path) -> Course:
    memory = memory_mb(pids["stream"])
    following = [asyncio.ensure_future(reader.follow()) for reader in readers]

    async def until(holds: Callable[[], bool]) -> Moment:
        while not holds():
            for one in following:
                if one.done():
                    one.result()
            await asyncio.sleep(0.02)
        return _now(pids)

    before = await until(lambda: all(reader.is_connected for reader in readers))
    grown = memory_mb(pids["stream"]) - memory
    go.touch()
    first = await until(lambda: all(reader.has_begun for reader in readers))
    last = await until(lambda: any(reader.is_over for reader in readers))
    await asyncio.gather(*following)
    return Course(before, first, last, _now(pids), grown * 1000 / len(readers))


def _costs(course: Course, readers: list[Reader], replies: int, *, is_dropping: bool) -> dict[str, Any]:
    """Of readers that stay, what pieces cost while all read; of others, with all their connections."""
    begin, end = (course.before, course.after) if is_dropping else (course.first, course.last)
    seconds = (end.at - begin.at) / 1e9
    taken = {name: end.cpu[name] - begin.cpu[name] for name in end.cpu}
    came = sum(begin.at <= at <= end.at for reader in readers for at, _late in reader.came)
    return {
        "worker_cpu_ms_per_1000_chunks": round(taken["worker"] * 1e6 * len(readers) / came / replies, 1),
        "stream_cpu_ms_per_1000_chunks": round(taken["stream"] * 1e6 / came, 1),
        **{f"{name}_cpu_percent": round(100 * cpu / seconds) for name, cpu in taken.items()},
        "seconds": round((course.after.at - course.before.at) / 1e9, 2),
        "memory_kb_per_reader": round(course.memory_kb, 1),
    }


def report(figures: dict[str, Any]) -> None:
    for name, value in figures.items():
        goal = GOALS.get(name)
        print(f"{name:>30}  {value}" + (f"   (goal: at most {goal})" if goal is not None else ""))
    print(json.dumps({"benchmark": "stream", **figures}), flush=True)


if __name__ == "__main__":
    main()
