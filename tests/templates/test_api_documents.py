"""GET templates/documents, documents/{id} and documents/{id}/versions."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
import pytest
from rest_framework.test import APIClient, APIRequestFactory

from accounts.models import User
from accounts.services.sessions import session_start
from benchmarks.plain.views import DocumentDetail, DocumentList
from templates.models import Document
from tests.templates.factories import content_template_make, document_make, project_make

pytestmark = pytest.mark.django_db

URL = "/api/v1/templates/documents"
NOBODYS = "01a20000-0000-7000-8000-000000000000"

ClientFor = Callable[[User], APIClient]


@pytest.fixture
def document(alice: User) -> Document:
    made = document_make(
        alice,
        title='云上茶馆 "简介" 🍵',
        versions=2,
        content="# 云上茶馆\n\n正文",
        project=project_make(alice, code="tea-house", name_zh="云上茶馆", name_en=""),
        content_template=content_template_make(code="brief", name_zh="简介", name_en="Brief"),
    )
    moment = datetime(2026, 1, 31, 8, tzinfo=UTC)
    Document.objects.filter(pk=made.pk).update(created_at=moment, updated_at=moment)
    return Document.objects.get(pk=made.pk)


def brief(row: Any) -> dict[str, str]:
    return {"id": str(row.pk), "code": row.code, "name_zh": row.name_zh, "name_en": row.name_en}


def test_a_document_is_listed_with_its_project_and_template(
    client_for: ClientFor, alice: User, document: Document
) -> None:
    response = client_for(alice).get(URL)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response.json() == {
        "status": "success",
        "data": [
            {
                "id": str(document.pk),
                "project": brief(document.project),
                "content_template": brief(document.content_template),
                "language": "zh",
                "source_language": "zh",
                "title": '云上茶馆 "简介" 🍵',
                "version": 2,
                "characters": 10,
                "is_stale": False,
                "provider": "sandbox",
                "model": "sandbox-text",
                "is_small_model": False,
                "is_edited": False,
                "created_at": "2026-01-31T08:00:00.000000Z",
                "updated_at": "2026-01-31T08:00:00.000000Z",
            }
        ],
        "meta": {
            "page": 1,
            "limit": 20,
            "total": 1,
            "total_is_capped": False,
            "pages": 1,
            "has_next": False,
            "next_cursor": None,
        },
    }


def test_a_list_costs_one_query_and_so_does_a_document(
    client_for: ClientFor, alice: User, django_assert_num_queries: Any
) -> None:
    documents = [document_make(alice, versions=3) for _ in range(5)]
    client = client_for(alice)
    client.get(URL)  # looks the account up, which is then remembered for some seconds
    with django_assert_num_queries(1):
        assert len(client.get(URL).json()["data"]) == 5
    with django_assert_num_queries(1):
        assert client.get(f"{URL}/{documents[0].pk}").status_code == 200


def test_a_document_shows_its_text_and_its_versions(
    client_for: ClientFor, alice: User, document: Document
) -> None:
    data = client_for(alice).get(f"{URL}/{document.pk}").json()["data"]
    assert data["content"] == "# 云上茶馆\n\n正文"
    assert [version["number"] for version in data["versions"]] == [2, 1]
    assert data["project"] == brief(document.project)


def test_a_document_has_an_etag_that_changes_with_it(
    client_for: ClientFor, alice: User, document: Document
) -> None:
    client = client_for(alice)
    etag = client.get(f"{URL}/{document.pk}")["ETag"]
    assert client.get(f"{URL}/{document.pk}", headers={"If-None-Match": etag}).status_code == 304
    document.title = "另一个标题"
    document.save()
    changed = client.get(f"{URL}/{document.pk}", headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed["ETag"] != etag


def test_a_changed_project_makes_its_documents_stale(
    client_for: ClientFor, alice: User, document: Document
) -> None:
    client = client_for(alice)
    assert client.get(URL, {"is_stale": "true"}).json()["data"] == []
    type(document.project).objects.filter(pk=document.project_id).update(fingerprint_zh="changed")
    assert [row["is_stale"] for row in client.get(URL, {"is_stale": "true"}).json()["data"]] == [True]


def test_versions_are_listed_newest_first_with_their_texts(
    client_for: ClientFor, alice: User, document: Document, django_assert_num_queries: Any
) -> None:
    client = client_for(alice)
    client.get(URL)
    with django_assert_num_queries(1):
        answer = client.get(f"{URL}/{document.pk}/versions").json()
    assert [row["number"] for row in answer["data"]] == [2, 1]
    assert answer["data"][0]["content"] == "# 云上茶馆\n\n正文"
    assert answer["data"][0]["cost_micros"] == 9_007_199_254_740_993
    older = client.get(f"{URL}/{document.pk}/versions", {"sort": "number", "limit": 1}).json()
    assert [row["number"] for row in older["data"]] == [1]


def test_nobody_sees_another_ones_documents(client_for: ClientFor, bob: User, document: Document) -> None:
    client = client_for(bob)
    assert client.get(URL).json()["data"] == []
    for address in (f"{URL}/{document.pk}", f"{URL}/{document.pk}/versions", f"{URL}/{uuid4()}/versions"):
        response = client.get(address)
        assert (response.status_code, response.json()["data"]["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("path", ["", f"/{NOBODYS}", f"/{NOBODYS}/versions"])
def test_reading_needs_a_login(anonymous: APIClient, db: None, path: str) -> None:
    assert anonymous.get(f"{URL}{path}").status_code == 401


def test_an_unknown_filter_and_sort_are_errors_with_their_names(client_for: ClientFor, alice: User) -> None:
    response = client_for(alice).get(URL, {"colour": "red", "sort": "-owner"})
    data = response.json()["data"]
    assert (response.status_code, data["code"]) == (422, "VALIDATION_FAILED")
    assert {detail["field"] for detail in data["details"]["fields"]} == {"colour", "sort"}


def test_a_forged_cursor_and_a_page_too_deep_are_told_apart(client_for: ClientFor, alice: User) -> None:
    client = client_for(alice)
    assert client.get(URL, {"cursor": "AAAA"}).json()["data"]["code"] == "CURSOR_INVALID"
    assert client.get(URL, {"page": "501"}).json()["data"]["code"] == "PAGE_TOO_DEEP"


# -- the reference that the benchmark compares with --------------------------------------------------------------


def plainly(view: Any, user: User, query: str = "", **keys: Any) -> Any:
    token = session_start(user=user).access
    request = APIRequestFactory().get(f"/{query}", HTTP_AUTHORIZATION=f"Bearer {token}")
    return orjson.loads(view.as_view()(request, **keys).render().content)


def plain_part(answer: dict[str, Any]) -> dict[str, Any]:
    """Without what the list machine adds: a cursor, and where the words of a search stand."""
    rows = [{name: value for name, value in row.items() if name != "matches"} for row in answer["data"]]
    return {**answer, "data": rows, "meta": {**answer["meta"], "next_cursor": None}}


@pytest.mark.parametrize(
    "query", ["", "?limit=3", "?limit=3&page=2", "?language=en", "?search=茶馆", "?limit=100"]
)
def test_the_benchmarks_plain_list_answers_the_same(
    client_for: ClientFor, alice: User, bob: User, document: Document, query: str
) -> None:
    for number in range(6):
        provider = "local-model" if number == 3 else "sandbox"
        document_make(alice, language="en" if number % 2 else "zh", characters=number, provider=provider)
    document_make(bob)
    assert plain_part(client_for(alice).get(f"{URL}{query}").json()) == plainly(DocumentList, alice, query)


def test_the_benchmarks_plain_detail_answers_the_same(
    client_for: ClientFor, alice: User, document: Document
) -> None:
    answer = client_for(alice).get(f"{URL}/{document.pk}").json()
    assert answer == plainly(DocumentDetail, alice, pk=document.pk)
