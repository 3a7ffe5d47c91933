"""`make run` serves the small model as a process that the house can do without."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from config.env import ROOT
from launcher.supervisor.ports import answers, free_port
from tests.support.databases import migrated_file
from tests.support.programs import Program, all_gone, below, eventually, running
from tests.support.small_model import MODEL, pretend_to_install

pytestmark = [pytest.mark.system, pytest.mark.once]


def environ(var_dir: Path, **changes: str) -> dict[str, str]:
    unset = ("ENV_FILE", "REDIS_URL", "DATABASE_URL", "LLM_PROVIDERS", "SMALL_MODEL_BASE_URL")
    return {
        **dict.fromkeys(unset, ""),
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "VAR_DIR": str(var_dir),
        "STOP_SECONDS": "5",
        "PORT": str(free_port()),
        "BROKER_PORT": str(free_port()),
        **changes,
    }


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Path:
    """A data folder after `make setup`."""
    folder = tmp_path_factory.mktemp("var")
    with django_db_blocker.unblock():
        migrated_file(folder / "atelier.sqlite3")
    prepare = [sys.executable, "-m", "launcher.supervisor.prepare", "--projects", "examples/projects.csv"]
    subprocess.run(prepare, cwd=ROOT, env={**os.environ, **environ(folder)}, check=True, capture_output=True)
    return folder


@pytest.fixture
def data(prepared: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(prepared, tmp_path / "var"))


def house(environment: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    return [sys.executable, "-m", "launcher.supervisor"], environment


def next_document(environment: dict[str, str]) -> tuple[str, str]:
    """Has the workers write one more document, asked for in another terminal; who wrote it, and with which model."""
    folder = Path(environment["VAR_DIR"])
    with sqlite3.connect(folder / "atelier.sqlite3") as database:
        (known,) = database.execute("SELECT count(*) FROM templates_document").fetchone()
    command = [
        sys.executable,
        "manage.py",
        "generate_templates",
        "--queue",
        "--limit",
        "1",
        "--languages",
        "zh",
    ]
    with running(command, environment) as writing:
        assert writing.end() == 0, writing.text
    with sqlite3.connect(folder / "atelier.sqlite3") as database:
        rows = database.execute(
            "SELECT provider, model FROM templates_document ORDER BY created_at"
        ).fetchall()
    assert len(rows) == known + 1
    return rows[-1]


def server_pid(program: Program) -> int:
    """The process id of the model's server, below the supervisor and its bond."""
    found = subprocess.run(
        ["ps", "-ww", "-eo", "pid=,args="], capture_output=True, text=True, check=True
    ).stdout
    family = below(program.process.pid)
    rows = (row.split(maxsplit=1) for row in found.splitlines())
    (pid,) = [
        int(pid)
        for pid, command in rows
        if int(pid) in family and "local_llm/server.py" in command and "bond.py" not in command
    ]
    return pid


def test_it_answers_comes_back_and_at_last_leaves_the_field_to_the_sandbox(data: Path) -> None:
    room, environment = pretend_to_install(data), environ(data)
    with running(*house(environment)) as program:
        program.until("local-llm | qwen2.5-coder-0.5b-instruct listens on http://127.0.0.1:")
        program.until("Atelier runs")
        everyone = below(program.process.pid)
        assert next_document(environment) == ("local-model", MODEL.name)

        os.kill(server_pid(program), signal.SIGKILL)
        program.until("was ended by SIGKILL; starting it again")
        program.until("listens on", times=2)
        assert next_document(environment) == ("local-model", MODEL.name)

        Path(f"{room.file(MODEL)}.broken").touch()
        os.kill(server_pid(program), signal.SIGKILL)
        program.until("local-llm | failed with exit code 1, 3 times now. Going on without it.")
        program.until("failed to load the model")
        assert eventually(lambda: answers(int(environment["PORT"]), "/health/live"))
        assert next_document(environment)[0] == "sandbox"

        everyone += below(program.process.pid)
        program.process.send_signal(signal.SIGINT)
        assert program.end() == 0
        assert all_gone(everyone)


def test_a_model_that_cannot_start_takes_nothing_down(data: Path) -> None:
    room, environment = pretend_to_install(data), environ(data, LLM_PROVIDERS="local-model")
    Path(f"{room.file(MODEL)}.broken").touch()
    with running(*house(environment)) as program:
        program.until("Going on without it.")
        program.until("Atelier runs")
        assert next_document(environment)[0] == "sandbox"
        program.process.send_signal(signal.SIGINT)
        assert program.end() == 0


#: A supervisor over a process that never gets ready and one that tells what it was told of it.
WAITING = """
import sys
from launcher.supervisor import loop
from launcher.supervisor.console import Console
from launcher.supervisor.processes import ProcessSpec

loop.DISPENSABLE_PATIENCE_SECONDS = 0.3
told = {"MODEL": "there", "PYTHONUNBUFFERED": "1"}
slow = (sys.executable, "-c", "import os, time; print('pids', os.getpid(), flush=True); time.sleep(60)")
web = (sys.executable, "-c", "import os, time; print('model:', os.environ['MODEL']); time.sleep(60)")
stages = [
    [ProcessSpec("model", slow, is_ready=lambda: False, on_loss=lambda: told.update(MODEL="gone"))],
    [ProcessSpec("web", web, told)],
]
sys.exit(loop.Supervisor(stages, Console(sys.stdout, ["model", "web"], colour=False)).run())
"""


def test_a_model_that_never_gets_ready_is_given_up() -> None:
    with running([sys.executable, "-c", WAITING]) as program:
        program.until("model | isn't ready after 0.3 s. Going on without it.")
        program.until("web   | model: gone")
        assert "model: there" not in program.text
        assert all_gone(program.pids())
        program.process.terminate()
        assert program.end() == 0
