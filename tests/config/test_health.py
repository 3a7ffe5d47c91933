"""Health tells the truth: what is gone is named, and who shouldn't see details doesn't."""

import fcntl
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import ConnectionHandler
from django.test import Client
from rest_framework.test import APIClient
from structlog.testing import capture_logs

from accounts.models import User
from config.health import checks
from config.published import AILING, SUPERVISOR_LOCK, publish
from config.startup import announce
from tests.support.closed_port import closed_port
from tests.support.speaking import speak


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(checks._checks, "broker", (lambda: {"private": {"version": "9.1.2"}}, True))


@pytest.fixture
def broker_gone(settings) -> None:
    settings.CELERY_BROKER_URL = f"redis://:secret@127.0.0.1:{closed_port()}/0"


@pytest.fixture
def database_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "gone",
        "USER": "atelier",
        "PASSWORD": "secret",
        "HOST": "127.0.0.1",
        "PORT": closed_port(),
        "OPTIONS": {"pool": {"timeout": 30}},
    }
    monkeypatch.setattr(
        "config.health.connection", ConnectionHandler({"default": {}, "gone": elsewhere})["gone"]
    )


@pytest.fixture
def heartbeats() -> Iterator[dict[str, Any]]:
    facts: dict[str, Any] = {"agent_builds": {"workers": 1, "seconds_ago": 2}}
    before = checks._checks.get("workers")
    checks.register("workers", lambda: facts)
    yield facts
    checks.unregister("workers")
    if before is not None:
        checks._checks["workers"] = before


@pytest.fixture
def production(settings: Any) -> None:
    settings.IS_PRODUCTION = True
    settings.PROVIDER_ORDER = {"llm": ["sandbox"]}


@pytest.mark.parametrize("path", ["/health", "/health/live"])
def test_alive_looks_at_nothing(anonymous: APIClient, path: str) -> None:
    answer = anonymous.get(path)
    assert answer.json() == {"status": "success", "data": {"status": "ok"}}
    assert answer.headers["Cache-Control"] == "no-store"
    assert anonymous.head(path).status_code == 200
    assert anonymous.post(path).status_code == 405


@pytest.mark.django_db
@pytest.mark.usefixtures("broker")
def test_ready_shows_heartbeats_and_no_details(anonymous: APIClient, heartbeats: dict[str, Any]) -> None:
    answer = anonymous.get("/health/ready")

    data = answer.json()["data"]
    assert (answer.status_code, data["status"]) == (200, "ready")
    assert data["checks"]["workers"] == {"ok": True, **heartbeats}
    assert data["checks"]["broker"] == {"ok": True}
    assert data["checks"]["database"].keys() == {"ok", "vendor"}
    assert "process" not in data


@pytest.mark.django_db
@pytest.mark.usefixtures("broker_gone")
def test_not_ready_without_broker(anonymous: APIClient) -> None:
    answer = anonymous.get("/health/ready", headers={"Accept-Language": "zh"})

    body = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (503, "error", "SERVICE_UNAVAILABLE")
    assert body["data"]["checks"]["broker"] == {"ok": False, "error": "ConnectionError"}
    assert body["data"]["checks"]["database"]["ok"] is True
    assert "组件" in body["message"]
    assert answer.headers["Retry-After"]
    assert "secret" not in answer.text


@pytest.mark.usefixtures("database_gone", "broker_gone")
def test_everything_that_is_gone_is_named(anonymous: APIClient) -> None:
    answer = anonymous.get("/health/ready")

    found = answer.json()["data"]["checks"]
    assert answer.status_code == 503
    assert (found["database"]["ok"], found["broker"]["ok"]) == (False, False)
    assert "127.0.0.1" not in answer.text
    assert "secret" not in answer.text
    assert anonymous.get("/health").status_code == 200


@pytest.mark.django_db
@pytest.mark.usefixtures("broker")
def test_what_is_not_needed_is_told_but_stops_nothing(
    anonymous: APIClient, heartbeats: dict[str, Any]
) -> None:
    checks.register("workers", lambda: 1 / 0)  # type: ignore[arg-type,return-value]
    answer = anonymous.get("/health/ready")
    assert (answer.status_code, answer.json()["data"]["status"]) == (200, "degraded")
    assert answer.json()["data"]["checks"]["workers"] == {"ok": False, "error": "ZeroDivisionError"}


