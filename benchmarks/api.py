"""Documents, prompts and the gallery, lists and details, against the same endpoints written the plain DRF way
(`benchmarks/plain`).

    python -m benchmarks.api [--rounds 3] [--seconds 4] [--users 20] [--documents 3000]
                             [--prompts 3000] [--models 3000] [--clients 16]

One gunicorn process each (gthread, 4 threads), interleaved rounds on one PostgreSQL: TEST_DATABASE_URL's server or one
that is started for it. Prints a table and a JSON line; ends with 1 when an aim (ratio to the plain way) is missed.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import psutil
import psycopg

from benchmarks.load import Connection, Request, Result, run
from tests.support.postgres import postgres

SETTINGS = {"product": "benchmarks.settings", "plain": "benchmarks.plain.settings"}
DOCUMENTS = "/api/v1/templates/documents"
PROMPTS = "/api/v1/prompts"
GALLERY = "/api/v1/models/public"
#: At least so many times the plain way's requests per second.
AIMS = {"list": 5.0, "list, filtered": 5.0, "detail": 3.0, "prompts": 5.0, "prompt": 3.0, "gallery": 5.0}
DETAILS_PER_CLIENT = 50
START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Server:
    """A running gunicorn: its port and its worker process."""

    port: int
    worker: psutil.Process


@dataclass(slots=True)
class Measured:
    """What one endpoint of one server did, round by round."""

    per_second: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    def add(self, result: Result, cpu_seconds: float) -> None:
        self.per_second.append(result.per_second)
        self.p50.append(result.percentile(50))
        self.p99.append(result.percentile(99))
        self.cpu_ms.append(cpu_seconds * 1000 / len(result.latencies))


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    with ExitStack() as stack:
        os.environ["DATABASE_URL"] = stack.enter_context(own_database())
        os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS["product"]
        cases = _prepare(options)
        servers = {name: stack.enter_context(_server(settings)) for name, settings in SETTINGS.items()}
        measured = _measure(servers, cases, options)
    ratios = {case: _ratio(measured["product", case], measured["plain", case]) for case in cases}
    _report(measured, ratios, options)
    return int(any(ratios[case] < aim for case, aim in AIMS.items()))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--documents", type=int, default=3000, help="per user")
    parser.add_argument("--prompts", type=int, default=3000, help="per user")
    parser.add_argument("--models", type=int, default=3000, help="per user")
    parser.add_argument("--clients", type=int, default=16)
    return parser.parse_args(arguments)


@contextmanager
def own_database() -> Iterator[str]:
    """A database of its own on the server, dropped in the end."""
    name = f"atelier_bench_{os.getpid()}"
    with postgres() as url:
        base = url.rpartition("/")[0]
        with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
            try:
                yield f"{base}/{name}"
            finally:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]


def _prepare(options: argparse.Namespace) -> dict[str, list[Request]]:
    """Fill the database; what each client asks in each case."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from accounts.services.sessions import session_start
    from benchmarks.documents import documents_make
    from benchmarks.gallery_rows import gallery_make
    from benchmarks.prompts import prompts_make
    from prompts.models import Prompt
    from templates.models import Document

    call_command("migrate", verbosity=0)
    users = documents_make(options.users, options.documents)
    prompts_make(users, options.prompts)
    gallery_make(users, options.models * len(users), is_searched=False)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    cases: dict[str, list[Request]] = {case: [] for case in AIMS}
    for number in range(options.clients):
        user = users[number % len(users)]
        token = session_start(user=user).access
        keys = Document.objects.owned_by(user.pk).values_list("pk", flat=True)[:DETAILS_PER_CLIENT]
        cases["list"].append(Request([f"{DOCUMENTS}?limit=20"], token))
        cases["list, filtered"].append(Request([f"{DOCUMENTS}?limit=20&language=zh"], token))
        cases["detail"].append(Request([f"{DOCUMENTS}/{key}" for key in keys], token))
        prompts = Prompt.objects.owned_by(user.pk).values_list("pk", flat=True)[:DETAILS_PER_CLIENT]
        cases["prompts"].append(Request([f"{PROMPTS}?limit=20"], token))
        cases["gallery"].append(Request([f"{GALLERY}?limit=20"], token))
        cases["prompt"].append(Request([f"{PROMPTS}/{key}" for key in prompts], token))
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    return cases


@contextmanager
def _server(settings: str) -> Iterator[Server]:
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    command += ["--worker-class", "gthread", "--workers", "1", "--threads", "4", "--log-level", "warning"]
    process = subprocess.Popen(command, env={**os.environ, "DJANGO_SETTINGS_MODULE": settings})
    try:
        _wait_for(port, process)
        yield Server(port, psutil.Process(process.pid).children()[0])
    finally:
        process.terminate()
        process.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Until the worker answers: its first answer, whatever it says, comes when the application has been loaded."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            connection = Connection(port)
            connection.ask(Request([DOCUMENTS], "nobody").encoded(port)[0])
            connection.close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server didn't start")


def _measure(
    servers: dict[str, Server], cases: dict[str, list[Request]], options: argparse.Namespace
) -> dict[tuple[str, str], Measured]:
    measured = {(name, case): Measured() for name in servers for case in cases}
    for server in servers.values():
        for requests in cases.values():
            run(server.port, requests, min(1.0, options.seconds))
    for _ in range(options.rounds):
        for case, requests in cases.items():
            for name, server in servers.items():
                before = sum(server.worker.cpu_times()[:2])
                result = run(server.port, requests, options.seconds)
                measured[name, case].add(result, sum(server.worker.cpu_times()[:2]) - before)
    return measured


def _ratio(product: Measured, plain: Measured) -> float:
    """The median of the rounds' ratios: neighbours in time share the machine's mood."""
    return statistics.median(a / b for a, b in zip(product.per_second, plain.per_second, strict=True))


def _report(
    measured: dict[tuple[str, str], Measured], ratios: dict[str, float], options: argparse.Namespace
) -> None:
    print(
        f"{'endpoint':16}{'server':10}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'cpu ms':>9}{'ratio':>8}{'aim':>6}"
    )
    for (name, case), one in sorted(measured.items(), key=lambda item: item[0][::-1]):
        figures = [statistics.median(values) for values in (one.per_second, one.p50, one.p99, one.cpu_ms)]
        line = f"{case:16}{name:10}{figures[0]:9.0f}" + "".join(f"{figure:9.2f}" for figure in figures[1:])
        print(line + (f"{ratios[case]:8.2f}{AIMS[case]:6.1f}" if name == "product" else ""))
    rates = {
        f"{name} {case}": round(statistics.median(one.per_second), 1)
        for (name, case), one in measured.items()
    }
    facts = {
        "benchmark": "api",
        "ratios": {case: round(ratio, 2) for case, ratio in ratios.items()},
        "per_second": rates,
    }
    print(json.dumps({**facts, "options": vars(options)}))


if __name__ == "__main__":
    sys.exit(main())
