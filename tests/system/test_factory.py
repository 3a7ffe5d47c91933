"""The document factory in real processes: over HTTP from registration to download, and from a shell that is killed."""

from __future__ import annotations

import io
import json
import signal
import sys
import urllib.error
import urllib.request
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from generation.models import ProviderCall
from launcher.supervisor.ports import LOOPBACK, free_port
from templates.models import Document, TemplateBatch
from templates.services.catalogue import catalogue_init
from tests.support.patience import PATIENCE
from tests.support.processes import House
from tests.support.programs import Program, eventually, running
from tests.templates.factories import project_of, template_of

pytestmark = pytest.mark.system


def a_document(body: Mapping[str, Any]) -> str:
    """What the vendor's model writes, in the language that it is asked for."""
    if "简体中文" in body["messages"][0]["content"]:
        return "# 云上茶馆：简介 🍵\n\n为社区茶馆提供预约。\n\n- 老人也能用\n- 不需要办卡\n"
    return "# Cloud Tea House\n\nBookings for community tea houses.\n\n- Easy for older guests\n- No card needed\n"


def environ(home: House, **changes: str) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "ATELIER_SYSTEM_TEST": "1",
        "ENV_FILE": "",
        "VAR_DIR": str(home.folder),
        "REDIS_URL": home.broker.url,
        "LLM_PROVIDERS": "deepseek",
        "DEEPSEEK_API_KEY": "sk-not-a-real-key",
        "DEEPSEEK_BASE_URL": home.llm.url,
        **home.database.environ,
        **changes,
    }


class Client:
    """An ordinary HTTP client with a token."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.token = ""

    def open(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base}{path}", data=data, method=method)
        given = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
        if self.token:
            given["Authorization"] = f"Bearer {self.token}"
        for name, value in given.items():
            request.add_header(name, value)
        return urllib.request.urlopen(request, timeout=PATIENCE)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        with self.open(method, path, body, **headers) as answer:
            return json.load(answer)["data"]


@contextmanager
def web(home: House) -> Iterator[tuple[Program, Client]]:
    """The product's one ASGI process, and a client of it."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--host", LOOPBACK]
    with running([*command, "--port", str(port)], environ(home)) as server:
        server.until("Uvicorn running on")
        yield server, Client(f"http://{LOOPBACK}:{port}/api/v1")


@contextmanager
def served(home: House) -> Iterator[Client]:
    """The product over HTTP and a worker, both ready."""
    with web(home) as (_, client), home.worker():
        yield client


def events(client: Client, job_id: str, after: str = "") -> list[tuple[int, str]]:
    """The job's events up to the end of the stream, as (number, type)."""
    headers = {"Accept": "text/event-stream", **({"Last_Event_ID": after} if after else {})}
    with client.open("GET", f"/jobs/{job_id}/events", **headers) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        blocks = [dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
                  for block in stream.read().decode().split("\n\n")]  # fmt: skip
    return [(int(block["id"]), block["event"]) for block in blocks if "id" in block]


