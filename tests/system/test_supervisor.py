"""`make run` starts everything in order, keeps it running, and leaves no process behind, however it ends."""

from __future__ import annotations

import io
import json
import os
import re
import selectors
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery

from config.env import ROOT
from config.supervisor import DEMO_PASSWORD, DEMO_USERNAME
from config.supervisor.broker import Broker, BrokerError
from config.supervisor.console import Console, wants_colour
from config.supervisor.loop import RestartPolicy
from config.supervisor.ports import LOOPBACK, free_port, holder, is_free
from config.supervisor.processes import Child, ProcessSpec

pytestmark = pytest.mark.system

#: A supervisor over the processes that argv describes as JSON.
HOUSE = """
import json, sys
from pathlib import Path
from config.supervisor.console import Console
from config.supervisor.loop import RestartPolicy, Supervisor
from config.supervisor.processes import ProcessSpec

house = json.loads(sys.argv[1])
stages = [
    [
        ProcessSpec(
            p["name"],
            (sys.executable, "-c", p["code"]),
            {"PYTHONUNBUFFERED": "1"},
            grace_seconds=p.get("grace", 5.0),
            is_ready=Path(p["ready"]).exists if "ready" in p else None,
        )
        for p in stage
    ]
    for stage in house["stages"]
]
console = Console(sys.stdout, [p.name for stage in stages for p in stage], colour=False)
policy = RestartPolicy(window_seconds=60, first_pause_seconds=house.get("pause", 0.01))
bound = house.get("bound", False)
sys.exit(Supervisor(stages, console, lambda: console.block("all ready"), policy, bound_to_parent=bound).run())
"""

SLEEP = "import time; time.sleep(60)"
#: Starts a child of its own and names both process ids; deaf to SIGTERM, as is the child.
STUBBORN_FAMILY = """
import os, signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("pids", os.getpid(), child.pid)
child.wait()
"""
POLITE = """
import os, signal, sys
def leave(*_):
    print("goodbye")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print("pids", os.getpid())
signal.pause()
"""


class Program:
    """A started program whose output can be awaited."""

    def __init__(self, command: list[str], environ: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0
        )
        self.text = ""

    def until(self, wanted: str, times: int = 1, seconds: float = 20) -> str:
        """All output so far, as soon as it contains `wanted` so many times."""
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            assert self.process.stdout is not None
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while self.text.count(wanted) < times:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    pytest.fail(f"{wanted!r} was not said within {seconds} s:\n{self.text}")
                data = os.read(self.process.stdout.fileno(), 65_536)
                if not data:
                    pytest.fail(f"the program ended without {wanted!r}:\n{self.text}")
                self.text += data.decode()
        return self.text

    def end(self, seconds: float = 20) -> int:
        """The exit code; reads the rest of the output."""
        rest, _ = self.process.communicate(timeout=seconds)
        self.text += rest.decode()
        return self.process.returncode

    def pids(self) -> list[int]:
        return [int(pid) for line in re.findall(r"pids ([\d ]+)", self.text) for pid in line.split()]


@contextmanager
def running(command: list[str], environ: dict[str, str] | None = None) -> Iterator[Program]:
    program = Program(command, {**os.environ, "PYTHONPATH": str(ROOT), **(environ or {})})
    try:
        yield program
    finally:
        program.process.kill()
        program.process.wait()
        assert program.process.stdout is not None
        program.process.stdout.close()


def house(*stages: list[dict[str, Any]], **options: Any) -> list[str]:
    return [sys.executable, "-c", HOUSE, json.dumps({"stages": stages, **options})]


