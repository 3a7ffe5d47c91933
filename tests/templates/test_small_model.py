"""Wherever a text of the small local model is shown, it is marked as made by it; nobody else's text is."""

import io
import itertools
import json
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from config.queues import Queue
from generation.domain.origins import is_small_model
from generation.models import Job
from generation.providers import registry
from generation.providers.base import AUTH_FAILED, ProviderError
from templates.models import ContentTemplate, Document, Project, TemplateBatch
from tests.support.llm_server import LLMServer
from tests.templates import writer
from tests.templates.factories import batch_of, document_make, errors_of, finish

pytestmark = pytest.mark.django_db

URL = "/api/v1/templates/documents"
NOTES = {"zh": "由小型本地模型生成，请核对。", "en": "Made by a small local model; check it."}
CONTENT = "# 茶 🍵\n\n正文"

ClientFor = Callable[[User], APIClient]


@pytest.fixture
def client(client_for: ClientFor, alice: User) -> APIClient:
    return client_for(alice)


def small(owner: User, language: str = "zh") -> Document:
    return document_make(owner, provider="local-model", model="qwen", language=language, content=CONTENT)


@pytest.mark.parametrize("provider", ["sandbox", "local", "deepseek", ""])
def test_no_other_provider_is_a_small_model(provider: str) -> None:
    assert is_small_model("local-model")
    assert not is_small_model(provider)


def test_the_api_says_so_of_documents_and_versions(client: APIClient, alice: User) -> None:
    marked, plain = small(alice), document_make(alice)
    listed = {row["id"]: row["is_small_model"] for row in client.get(URL).json()["data"]}
    assert listed == {str(marked.pk): True, str(plain.pk): False}
    for document in (marked, plain):
        one = f"{URL}/{document.pk}"
        assert client.get(one).json()["data"]["is_small_model"] is (document == marked)
        (version,) = client.get(f"{one}/versions").json()["data"]
        assert version["is_small_model"] is (document == marked)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_exports_say_so_in_the_documents_language(client: APIClient, alice: User, language: str) -> None:
    document = small(alice, language)
    archive = zipfile.ZipFile(io.BytesIO(client.get(f"{URL}/export").getvalue()))
    texts = {name.rpartition(".")[2]: archive.read(name).decode() for name in archive.namelist()}
    assert texts["md"] == f"> {NOTES[language]}\n\n{CONTENT}"
    assert f'<p class="notice" role="note">{NOTES[language]}</p>' in texts["html"]
    page = client.get(f"{URL}/export?format=html&document_id={document.pk}").content.decode()
    assert NOTES[language] in page
    line = json.loads(client.get(f"{URL}/export?format=jsonl").getvalue())
    assert line["is_small_model"] is True
    assert line["content"] == CONTENT, "the text itself stays as it was written"


def test_exports_of_others_say_nothing(client: APIClient, alice: User) -> None:
    document_make(alice, content=CONTENT)
    archive = zipfile.ZipFile(io.BytesIO(client.get(f"{URL}/export").getvalue()))
    assert all(
        note not in archive.read(name).decode() for name in archive.namelist() for note in NOTES.values()
    )
    assert json.loads(client.get(f"{URL}/export?format=jsonl").getvalue())["is_small_model"] is False


@pytest.mark.parametrize("kind", ["document", "documentversion"])
def test_the_back_office_says_so(admin_client: Client, alice: User, kind: str) -> None:
    for document, is_marked in ((small(alice), True), (document_make(alice), False)):
        row = document if kind == "document" else document.latest
        assert row is not None
        page = admin_client.get(reverse(f"admin:templates_{kind}_change", args=[row.pk])).text
        assert (NOTES["en"] in page) is is_marked


