"""How late a reader sees what a model says: 200 readers of 20 replies, 200 pieces each, 10 ms apart.

    python -m benchmarks.stream [--readers 200] [--replies 20] [--chunks 200] [--apart 0.01] [--sqlite]

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
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.batch import (
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
from benchmarks.vendor import WIDTH

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
        vendor = stack.enter_context(clock(options, go))
        options.concurrency = options.replies + 4
        environ = environment(folder, database, start_broker(stack, folder), vendor, options)
        environ |= {"STREAMS_PER_USER_MAX": "5000", "STREAMS_MAX": "5000", "LLM_MAX_IN_FLIGHT": "0"}
        environ |= {"RATE_LIMIT_MAX_REQUESTS": "0"}
        os.environ.update(environ)
        prepare_django()
        with celery_worker(environ, folder, options.concurrency, "config.celery") as worker:
            for name, stays in (("staying", None), ("dropping", 1.0)):
                with stream_process(environ, folder) as (stream, port):
                    few = argparse.Namespace(**{**vars(options), **FEW})
                    measure(few, worker, stream, port, go, stays)
                    figures = measure(options, worker, stream, port, go, stays)
                report({"readers_are": name, **figures})


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--readers", type=int, default=200, help="readers (default 200)")
    parser.add_argument("--replies", type=int, default=20, help="replies (default 20)")
    parser.add_argument("--chunks", type=int, default=200, help="pieces of a reply (default 200)")
    parser.add_argument("--apart", type=float, default=0.01, help="seconds between them (default 0.01)")
    parser.add_argument("--sqlite", action="store_true", help="SQLite instead of PostgreSQL")
    return parser.parse_args()


# -- the parts -----------------------------------------------------------------------------------------------------


@contextmanager
def clock(options: argparse.Namespace, go: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.vendor", str(options.chunks), str(options.apart), str(go)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
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


@dataclass
class Reader:
    """Follows one message, and notes how late each piece was."""

    port: int
    path: str
    token: str
    #: Hangs up after so many seconds of reading, and comes back.
    stays: float | None
    text: str = ""
    last_id: str = ""
    latencies: list[int] = field(default_factory=list)
    is_over: bool = False
    connections: int = 0

    async def follow(self) -> None:
        while not self.is_over:
            with suppress(TimeoutError, OSError):
                await self._read()

    async def _read(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            last = f"Last-Event-ID: {self.last_id}\r\n" if self.last_id else ""
            head = f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Proto: https\r\n"
            head += f"Authorization: Bearer {self.token}\r\nAccept: text/event-stream\r\n{last}\r\n"
            writer.write(head.encode())
            status = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in status[:20]:
                raise SystemExit(status.decode())
            self.connections += 1
            async with asyncio.timeout(self.stays):
                while not self.is_over:
                    self._take(await reader.readuntil(b"\n\n"), time.monotonic_ns())
        except asyncio.IncompleteReadError as error:
            raise ConnectionError from error
        finally:
            writer.close()

    def _take(self, block: bytes, now: int) -> None:
        """An event; the frames of HTTP's chunks stand between its lines and look like none of them."""
        lines = dict(line.split(": ", 1) for line in block.decode().splitlines() if ": " in line)
        if lines.get("event") == "end":
            self.is_over = True
        elif lines.get("event") == "delta":
            self.last_id = lines["id"]
            self.text = self.text[: int(self.last_id)] + json.loads(lines["data"])["text"]
            # A piece may end before the space: adapters hold white space back until something follows it.
            for start in range(len(self.latencies) * WIDTH, len(self.text) - WIDTH + 2, WIDTH):
                self.latencies.append(now - int(self.text[start : start + WIDTH]))


# -- the measurement -----------------------------------------------------------------------------------------------


def measure(
    options: argparse.Namespace, worker: int, stream: int, port: int, go: Path, stays: float | None
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
    readers = [Reader(port, path, token, stays) for path in paths]
    figures = asyncio.run(_follow(readers, options.replies, worker, stream, go))
    contents = {one.pk: one.content for one in Message.objects.filter(owner=owner).exclude(reply=None)}
    lost = sum(options.chunks - len(reader.latencies) for reader in readers)
    latencies = [late / 1e6 for reader in readers for late in reader.latencies]
    cuts = statistics.quantiles(latencies, n=100)
    return {
        "readers": options.readers,
        "replies": options.replies,
        "chunks": options.chunks,
        "apart_ms": options.apart * 1000,
        "p50_ms": round(cuts[49], 1),
        "p99_ms": round(cuts[98], 1),
        "p99_beyond_grouping_ms": round(max(0.0, cuts[98] - GROUP_MS), 1),
        "chunks_read": len(latencies),
        "chunks_lost": lost,
        "texts_differ": sum(reader.text not in contents.values() for reader in readers),
        "connections": sum(reader.connections for reader in readers),
        **figures,
    }


@dataclass(frozen=True)
class Moment:
    """How much CPU was taken by then, and how much had come of a reply, on average."""

    worker: float
    stream: float
    chunks: float
    at: float


async def _follow(readers: list[Reader], replies: int, worker: int, stream: int, go: Path) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    memory = memory_mb(stream)
    following = [loop.create_task(reader.follow()) for reader in readers]
    while not all(reader.connections for reader in readers):
        await asyncio.sleep(0.1)
    grown = memory_mb(stream) - memory

    def now() -> Moment:
        chunks = sum(len(reader.latencies) for reader in readers) / len(readers)
        return Moment(cpu_seconds(worker), cpu_seconds(stream), chunks, time.monotonic())

    dropping = any(reader.stays for reader in readers)
    before = now()
    go.touch()
    while not all(reader.latencies for reader in readers):
        await asyncio.sleep(0.01)
    first = now()
    while not any(reader.is_over for reader in readers):
        await asyncio.sleep(0.01)
    last = now()
    await asyncio.gather(*following)
    after = now()
    begin, end = (before, after) if dropping else (first, last)
    came = end.chunks - begin.chunks
    worker_cpu, stream_cpu = end.worker - begin.worker, end.stream - begin.stream
    return {
        "worker_cpu_ms_per_1000_chunks": round(worker_cpu * 1e6 / came / replies, 1),
        "stream_cpu_ms_per_1000_chunks": round(stream_cpu * 1e6 / came / len(readers), 1),
        "worker_cpu_percent": round(100 * worker_cpu / (end.at - begin.at)),
        "stream_cpu_percent": round(100 * stream_cpu / (end.at - begin.at)),
        "seconds": round(after.at - before.at, 2),
        "memory_kb_per_reader": round(grown * 1000 / len(readers), 1),
    }


def report(figures: dict[str, Any]) -> None:
    for name, value in figures.items():
        goal = GOALS.get(name)
        print(f"{name:>30}  {value}" + (f"   (goal: at most {goal})" if goal is not None else ""))
    print(json.dumps({"benchmark": "stream", **figures}), flush=True)


if __name__ == "__main__":
    main()