def runs(pid: int) -> bool:
    """Whether the process still runs; one that is dead but not yet reaped doesn't."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(state.stdout.strip()) and not state.stdout.strip().startswith("Z")


def eventually(promise: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not promise():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def all_gone(pids: list[int]) -> bool:
    return eventually(lambda: not any(map(runs, pids)))


def below(pid: int) -> list[int]:
    """The process ids of everything that descends from `pid`."""
    rows = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = [(int(child), int(parent)) for child, parent in (row.split() for row in rows.splitlines())]
    found = [pid]
    for known in found:
        found += [child for child, parent in parents if parent == known]
    return found[1:]


# The end


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_is_left_behind(how: signal.Signals) -> None:
    stage = [
        {"name": "stubborn", "code": STUBBORN_FAMILY, "grace": 0.3},
        {"name": "polite", "code": POLITE},
    ]
    with running(house(stage)) as program:
        program.until("pids", times=2)
        everyone = below(program.process.pid)
        assert len(program.pids()) == 3
        assert set(program.pids()) < set(everyone)
        program.process.send_signal(how)
        assert program.end() == (-signal.SIGKILL if how == signal.SIGKILL else 0)
        assert all_gone(everyone)
        assert ("polite   | goodbye" in program.text) == (how != signal.SIGKILL)


def test_a_second_interrupt_ends_all_at_once() -> None:
    with running(house([{"name": "stubborn", "code": STUBBORN_FAMILY, "grace": 60}])) as program:
        program.until("pids")
        everyone = below(program.process.pid)
        program.process.send_signal(signal.SIGINT)
        program.until("stopping")
        program.process.send_signal(signal.SIGINT)
        assert program.end(seconds=10) == 0
        assert all_gone(everyone)


def test_a_repeated_sigterm_is_no_impatience() -> None:
    with running(house([{"name": "web", "code": POLITE}])) as program:
        program.until("pids")
        for _ in range(5):
            program.process.terminate()
        assert program.end() == 0
        assert "web | goodbye" in program.text


def test_a_bound_supervisor_ends_with_the_make_that_started_it(tmp_path: Path) -> None:
    script, makefile = tmp_path / "run.sh", tmp_path / "Makefile"
    script.write_text("exec " + shlex.join(house([{"name": "web", "code": POLITE}], bound=True)))
    makefile.write_text(f"run:\n\t@exec sh {script}\n")
    with running(["make", "-f", str(makefile), "run"]) as program:
        program.until("pids")
        everyone = below(program.process.pid)
        program.process.kill()
        assert all_gone(everyone)


def test_a_killed_launcher_takes_its_command_along() -> None:
    spec = ProcessSpec("nap", (sys.executable, "-c", POLITE))
    with Child(spec) as child:
        pid = int(child.output.readline().split()[1])
        os.kill(child.pid, signal.SIGKILL)
        child.wait(5)
        assert all_gone([pid])


def test_what_a_dead_process_had_started_dies_too() -> None:
    code = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {SLEEP!r}]).pid)"
    with Child(ProcessSpec("parent", (sys.executable, "-c", code))) as child:
        pid = int(child.output.readline())
        assert child.wait(5) == 0
        assert all_gone([pid])


def test_nobody_reads_the_output_any_more() -> None:
    chatter = "import time\nwhile True: print('工坊' * 50); time.sleep(0.01)"
    with running(house([{"name": "chatter", "code": chatter}])) as program:
        program.until("chatter | 工坊")
        everyone = below(program.process.pid)
        assert program.process.stdout is not None
        program.process.stdout.close()
        program.process.wait(20)
        assert all_gone(everyone)


# The course


def test_stages_start_when_the_one_before_is_ready_and_stop_before_it(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    first = POLITE.replace("signal.pause()", f"open({str(ready)!r}, 'w').close(); signal.pause()")
    second = f"import os; print('first ready:', os.path.exists({str(ready)!r}))\n" + POLITE
    stages = [{"name": "broker", "code": first, "ready": str(ready)}], [{"name": "web", "code": second}]
    with running(house(*stages)) as program:
        program.until("web    | pids")
        assert "web    | first ready: True" in program.text
        program.until("all ready")
        program.process.terminate()
        assert program.end() == 0
        assert program.text.index("web    | goodbye") < program.text.index("broker | goodbye")


def test_a_process_that_dies_starts_again() -> None:
    with running(house([{"name": "worker", "code": POLITE}])) as program:
        program.until("pids")
        os.kill(program.pids()[0], signal.SIGKILL)
        program.until("was ended by SIGKILL; starting it again in 0.01 s.")
        program.until("pids", times=2)
        program.process.terminate()
        assert program.end() == 0


def test_a_process_that_keeps_dying_stops_everything() -> None:
    broken = {"name": "web", "code": "import sys; print('端口被占用'); sys.exit(3)"}
    with running(house([{"name": "beat", "code": POLITE}, broken])) as program:
        assert program.end() == 1
        assert program.text.count("starting it again") == 4
        assert "web  | failed with exit code 3, 5 times within 60 s. Stopping everything." in program.text
        assert "The last lines of web:\n  端口被占用" in program.text
        assert "beat | goodbye" in program.text
        assert all_gone(program.pids())


def test_a_command_that_does_not_exist_says_so() -> None:
    with Child(ProcessSpec("nothing", ("/nowhere/celery",))) as child:
        assert (
            child.output.readline().decode()
            == "/nowhere/celery can't be started: No such file or directory\n"
        )
        assert child.wait(5) == 127


def test_empty_lines_are_not_passed_on() -> None:
    with running(house([{"name": "web", "code": r"print('a\n\n  \nb', flush=True); " + SLEEP}])) as program:
        program.until("web | a\nweb | b\n")


def test_last_words_without_a_line_end_are_passed_on() -> None:
    with running(
        house([{"name": "web", "code": "import os; os.write(1, 'ende 完'.encode()); os._exit(1)"}])
    ) as program:
        assert program.end() == 1
        assert "web | ende 完\n" in program.text


def test_pauses_between_restarts_grow_up_to_a_limit() -> None:
    policy = RestartPolicy()
    assert [policy.pause(deaths) for deaths in range(1, 8)] == [0.5, 1, 2, 4, 8, 10, 10]


# What it writes


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_names_are_padded_and_coloured_on_a_terminal() -> None:
    plain, coloured = io.StringIO(), io.StringIO()
    Console(plain, ["web", "worker"], colour=False).line("web", "hello 你好")
    Console(coloured, ["web", "worker"], colour=True).line("worker", "hello")
    assert plain.getvalue() == "web    | hello 你好\n"
    assert coloured.getvalue() == "\x1b[32mworker |\x1b[0m hello\n"


def test_colour_is_for_terminals_whose_user_wants_it() -> None:
    assert wants_colour(Terminal(), {"TERM": "xterm"})
    assert not wants_colour(Terminal(), {"TERM": "dumb"})
    assert not wants_colour(Terminal(), {"TERM": "xterm", "NO_COLOR": "1"})
    assert not wants_colour(io.StringIO(), {"TERM": "xterm"})


# The broker


def test_the_broker_keeps_its_data_over_kill_and_restart(tmp_path: Path) -> None:
    with Broker(tmp_path / "数据 folder") as broker:
        with redis.Redis.from_url(broker.url) as client:
            client.set("文档", "已生成 ✅")
        broker.kill()
        assert not broker.is_ready()
        broker.start()
        broker.restart()
        with redis.Redis.from_url(broker.url) as client:
            assert client.get("文档").decode() == "已生成 ✅"
    assert is_free(broker.port)


def test_the_broker_asks_for_a_password_that_nobody_else_can_see(tmp_path: Path) -> None:
    with Broker(tmp_path) as broker:
        with (
            redis.Redis(LOOPBACK, broker.port, retry=None) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.get("x")
        commands = subprocess.run(["ps", "-wweo", "args"], capture_output=True, text=True, check=True).stdout
        assert str(tmp_path) in commands
        assert broker.password not in commands
        for name in ("broker.password", "valkey.conf"):
            assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
        assert Broker(tmp_path).password == broker.password, "made up once, then kept"


def test_a_broker_on_a_foreign_port_says_so(tmp_path: Path) -> None:
    with Broker(tmp_path / "a") as broker, pytest.raises(BrokerError, match="refuses our password"):
        Broker(tmp_path / "b", port=broker.port).start()


# `python -m config.supervisor`


def supervisor(tmp_path: Path, **environ: str) -> tuple[list[str], dict[str, str]]:
    defaults = {"VAR_DIR": str(tmp_path), "ENV_FILE": "", "REDIS_URL": "", "DATABASE_URL": ""}
    defaults |= {"DJANGO_SETTINGS_MODULE": "config.settings.dev", "STOP_SECONDS": "5"}
    return [sys.executable, "-m", "config.supervisor"], {**defaults, **environ}


def test_taken_ports_are_all_named_with_their_holder_and_a_way_out(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as web, socket.create_server((LOOPBACK, 0)) as valkey:
        ports = [server.getsockname()[1] for server in (web, valkey)]
        with running(*supervisor(tmp_path, PORT=str(ports[0]), BROKER_PORT=str(ports[1]))) as program:
            assert program.end() == 1
    for name, port in zip(("PORT", "BROKER_PORT"), ports, strict=True):
        assert f"Port {port}, meant for" in program.text
        assert f"is taken by process {os.getpid()}" in program.text
        assert re.search(rf"make run {name}=\d+", program.text)


def test_a_free_port_has_no_holder() -> None:
    port = free_port()
    assert is_free(port)
    assert holder(port) == ""


def test_a_wrong_environment_is_reported_all_at_once(tmp_path: Path) -> None:
    command, environ = supervisor(
        tmp_path, PORT="eighty", BROKER_PORT="0", LOG_LEVEL="loud", DATABASE_URL="mysql://x/y"
    )
    with running(command, environ) as program:
        assert program.end() == 1
    assert "Traceback" not in program.text
    assert "The environment has 4 problems:" in program.text
    for name in ("PORT:", "BROKER_PORT:", "LOG_LEVEL:", "DATABASE_URL:"):
        assert name in program.text


def test_a_database_that_is_not_set_up_is_refused(tmp_path: Path) -> None:
    command, environ = supervisor(tmp_path, PORT=str(free_port()), BROKER_PORT=str(free_port()))
    with running(command, environ) as program:
        assert program.end() == 1
    assert "Run: make setup" in program.text


def test_help_teaches() -> None:
    with running([sys.executable, "-m", "config.supervisor", "--help"]) as program:
        assert program.end() == 0
    for word in ("agent_builds", "status_updates", "BROKER_PORT", "REDIS_URL", "make run"):
        assert word in program.text


def test_setup_may_be_repeated_and_overwrites_nothing(tmp_path: Path) -> None:
    _, environ = supervisor(tmp_path)
    prepare = [sys.executable, "-m", "config.supervisor.prepare", "--projects", "examples/projects.csv"]
    with running(prepare, environ) as first:
        assert first.end(40) == 0, first.text
    with running(prepare, environ) as second:
        assert second.end(40) == 0, second.text
    assert f"Demo account: {DEMO_USERNAME} / {DEMO_PASSWORD}" in first.text
    assert "Sample projects are unchanged" not in first.text
    assert "Sample projects are unchanged" in second.text


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a database that is set up."""
    path = tmp_path_factory.mktemp("var")
    _, environ = supervisor(path)
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, cwd=ROOT, env={**os.environ, **environ}, check=True)
    return path


def answering(app: Celery) -> set[str]:
    """The names of the workers that answer a ping now."""
    return {node.partition("@")[0] for reply in app.control.ping(timeout=1) for node in reply}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_the_whole_house_runs_and_goes(data: Path, how: signal.Signals) -> None:
    port = free_port()
    command, environ = supervisor(data, PORT=str(port), BROKER_PORT=str(free_port()))
    with running(command, environ) as program:
        program.until("Atelier runs", seconds=40)
        program.until(f"{DEMO_USERNAME} / {DEMO_PASSWORD}")
        for path in ("/docs", "/admin/", "/health/ready"):
            assert f"http://127.0.0.1:{port}{path}" in program.text
        with Celery(broker=(data / "broker.url").read_text()) as app:
            assert eventually(lambda: answering(app) == {"worker", "updates"}, seconds=30)
        with running(command, environ) as second:
            assert second.end() == 1
            assert f"process {program.process.pid}" in second.text
        everyone = below(program.process.pid)
        program.process.send_signal(how)
        program.end(seconds=30)
        assert all_gone(everyone)
        assert is_free(port)
