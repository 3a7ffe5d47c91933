"""`make setup` and `make run` as a person meets them: addresses, refusals that help, nothing left behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from config.demo import DEMO_PASSWORD, DEMO_USERNAME
from config.published import key_prefix
from launcher.supervisor.ports import LOOPBACK, free_port, holder, is_free
from tests.support.databases import migrated_file
from tests.support.programs import all_gone, below, eventually, running

pytestmark = [pytest.mark.system, pytest.mark.once]


def supervisor(tmp_path: Path, **environ: str) -> tuple[list[str], dict[str, str]]:
    defaults = {"VAR_DIR": str(tmp_path), "ENV_FILE": "", "REDIS_URL": "", "DATABASE_URL": ""}
    defaults |= {"DJANGO_SETTINGS_MODULE": "config.settings.dev", "STOP_SECONDS": "5"}
    return [sys.executable, "-m", "launcher.supervisor"], {**defaults, **environ}


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
    with running([sys.executable, "-m", "launcher.supervisor", "--help"]) as program:
        assert program.end() == 0
    for word in ("agent_builds", "status_updates", "BROKER_PORT", "REDIS_URL", "make run"):
        assert word in program.text


def test_setup_may_be_repeated_and_overwrites_nothing(tmp_path: Path) -> None:
    _, environ = supervisor(tmp_path)
    prepare = [sys.executable, "-m", "launcher.supervisor.prepare", "--projects", "examples/projects.csv"]
    with running(prepare, environ) as first:
        assert first.end() == 0, first.text
    with running(prepare, environ) as second:
        assert second.end() == 0, second.text
    assert f"Demo account: {DEMO_USERNAME} / {DEMO_PASSWORD}" in first.text
    assert "Sample projects are unchanged" not in first.text
    assert "Sample projects are unchanged" in second.text


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Path:
    """A data folder with a database that is set up."""
    path = tmp_path_factory.mktemp("var")
    with django_db_blocker.unblock():
        migrated_file(path / "atelier.sqlite3")
    return path


def answering(broker_url: str, prefix: str) -> set[str]:
    """The names of the workers that answer a ping now."""
    with Celery(broker=broker_url) as app:
        app.conf.broker_transport_options = {"global_keyprefix": prefix}
        return {node.partition("@")[0] for reply in app.control.ping(timeout=1) for node in reply}


def test_the_whole_house_runs_and_goes(data: Path) -> None:
    port = free_port()
    command, environ = supervisor(data, PORT=str(port), BROKER_PORT=str(free_port()))
    with running(command, environ) as program:
        program.until("Atelier runs")
        program.until(f"{DEMO_USERNAME} / {DEMO_PASSWORD}")
        for path in ("/docs", "/admin/", "/health/ready"):
            assert f"http://127.0.0.1:{port}{path}" in program.text
        broker_url = (data / "broker.url").read_text()
        assert eventually(lambda: answering(broker_url, key_prefix(data)) == {"worker", "updates"})
        assert answering(broker_url, "another:") == set(), "another instance reaches nobody"
        with running(command, environ) as second:
            assert second.end() == 1
            assert f"process {program.process.pid}" in second.text
        everyone = below(program.process.pid)
        program.process.send_signal(signal.SIGKILL)
        program.end()
        assert all_gone(everyone)
        assert is_free(port)
