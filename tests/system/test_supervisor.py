"""The supervisor starts processes in order, keeps them running, and leaves none behind, however it ends."""

from __future__ import annotations

import io
import json
import os
import shlex
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from launcher.supervisor.console import Console, wants_colour
from launcher.supervisor.loop import RestartPolicy
from launcher.supervisor.processes import Child, ProcessSpec
from tests.support.patience import PATIENCE
from tests.support.programs import all_gone, below, running

pytestmark = [pytest.mark.system, pytest.mark.once]

#: A supervisor over the processes that argv describes as JSON.
HOUSE = """
import json, signal, sys
from pathlib import Path
from launcher.supervisor.console import Console
from launcher.supervisor.loop import RestartPolicy, Supervisor
from launcher.supervisor.processes import ProcessSpec

house = json.loads(sys.argv[1])
# The tests themselves may run under nohup.
signal.signal(signal.SIGHUP, signal.SIG_IGN if house.get("nohup") else signal.SIG_DFL)
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
policy = RestartPolicy(calm_seconds=house.get("calm", 60), first_pause_seconds=0.01)

def report(ailing):
    told = ", ".join(f"{one.name} {one.deaths} {one.cause}" for one in ailing)
    print("told", told or "nobody", flush=True)

ready, bound = lambda: console.block("all ready"), house.get("bound", False)
Supervisor(stages, console, ready, policy, report=report, bound_to_parent=bound).run()
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


def house(*stages: list[dict[str, Any]], **options: Any) -> list[str]:
    return [sys.executable, "-c", HOUSE, json.dumps({"stages": stages, **options})]


# The end


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_is_left_behind(how: signal.Signals) -> None:
    stage: list[dict[str, Any]] = [
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


def test_under_nohup_it_outlives_its_terminal() -> None:
    counting = (
        "import itertools, time\nfor n in itertools.count(): print('tick', n, flush=True); time.sleep(0.01)"
    )
    with running(house([{"name": "clock", "code": counting}], nohup=True)) as program:
        program.until("tick")
        program.process.send_signal(signal.SIGHUP)
        program.until("tick", times=program.text.count("tick") + 50)
        program.process.terminate()
        assert program.end() == 0
        assert "stopping" in program.text


def test_a_second_interrupt_ends_all_at_once() -> None:
    with running(house([{"name": "stubborn", "code": STUBBORN_FAMILY, "grace": 60}])) as program:
        program.until("pids")
        everyone = below(program.process.pid)
        program.process.send_signal(signal.SIGINT)
        program.until("stopping")
        program.process.send_signal(signal.SIGINT)
        assert program.end() == 0
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
        child.wait(PATIENCE)
        assert all_gone([pid])


def test_what_a_dead_process_had_started_dies_too() -> None:
    code = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {SLEEP!r}]).pid)"
    with Child(ProcessSpec("parent", (sys.executable, "-c", code))) as child:
        pid = int(child.output.readline())
        assert child.wait(PATIENCE) == 0
        assert all_gone([pid])


def test_nobody_reads_the_output_any_more() -> None:
    chatter = "import time\nwhile True: print('工坊' * 50); time.sleep(0.01)"
    with running(house([{"name": "chatter", "code": chatter}])) as program:
        program.until("chatter | 工坊")
        everyone = below(program.process.pid)
        assert program.process.stdout is not None
        program.process.stdout.close()
        program.process.wait(PATIENCE)
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


def test_what_is_healthy_goes_on_while_another_keeps_dying() -> None:
    broken = {"name": "web", "code": "import sys; print('端口被占用'); sys.exit(3)"}
    with running(house([{"name": "beat", "code": POLITE}, broken])) as program:
        program.until(
            "web  | failed with exit code 3, 7 times now; starting it again in 0.64 s. The others go on."
        )
        assert program.text.count("The last lines of web:\n  端口被占用") == 1
        program.until("told web 7 failed with exit code 3")
        assert "goodbye" not in program.text
        program.process.terminate()
        assert program.end() == 0
        assert "beat | goodbye" in program.text
        assert all_gone(program.pids())


def test_a_process_that_stays_up_is_forgiven() -> None:
    with running(house([{"name": "worker", "code": POLITE}], calm=0.3)) as program:
        program.until("pids")
        os.kill(program.pids()[0], signal.SIGKILL)
        program.until("told worker 1 was ended by SIGKILL")
        program.until("worker | stays up again")
        program.until("told nobody")
        program.process.terminate()
        assert program.end() == 0


def test_a_command_that_does_not_exist_says_so() -> None:
    with Child(ProcessSpec("nothing", ("/nowhere/celery",))) as child:
        assert (
            child.output.readline().decode()
            == "/nowhere/celery can't be started: No such file or directory\n"
        )
        assert child.wait(PATIENCE) == 127


def test_empty_lines_are_not_passed_on() -> None:
    with running(house([{"name": "web", "code": r"print('a\n\n  \nb', flush=True); " + SLEEP}])) as program:
        program.until("web | a\nweb | b\n")


def test_last_words_without_a_line_end_are_passed_on() -> None:
    with running(
        house([{"name": "web", "code": "import os; os.write(1, 'ende 完'.encode()); os._exit(1)"}])
    ) as program:
        program.until("web | ende 完\n")


def test_pauses_between_restarts_grow_up_to_a_limit() -> None:
    policy = RestartPolicy()
    assert [policy.pause(deaths) for deaths in range(1, 8)] == [0.5, 1, 2, 4, 8, 16, 32]
    assert policy.pause(8) == policy.pause(10_000) == 60


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
