"""Documents that persons change and delete, and what batches and translations make of it."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from accounts.models import Activity, User
from generation.models import ProviderCall
from templates.models import ContentTemplate, Document, DocumentVersion, Project
from templates.services.documents import document_update
from templates.services.sources import project_update
from tests.templates import writer
from tests.templates.factories import (
    batch_of,
    document_make,
    documents_of,
    finish,
    generate,
    run_items,
    stale_cells,
)

pytestmark = pytest.mark.django_db

URL = "/api/v1/templates/documents"
ClientFor = Callable[[User], APIClient]


@pytest.fixture
def client(client_for: ClientFor, alice: User) -> APIClient:
    return client_for(alice)


def of(owner: User, language: str = "zh") -> Document:
    return documents_of(owner)["tea-house", "brief", language]


@pytest.fixture
def made(alice: User, tea: Project, library: list[ContentTemplate]) -> Document:
    """A Chinese document and its English translation."""
    generate(alice, languages=("zh", "en"), translated=True, template_codes=("brief",))
    return of(alice)


class TestChanging:
    def test_makes_a_new_version_marked_as_a_persons(self, client: APIClient, alice: User) -> None:
        document = document_make(alice, content="# 旧标题\n\n旧文")
        answer = client.patch(f"{URL}/{document.pk}", {"content": "# 新标题\r\n\r\n新文 🍵"})
        assert answer.status_code == 200
        shown = answer.json()["data"]
        assert (shown["title"], shown["content"]) == ("新标题", "# 新标题\n\n新文 🍵")
        assert (shown["version"], shown["provider"], shown["is_edited"]) == (2, "person", True)
        assert shown["characters"] == len(shown["content"])
        assert [version["number"] for version in shown["versions"]] == [2, 1]
        older = client.get(f"{URL}/{document.pk}/versions").json()["data"]
        assert [(one["is_edited"], one["content"]) for one in older] == [
            (True, "# 新标题\n\n新文 🍵"),
            (False, "# 旧标题\n\n旧文"),
        ]
        assert Activity.objects.filter(action="update_document", object_id=str(document.pk)).count() == 1

    def test_a_title_alone_and_nothing_at_all(self, client: APIClient, alice: User) -> None:
        document = document_make(alice)
        assert client.patch(f"{URL}/{document.pk}", {"title": "另一个"}).json()["data"]["version"] == 2
        for same in ({}, {"title": "另一个"}):
            assert client.patch(f"{URL}/{document.pk}", same).json()["data"]["version"] == 2

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"content": ""}, "content"),
            ({"content": "  \n "}, "content"),
            ({"content": "茶" * 200_001}, "content"),
            ({"title": "x" * 301}, "title"),
            ({"title": "a\u202eb"}, "title"),
            ({"language": "en"}, "language"),
            ({"content": 5}, "content"),
        ],
    )
    def test_wrong_bodies_change_nothing(
        self, client: APIClient, alice: User, body: dict[str, Any], field: str
    ) -> None:
        document = document_make(alice)
        answer = client.patch(f"{URL}/{document.pk}", body)
        assert answer.status_code == 422
        assert field in str(answer.json()["data"])
        assert DocumentVersion.objects.count() == 1

    def test_if_match_protects_from_lost_updates(self, client: APIClient, alice: User) -> None:
        document = document_make(alice)
        etag = client.get(f"{URL}/{document.pk}").headers["ETag"]
        assert (
            client.patch(f"{URL}/{document.pk}", {"title": "一"}, headers={"If-Match": etag}).status_code
            == 200
        )
        assert (
            client.patch(f"{URL}/{document.pk}", {"title": "二"}, headers={"If-Match": etag}).status_code
            == 412
        )

    def test_those_of_others_dont_exist(self, client_for: ClientFor, bob: User, alice: User) -> None:
        document = document_make(alice)
        for answer in (
            client_for(bob).patch(f"{URL}/{document.pk}", {"title": "x"}),
            client_for(bob).delete(f"{URL}/{document.pk}"),
            client_for(alice).delete(f"{URL}/{uuid4()}"),
        ):
            assert answer.status_code == 404
        document.refresh_from_db()
        assert document.version == 1


class TestDeleting:
    def test_takes_its_versions_along_and_a_batch_makes_it_anew(
        self, client: APIClient, alice: User, made: Document
    ) -> None:
        assert client.delete(f"{URL}/{made.pk}").status_code == 204
        assert not DocumentVersion.objects.filter(document_id=made.pk).exists()
        assert Activity.objects.filter(action="delete_document").count() == 1
        assert stale_cells(alice) == set()
        assert finish(batch_of(alice, languages=("zh",), template_codes=("brief",))) == {"succeeded": 1}

    def test_not_while_a_batch_writes_it(self, client: APIClient, alice: User, made: Document) -> None:
        batch_of(alice, languages=("zh",), template_codes=("brief",), skip_existing=False)
        answer = client.delete(f"{URL}/{made.pk}")
        assert (answer.status_code, answer.json()["data"]["code"]) == (409, "DOCUMENT_BUSY")
        assert Document.objects.filter(pk=made.pk).exists()


class TestBatches:
    @pytest.mark.parametrize("asked", [{"skip_existing": False}, {"only_stale": True}])
    def test_write_over_no_persons_text(
        self, alice: User, tea: Project, made: Document, asked: dict[str, Any]
    ) -> None:
        document_update(document=made, content="# 我的文字\n\n人写的。")
        project_update(project=tea, description_zh="改了。")
        assert ("tea-house", "brief", "zh") in stale_cells(alice)
        batch = batch_of(alice, languages=("zh",), template_codes=("brief",), **asked)
        assert finish(batch) == {"skipped": 1}
        assert batch.items.get().skip_reason == "edited"
        latest = of(alice).latest
        assert latest is not None
        assert latest.content == "# 我的文字\n\n人写的。"

    def test_write_over_it_when_they_are_told_to(self, alice: User, made: Document) -> None:
        document_update(document=made, content="# 我的文字\n\n人写的。")
        asked = {"skip_existing": False, "overwrite_edited": True}
        assert finish(batch_of(alice, languages=("zh",), template_codes=("brief",), **asked)) == {
            "succeeded": 1
        }
        assert (of(alice).provider, of(alice).version) == ("sandbox", 3)

    def test_buy_nothing_for_what_a_person_wrote_meanwhile(
        self, alice: User, tea: Project, library: list[ContentTemplate], paid: Any
    ) -> None:
        generate(alice, languages=("zh",), template_codes=("brief",))
        calls = ProviderCall.objects.count()
        batch = batch_of(alice, languages=("zh",), template_codes=("brief",), skip_existing=False)
        document_update(document=of(alice), content="# 我的文字\n\n人写的。")
        assert finish(batch) == {"skipped": 1}
        assert batch.items.get().skip_reason == "edited"
        assert ProviderCall.objects.count() == calls

    def test_keep_what_was_paid_for_beside_what_a_person_wrote_meanwhile(
        self, alice: User, tea: Project, library: list[ContentTemplate], paid: Any
    ) -> None:
        generate(alice, languages=("zh",), template_codes=("brief",))

        def meanwhile(request: Any) -> str:
            document_update(document=of(alice), content="# 我的文字\n\n人写的。")
            return "# 机器的文字\n\n买来的正文在这里。"

        writer.says(meanwhile)
        batch = batch_of(alice, languages=("zh",), template_codes=("brief",), skip_existing=False)
        assert finish(batch) == {"succeeded": 1}
        document = of(alice)
        assert document.latest is not None
        assert (document.version, document.latest.content) == (2, "# 我的文字\n\n人写的。")
        assert "买来的" in document.versions.get(number=3).content
        document_update(document=document, title="再改")
        assert of(alice).version == 4


class TestTranslations:
    def test_turn_stale_with_their_source_and_are_made_from_the_persons_text(
        self, client: APIClient, alice: User, made: Document
    ) -> None:
        assert stale_cells(alice) == set()
        client.patch(f"{URL}/{made.pk}", {"content": "# 我的标题\n\n人写的一段话。"})
        assert stale_cells(alice) == {("tea-house", "brief", "en")}
        listed = client.get(f"{URL}?is_stale=true").json()["data"]
        assert [row["language"] for row in listed] == ["en"]
        assert (
            finish(batch_of(alice, only_stale=True, template_codes=("brief",), translated=True))["succeeded"]
            == 1
        )
        assert stale_cells(alice) == set()
        english = of(alice, "en").latest
        assert english is not None
        assert english.content.startswith("# (Simulated translation)")

    def test_that_a_person_changed_stay_as_they_are(self, alice: User, made: Document) -> None:
        document_update(document=of(alice, "en"), content="# Mine\n\nMy own words.")
        document_update(document=made, content="# 新的\n\n新的正文。")
        assert stale_cells(alice) == {("tea-house", "brief", "en")}
        batch = batch_of(alice, only_stale=True, template_codes=("brief",), translated=True)
        finish(batch)
        assert of(alice, "en").provider == "person"
        document_update(document=of(alice, "en"), content="# Mine\n\nMy newer words.")
        assert stale_cells(alice) == set()

    def test_there_and_back_is_no_endless_round(self, alice: User, made: Document) -> None:
        options = {"skip_existing": False, "translated": True, "template_codes": ("brief",)}
        batch = batch_of(alice, languages=("en", "zh"), **options)
        run_items(batch)
        finish(batch)
        assert stale_cells(alice) == set()
