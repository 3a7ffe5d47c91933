"""A client that is generated from the schema goes the README's round: from registration to download."""

from __future__ import annotations

import io
import subprocess
import sys
import urllib.request
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from templates.services.catalogue import catalogue_init
from tests.support.patience import PATIENCE
from tests.support.processes import House
from tests.system.test_factory import a_document, served

pytestmark = pytest.mark.system

PACKAGE = "atelier_client"


def generate(base: str, folder: Path) -> None:
    """What somebody runs who has read the documentation: nothing is patched, a warning is a fault of the schema."""
    with urllib.request.urlopen(f"{base}/openapi.json", timeout=PATIENCE) as answer:
        (folder / "openapi.json").write_bytes(answer.read())
    # This generator has to be told that a ZIP and a CSV are files.
    files = "".join(f"  {kind}: application/octet-stream\n" for kind in ("application/zip", "text/csv"))
    config = f"post_hooks: []\ncontent_type_overrides:\n{files}"
    (folder / "config.yaml").write_text(config)
    program = Path(sys.executable).parent / "openapi-python-client"
    command = [program, "generate", "--path", "openapi.json", "--meta", "none", "--fail-on-warning"]
    said = subprocess.run(
        [*command, "--output-path", PACKAGE, "--config", "config.yaml"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert said.returncode == 0, said.stdout + said.stderr


def call(tag: str, operation: str, **arguments: Any) -> Any:
    """The parsed answer of one generated operation."""
    answer = import_module(f"{PACKAGE}.api.{tag}.{operation}").sync_detailed(**arguments)
    assert answer.status_code < 300, answer.content
    return answer.parsed


def test_the_round_of_the_readme(home: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue_init()
    home.llm.answer = a_document
    with served(home) as server:
        base = server.base.removesuffix("/api/v1")
        generate(base, tmp_path)
        monkeypatch.syspath_prepend(str(tmp_path))
        made, models = import_module(PACKAGE), import_module(f"{PACKAGE}.models")

        account = models.UserRegister(
            username="小云", email="yun@example.com", password="一个足够长的密码 42"
        )
        session = call("auth", "register", client=made.Client(base_url=base), body=account).data
        client = made.AuthenticatedClient(base_url=base, token=session.access, timeout=PATIENCE)

        texts = models.ProjectCreate(name_zh="云上茶馆", name_en="Cloud Tea House")
        project = call("templates", "create_project", client=client, body=texts).data
        assert project.name_zh == "云上茶馆"

        wanted = {"project_ids": [project.id], "category_code": "product", "limit": 2}
        question = models.BatchEstimateCreate(**wanted)
        estimate = call("templates", "estimate_batch", client=client, body=question).data
        assert (estimate.to_run, estimate.cost.routes[0].provider) == (2, "deepseek")

        asked = models.BatchGenerate(**wanted)
        batch = call("templates", "generate_batch", client=client, body=asked, wait=30).data
        assert (batch.status, batch.counts.succeeded) == (models.JobStatus.SUCCEEDED, 2)

        events = call("jobs", "list_job_events", job_id=batch.id, client=client).data
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        documents = call("templates", "list_documents", client=client, batch_id=batch.id)
        assert (documents.meta.total, len(documents.data)) == (2, 2)
        job = call("jobs", "get_job", job_id=batch.id, client=client).data
        assert (job.cost.calls, job.error) == (2, None)

        file = call("templates", "export_documents", client=client, project_id=project.id)
        assert len(zipfile.ZipFile(io.BytesIO(file.payload.read())).namelist()) == 4
        updated = models.UserUpdate(settings=models.SettingsUpdate(language=models.Language.ZH))
        assert call("auth", "update_me", client=client, body=updated).data.settings.language == "zh"
