"""`docs/operations.md`, done word for word: a fresh clone, settings in `.env` only, PostgreSQL, all processes."""

from __future__ import annotations

import http.client
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from email.message import Message
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.fernet import Fernet

from accounts.domain.tokens import token_make
from config.env import ROOT
from launcher.supervisor.broker import Broker
from launcher.supervisor.ports import LOOPBACK, free_port
from launcher.supervisor.processes import Child, ProcessSpec
from tests.support.patience import PATIENCE
from tests.support.postgres import postgres
from tests.support.programs import eventually

pytestmark = [pytest.mark.system, pytest.mark.once]

PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
TOKEN = token_make(is_test=False)
PASSWORD = "vier Wörter und 一只茶壶"
#: What Celery prints past all logging when it ends.
SPOKEN = "worker: "
GRACE_SECONDS = 120.0


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: str


@dataclass
class Service:
    """The clone, and where its processes listen."""

    folder: Path
    web: int
    stream: int
    children: dict[str, Child]

    def output(self, name: str) -> list[str]:
        log = self.children[name].log
        assert log is not None
        return [line for line in log.read_text("utf-8").splitlines() if line.strip()]

    def ask(
        self,
        method: str,
        path: str,
        *,
        port: int | None = None,
        form: dict[str, str] | None = None,
        **headers: str,
    ) -> Answer:
        sent = {
            "Host": "atelier.example",
            "X-Forwarded-Proto": "https",
            "Referer": "https://atelier.example/",
        }
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if form:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        with closing(http.client.HTTPConnection(LOOPBACK, port or self.web, timeout=PATIENCE)) as connection:
            connection.request(method, path, urlencode(form) if form else None, headers=sent)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode())

    def data(self, path: str, **headers: str) -> Any:
        answer = self.ask("GET", path, **headers)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)["data"]


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def processes(text: str) -> dict[str, list[str]]:
    """The commands of the table, by the process's name."""
    rows = re.findall(r"^\| (\w+) \| `([^`]+)` \|", text, re.MULTILINE)
    return {name: shlex.split(command) for name, command in rows}