def test_from_registration_to_download(home: House) -> None:
    catalogue_init()
    home.llm.answer = a_document
    with served(home) as client:
        account = {"username": "小云", "email": "yun@example.com", "password": "一个足够长的密码 42"}
        client.ask("POST", "/auth/register", account)
        client.token = client.ask("POST", "/auth/login", {"login": "小云", "password": account["password"]})[
            "access"
        ]
        texts = {
            "name_zh": "云上茶馆",
            "name_en": "Cloud Tea House",
            "description_zh": "为社区茶馆提供预约。",
        }
        project = client.ask("POST", "/templates/projects", texts)
        asked = {"category_code": "product", "project_ids": [project["id"]]}
        preview = client.ask("POST", "/templates/batch-generate", {**asked, "dry_run": True})
        assert [route["provider"] for route in preview["cost"]["routes"]] == ["deepseek"]

        key = {"Idempotency_Key": "first-batch"}
        batch = client.ask("POST", "/templates/batch-generate?wait=60", asked, **key)
        assert (batch["status"], batch["progress"]) == ("succeeded", 100)
        total = preview["to_run"]
        assert batch["counts"]["succeeded"] == batch["total"] == total > 2
        again = client.ask("POST", "/templates/batch-generate?wait=60", asked, **key)
        assert again == batch

        told = events(client, batch["id"])
        assert [number for number, _ in told] == list(range(1, len(told) + 1))
        assert [type_ for _, type_ in told][:3] == ["queued", "started", "waiting"]
        assert told[-1][1] == "succeeded"
        assert events(client, batch["id"], after="2") == told[2:]

        assert client.ask("GET", f"/templates/batches/{batch['id']}") == batch
        with client.open("GET", "/templates/documents/export?format=zip") as answer:
            opened = zipfile.ZipFile(io.BytesIO(answer.read()))
        assert len(opened.namelist()) == 2 * total
        chinese = [name for name in opened.namelist() if "/zh/" in name and name.endswith(".md")]
        assert len(chinese) == total // 2
        assert "云上茶馆" in opened.read(chinese[0]).decode()
        costs = client.ask("GET", f"/jobs/{batch['id']}")["cost"]
        with pytest.raises(urllib.error.HTTPError) as gone:
            Client(client.base).open("GET", "/templates/documents/export")
        assert gone.value.code == 401
    assert len(home.llm.calls) == total
    assert costs is not None


# -- from a shell --------------------------------------------------------------------------------------------------


@contextmanager
def generating(home: House, folder: Path, *arguments: str) -> Iterator[Program]:
    command = [sys.executable, "manage.py", "generate_templates", "--owner", home.owner.username]
    options = ["--concurrency", "2", "--out", str(folder)]
    with running([*command, *options, *arguments], environ(home)) as program:
        yield program


def bought(home: House) -> Counter[str]:
    """How often the vendor has seen each purchase."""
    return Counter(call.request_key for call in home.llm.calls)


def test_ctrl_c_and_kill_9_lose_nothing_and_buy_nothing_twice_unseen(home: House, tmp_path: Path) -> None:
    """Twelve documents, two at a time: Ctrl-C, then --resume, which is killed; the same command as first finishes."""
    home.llm.answer = a_document
    home.llm.delay = 0.2
    for number in range(6):
        project_of(home.owner, code=f"p{number}")
    template_of(code="brief", name_zh="产品简介", name_en="Product brief")
    folder = tmp_path / "文档"

    with generating(home, folder) as first:
        assert eventually(lambda: len(home.llm.calls) >= 3), first.text
        first.process.send_signal(signal.SIGINT)
        assert first.end() == 130, first.text
    batch = TemplateBatch.objects.get()
    assert "Traceback" not in first.text
    assert f"--resume {batch.pk}" in first.text
    paused_at = Document.objects.count()
    assert 3 <= paused_at == len(home.llm.calls) < 8
    assert set(ProviderCall.objects.values_list("status", flat=True)) == {"settled"}

    with generating(home, folder, "--resume", str(batch.pk)) as second:
        assert eventually(lambda: len(home.llm.calls) >= paused_at + 3), second.text
        second.process.kill()
        second.end()
    home.lapse()
    assert "broker" not in second.text
    assert Document.objects.count() < 12

    with generating(home, folder) as third:
        assert third.end() == 0, third.text
    assert f"Going on with batch {batch.pk}" in third.text.replace("\n", " ")
    assert TemplateBatch.objects.count() == 1
    assert list(Document.objects.values_list("version", flat=True)) == [1] * 12
    assert len(list(folder.rglob("*.md"))) == 12
    seen = bought(home)
    lost = {f"{call.job_id}:{call.step}" for call in ProviderCall.objects.filter(status="uncertain")}
    assert len(lost) <= 2, "only what was in flight when the process died"
    # A lost call may have been cut off before the vendor saw it.
    assert {key for key, times in seen.items() if times > 1} <= lost
    assert (len(seen), max(seen.values()) <= 2) == (12, True)
    assert ProviderCall.objects.filter(status="settled").count() == 12