class TestSlow:
    """A machine that is too slow for a document says so once, instead of trying for hours."""

    @pytest.fixture
    def server(self, settings: Any, paid: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[LLMServer]:
        """On its adapter's clock an hour passes between two looks."""
        clock = SimpleNamespace(monotonic=partial(next, itertools.count(0, 3600)))
        monkeypatch.setattr("generation.providers.llm.small_model.time", clock)
        with LLMServer() as server:
            options = {"base_url": server.url, "model": "qwen"}
            path = "generation.providers.llm.small_model.SmallModelChat"
            settings.PROVIDERS = {"llm": {"local-model": {"path": path, "options": options}}}
            settings.PROVIDER_ORDER = {"llm": ["local-model"]}
            registry.reset()
            yield server

    def test_the_document_fails_at_once_and_says_why(
        self, server: LLMServer, alice: User, tea: Project, library: list[ContentTemplate]
    ) -> None:
        batch = batch_of(alice, languages=("zh",), template_codes=("brief",))
        assert finish(batch) == {"failed": 1}
        job = Job.objects.get(parent_id=batch.job_id)
        assert (job.error["code"], job.error["charged"], job.attempt) == ("PROVIDER_TOO_SLOW", False, 1)
        assert "生成过慢" in job.error["message_zh"]
        assert len(server.calls) == 1

    def test_an_answer_has_as_long_as_its_attempt(
        self, alice: User, tea: Project, library: list[ContentTemplate], paid: Any, settings: Any
    ) -> None:
        assert finish(batch_of(alice, languages=("zh",), template_codes=("brief",))) == {"succeeded": 1}
        limit = settings.QUEUE_LIMITS[Queue.AGENT_BUILDS].limit_seconds
        (asked,) = writer.said
        assert asked.deadline_s is not None
        assert 0 < asked.deadline_s <= limit


class TestKept:
    """A document that a larger model wrote isn't replaced by the small one, unless a person says so."""

    @pytest.fixture
    def one(
        self, alice: User, tea: Project, library: list[ContentTemplate], paid: Any
    ) -> Callable[..., TemplateBatch]:
        return lambda **changes: batch_of(
            alice, languages=("zh",), template_codes=("brief",), skip_existing=False, **changes
        )

    def by(self, settings: Any, provider: str) -> None:
        writer.configure(settings, provider)
        registry.reset()

    def kept(self, client: APIClient, batch: TemplateBatch) -> None:
        assert finish(batch) == {"skipped": 1}
        job = Job.objects.get(pk=batch.job_id)
        counts = job.output["counts"]
        assert (job.status, counts["skipped"], counts["succeeded"]) == ("succeeded", 1, 0)
        document = Document.objects.get()
        assert document.provider == "deepseek"
        (item,) = client.get(f"/api/v1/templates/batches/{batch.pk}/items").json()["data"]
        found = item["status"], item["skip_reason"], item["document_id"]
        assert found == ("skipped", "better", str(document.pk))
        shown = client.get(f"/api/v1/templates/batches/{batch.pk}").json()["data"]
        assert (shown["counts"]["skipped"], shown["counts"]["succeeded"]) == (1, 0)

    def test_by_default(self, client: APIClient, one: Callable[..., TemplateBatch], settings: Any) -> None:
        finish(one())
        self.by(settings, "local-model")
        rehearsal = {"languages": ["zh"], "template_codes": ["brief"], "skip_existing": False}
        told = client.post("/api/v1/templates/batch-generate/estimate", rehearsal).json()["data"]
        assert (told["to_run"], told["skipped"]) == (0, {"better": 1})
        batch = one()
        assert batch.items.get().job is None
        self.kept(client, batch)
        assert len(writer.said) == 1, "nothing was bought"

    def test_what_became_better_while_its_item_waited(
        self, client: APIClient, one: Callable[..., TemplateBatch], alice: User, tea: Project, settings: Any
    ) -> None:
        self.by(settings, "local-model")
        batch = one()
        brief = ContentTemplate.objects.get(code="brief")
        document_make(alice, provider="deepseek", project=tea, content_template=brief)
        self.kept(client, batch)
        assert writer.said == [], "nothing was bought"

    def test_unless_a_person_says_otherwise(self, one: Callable[..., TemplateBatch], settings: Any) -> None:
        finish(one())
        self.by(settings, "local-model")
        assert finish(one(small_model_may_replace=True)) == {"succeeded": 1}
        assert Document.objects.get().provider == "local-model"

    def test_what_doesnt_exist_is_written_and_its_own_replaced(
        self, one: Callable[..., TemplateBatch], settings: Any
    ) -> None:
        self.by(settings, "local-model")
        for number in (1, 2):
            assert finish(one()) == {"succeeded": 1}
            assert Document.objects.get().version == number

    def test_the_small_one_doesnt_step_in_for_a_larger_one_either(
        self, one: Callable[..., TemplateBatch], settings: Any
    ) -> None:
        finish(one())
        writer.configure(settings, "deepseek", "local-model")
        registry.reset()
        away = ProviderError(AUTH_FAILED, "no", retryable=False, charged=False)
        writer.says(lambda request: away)
        batch = one()
        assert finish(batch) == {"failed": 1}
        assert errors_of(batch) == [AUTH_FAILED]