@pytest.mark.django_db
@pytest.mark.usefixtures("broker")
def test_without_workers_it_is_not_well_and_says_which_part(anonymous: APIClient) -> None:
    answer = anonymous.get("/health/ready")
    data = answer.json()["data"]
    assert (answer.status_code, data["status"]) == (200, "degraded")
    assert {name for name, check in data["checks"].items() if not check["ok"]} == {"workers"}
    assert {queue["alive"] for queue in data["checks"]["workers"]["queues"].values()} == {0}


@pytest.mark.django_db
@pytest.mark.usefixtures("broker")
def test_processes_that_keep_dying_are_named(
    anonymous: APIClient, client_for, staff: User, settings: Any, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path
    worker = {"name": "worker", "deaths": 7, "cause": "failed with exit code 3"}
    publish(tmp_path / AILING, json.dumps({"worker": worker}))
    with (tmp_path / SUPERVISOR_LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = anonymous.get("/health/ready").json()["data"]
        assert (ready["status"], ready["checks"]["processes"]) == (
            "degraded",
            {"ok": False, "dying": {"worker": 7}},
        )
        detailed = client_for(staff).get("/health/detailed", REMOTE_ADDR="192.0.2.1").json()["data"]
        assert detailed["checks"]["processes"]["causes"] == {"worker": "failed with exit code 3"}
        page = speak(back_office(staff), "zh").get("/admin/").text
        assert "反复退出并被重新启动的进程: worker (7×)" in page
    checks.forget()
    assert anonymous.get("/health/ready").json()["data"]["checks"]["processes"] == {"ok": True}, (
        "it has ended"
    )


def back_office(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.django_db
@pytest.mark.usefixtures("broker", "production")
def test_that_only_the_sandbox_writes_is_told_to_staff(anonymous: APIClient, client_for, staff: User) -> None:
    detailed = (
        client_for(staff).get("/health/detailed", REMOTE_ADDR="192.0.2.1").json()["data"]["checks"]["models"]
    )
    assert detailed["providers"] == ["sandbox"]
    assert "the sandbox writes all documents" in detailed["notice"]
    assert anonymous.get("/health/ready").json()["data"]["checks"]["models"] == {"ok": True}
    page = speak(back_office(staff), "en").get("/admin/").text
    assert "the sandbox writes all documents" in page


@pytest.mark.usefixtures("production")
def test_that_only_the_sandbox_writes_is_said_at_the_start(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    with capture_logs() as lines:
        announce("web")
    assert [line["event"] for line in lines] == [
        "process.started",
        "models.sandbox_only",
        "proxy.not_believed",
    ]
    assert lines[0]["providers"] == ["sandbox"]


@pytest.mark.django_db
@pytest.mark.usefixtures("broker")
@pytest.mark.parametrize(
    ("address", "headers", "is_shown"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("192.0.2.1", {}, False),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.1"}, False),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.1"}, False),
    ],
)
def test_details_are_for_local_callers(address: str, headers: dict[str, str], is_shown: bool) -> None:
    data = APIClient(REMOTE_ADDR=address).get("/health/detailed", headers=headers).json()["data"]

    assert ("process" in data) is is_shown
    assert ("version" in data["checks"]["database"]) is is_shown
    if is_shown:
        assert data["checks"]["broker"]["version"] == "9.1.2"
        assert data["checks"]["database"]["milliseconds"] >= 0
        assert data["process"]["packages"]["django"].startswith("5.2")


@pytest.mark.usefixtures("broker")
def test_details_are_for_staff(client_for, alice: User, staff: User) -> None:
    shown = client_for(staff).get("/health/detailed", REMOTE_ADDR="192.0.2.1").json()["data"]
    hidden = client_for(alice).get("/health/detailed", REMOTE_ADDR="192.0.2.1").json()["data"]
    assert "process" in shown
    assert "process" not in hidden


@pytest.mark.django_db
def test_a_flood_of_questions_looks_once(anonymous: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    monkeypatch.setitem(checks._checks, "broker", (lambda: looks.append(1) or {}, True))
    for _ in range(5):
        anonymous.get("/health/ready")
    assert len(looks) == 1