def clone(folder: Path) -> None:
    """What git would bring: the files as they are now, without anything that is ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The page, from its top to the table of processes, which all run then."""
    folder, logs = tmp_path_factory.mktemp("clone"), tmp_path_factory.mktemp("logs")
    clone(folder)
    text = section("From a fresh clone to a running service")
    environ = {
        "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
    }
    web, stream = free_port(), free_port()
    with ExitStack() as stack:
        broker = stack.enter_context(Broker(logs / "broker"))
        database = stack.enter_context(postgres())
        (folder / ".env").write_text(filled(blocks(text, "ini")[0], database, broker.url), "utf-8")
        for block in blocks(text, "sh"):
            if "pip install" not in block and "curl" not in block:
                done = subprocess.run(
                    ["bash", "-euc", block],
                    cwd=folder,
                    env=environ,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert done.returncode == 0, done.stdout + done.stderr
        found = processes(text)
        assert found.keys() == {"web", "stream", "worker", "updates", "beat"}
        children = {}
        for name, command in found.items():
            line = [
                part.replace("0.0.0.0:8000", f"{LOOPBACK}:{web}")
                .replace("8001", str(stream))
                .replace("0.0.0.0", LOOPBACK)
                for part in command
            ]
            # Nothing but `.env` says how it is set up.
            spec = ProcessSpec(
                name,
                ("env", "-i", *(f"{k}={v}" for k, v in environ.items()), *line),
                directory=folder,
                grace_seconds=GRACE_SECONDS,
            )
            children[name] = stack.enter_context(Child(spec, log=logs / f"{name}.log"))
        yield Service(folder, web, stream, children)
        for child in children.values():
            child.terminate()
        codes = {name: child.wait(GRACE_SECONDS) for name, child in children.items()}
    # uvicorn ends by the signal that it was sent, once it has ended everything else.
    assert {name: code for name, code in codes.items() if code not in (0, 128 + signal.SIGTERM)} == {}


def filled(example: str, database: str, broker: str) -> str:
    """The page's `.env`, with what an operator puts in its place."""
    values = {
        "SECRET_KEY": "x3Vt9_qLw7ZrEo1mUcYb5K-hPdS0gJaNf8iQv2TyXkRzMlBtCeWu",
        "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "DATABASE_URL": database,
        "REDIS_URL": broker,
        "FIRST_ADMIN_PASSWORD": PASSWORD,
        "FIRST_ADMIN_TOKEN": TOKEN,
    }
    for name, value in values.items():
        example, count = re.subn(rf"^{name}=.*$", f"{name}='{value}'", example, flags=re.MULTILINE)
        assert count == 1, name
    return example


def is_ready(service: Service) -> bool:
    try:
        return bool(service.data("/health/ready")["status"] == "ready")
    except OSError:
        return False


@pytest.fixture
def ready(service: Service) -> Service:
    if not eventually(lambda: is_ready(service), seconds=400):
        pytest.fail("\n".join(line for name in service.children for line in service.output(name)[-20:]))
    return service


def queues(service: Service) -> dict[str, int]:
    found = service.data("/health/ready")["checks"]["workers"]["queues"]
    return {queue: one["alive"] for queue, one in found.items()}


def test_every_process_runs_and_is_well(ready: Service) -> None:
    assert all(child.is_alive() for child in ready.children.values())
    # Each web process finds out by itself, once a second.
    assert eventually(lambda: queues(ready) == {"agent_builds": 1, "status_updates": 1})
    assert eventually(lambda: bool(list((ready.folder / "var").glob("beat-schedule*"))))


def test_the_first_token_opens_and_the_first_administrator_exists(ready: Service) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert ready.data("/api/v1/jobs", **bearer) == []
    detailed = ready.data("/health/detailed", **bearer)
    assert detailed["checks"]["database"]["vendor"] == "postgresql"


def test_that_only_the_sandbox_writes_is_said_at_the_start_of_each_process(ready: Service) -> None:
    for name in ready.children:
        events = [json.loads(line)["event"] for line in ready.output(name) if not line.startswith(SPOKEN)]
        assert "process.started" in events, name
        assert "models.sandbox_only" in events, name


def test_cookies_travel_by_https_only_and_scripts_see_no_session(ready: Service) -> None:
    page = ready.ask("GET", "/admin/login/")
    assert page.status == 200
    csrf = SimpleCookie(page.headers["Set-Cookie"])["csrftoken"]
    assert (csrf["secure"], csrf["samesite"]) == (True, "Lax")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.body)
    assert token
    cookies, sent = {}, f"csrftoken={csrf.value}"
    for path, form in (
        ("/i18n/setlang/", {"language": "zh-hans", "next": "https://evil.example/"}),
        ("/admin/login/", {"username": "admin", "password": PASSWORD, "next": "//evil.example/"}),
    ):
        answer = ready.ask("POST", path, form=form | {"csrfmiddlewaretoken": token[1]}, Cookie=sent)
        assert answer.status == 302, answer.body
        assert "evil" not in answer.headers["Location"], "no open redirect"
        for header in answer.headers.get_all("Set-Cookie") or []:
            cookies |= {name: morsel for name, morsel in SimpleCookie(header).items() if morsel.value}
    for name in ("sessionid", "django_language"):
        morsel = cookies[name]
        assert (morsel["secure"], morsel["httponly"], morsel["samesite"]) == (True, True, "Lax"), name


def test_browsers_are_sent_to_https_and_told_to_stay_there(ready: Service) -> None:
    plain = ready.ask("GET", "/docs", X_Forwarded_Proto="http")
    assert (plain.status, plain.headers["Location"]) == (301, "https://atelier.example/docs")
    assert ready.ask("GET", "/docs").headers["Strict-Transport-Security"] == "max-age=3600"


def test_all_that_is_said_is_a_line_of_json_and_each_request_has_one(ready: Service) -> None:
    ready.ask("GET", "/api/v1/jobs", Authorization=f"Bearer {TOKEN}", X_Request_ID="look-for-me-web")
    ready.ask("GET", "/docs", port=ready.stream, X_Request_ID="look-for-me-stream")
    for name in ready.children:
        for line in ready.output(name):
            assert line.startswith((SPOKEN, "{")), (name, line)
    for name, route in (("web", "/api/v1/jobs"), ("stream", "/docs")):

        def found(name: str = name) -> list[dict[str, Any]]:
            lines = [json.loads(line) for line in ready.output(name) if f"look-for-me-{name}" in line]
            return [line for line in lines if line["event"] == "request"]

        assert eventually(lambda found=found: bool(found()))  # type: ignore[misc]
        (line,) = found()
        assert (line["method"], line["route"]) == ("GET", route)
        assert line["status"] in (200, 401)
        assert line["ms"] > 0


def test_a_process_that_cannot_start_says_why_in_one_line(ready: Service) -> None:
    """beat, whose folder can't be made: one error, and no page of single words."""
    (ready.folder / "a-file").touch()
    command = processes(section("From a fresh clone to a running service"))["beat"]
    done = subprocess.run(
        ["env", "VAR_DIR=a-file/below", *command],
        cwd=ready.folder,
        env={"PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"},
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    lines = [json.loads(line) for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    assert done.returncode != 0
    assert len(lines) <= 5
    assert any("NotADirectoryError" in line.get("exception", "") for line in lines)
