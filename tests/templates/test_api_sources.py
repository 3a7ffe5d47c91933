"""Projects, categories and content templates over HTTP: own, shared, and nobody else's."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from templates.models import Category, ContentTemplate, Project
from tests.templates.factories import (
    batch_of,
    category_make,
    documents_of,
    finish,
    generate,
    project_of,
    template_of,
)

pytestmark = pytest.mark.django_db

NOBODYS = "01a20000-0000-7000-8000-000000000000"
BASE = "/api/v1/templates"
PROJECTS = f"{BASE}/projects"
ClientFor = Callable[[User], APIClient]

PROJECT = {
    "code": "tea-house",
    "name_zh": "云上茶馆 🍵",
    "name_en": "Cloud Tea House",
    "description_zh": "为社区茶馆提供预约。\n第二行。",
    "description_en": "Bookings for tea houses.",
    "website": "https://tea.example.com/茶",
}


@pytest.fixture
def client(client_for: ClientFor, alice: User) -> APIClient:
    return client_for(alice)


def fault(answer: Any) -> dict[str, Any]:
    return {"http": answer.status_code, **answer.json()["data"]}


def fields(answer: Any) -> set[str]:
    assert answer.status_code == 422, answer.content
    assert answer.json()["data"]["code"] == "VALIDATION_FAILED"
    return {detail["field"] for detail in answer.json()["data"]["details"]["fields"]}


def codes(client: APIClient, path: str) -> list[str]:
    return [row["code"] for row in client.get(f"{BASE}/{path}").json()["data"]]


class TestProjects:
    def test_are_made_read_changed_and_deleted(self, client: APIClient) -> None:
        made = client.post(PROJECTS, PROJECT)
        assert made.status_code == 201
        row = made.json()["data"]
        assert {name: row[name] for name in PROJECT} == PROJECT
        url = f"{PROJECTS}/{row['id']}"
        assert made.headers["Location"] == url
        assert client.get(url).json()["data"] == row
        changed = client.patch(url, {"name_zh": "云上书馆"}).json()["data"]
        assert changed == {**row, "name_zh": "云上书馆", "updated_at": changed["updated_at"]}
        assert changed["updated_at"] > row["updated_at"]
        assert client.delete(url).status_code == 204
        assert client.get(url).status_code == 404
        assert client.delete(url).status_code == 404

    def test_a_code_is_derived_and_made_unique(self, client: APIClient) -> None:
        made = [
            client.post(PROJECTS, texts).json()["data"]["code"]
            for texts in (
                {"name_en": "Tea & More!"},
                {"name_en": "Tea & More!"},
                {"name_en": "tea more"},
                {"name_zh": "云上茶馆"},
                {"name_zh": "云上茶馆"},
                {"name_zh": "🍵"},
            )
        ]
        assert made[:3] == ["tea-more", "tea-more-2", "tea-more-3"]
        assert made[3].startswith("project-")
        assert made[4] == f"{made[3]}-2"
        assert len(set(made)) == 6

    def test_a_taken_code_is_a_conflict_but_not_between_users(
        self, client: APIClient, client_for: ClientFor, alice: User, bob: User
    ) -> None:
        project_of(alice, code="tea-house")
        other = project_of(alice, code="library")
        for answer in (
            client.post(PROJECTS, PROJECT),
            client.patch(f"{PROJECTS}/{other.pk}", {"code": "tea-house"}),
        ):
            assert fault(answer)["http"] == 409
            assert fault(answer)["code"] == "PROJECT_CODE_TAKEN"
            assert "tea-house" in fault(answer)["message"]
        assert client_for(bob).post(PROJECTS, PROJECT).status_code == 201
        other.refresh_from_db()
        assert other.code == "library"

    @pytest.mark.parametrize("texts", [{}, {"name_zh": "  "}, {"name_zh": "", "name_en": ""}])
    def test_a_project_has_a_name(self, client: APIClient, texts: dict[str, str]) -> None:
        answer = client.post(PROJECTS, texts, headers={"Accept-Language": "zh-CN"})
        assert fault(answer)["code"] == "PROJECT_NAME_MISSING"
        assert "名称" in fault(answer)["message"]

    def test_its_last_name_cant_be_taken_away(self, client: APIClient, alice: User) -> None:
        project = project_of(alice, name_en="")
        answer = client.patch(f"{PROJECTS}/{project.pk}", {"name_zh": ""})
        assert fault(answer)["code"] == "PROJECT_NAME_MISSING"
        project.refresh_from_db()
        assert project.name_zh

    @pytest.mark.parametrize(
        ("body", "wrong"),
        [
            ({"name_zh": "茶" * 201}, {"name_zh"}),
            ({"name_zh": "茶", "website": "javascript:alert(1)"}, {"website"}),
            ({"name_zh": "茶", "code": "茶馆"}, {"code"}),
            ({"name_zh": "茶", "code": "../etc"}, {"code"}),
            ({"name_zh": "茶", "owner": NOBODYS}, {"owner"}),
            ({"name_zh": "茶", "fingerprint_zh": "x", "描述": "y"}, {"fingerprint_zh", "描述"}),
            ({"name_zh": ["茶"]}, {"name_zh"}),
            ({"name_zh": "茶", "description_en": "x" * 20_001}, {"description_en"}),
        ],
    )
    def test_wrong_and_unknown_fields_are_named(
        self, client: APIClient, body: dict[str, Any], wrong: set[str]
    ) -> None:
        assert fields(client.post(PROJECTS, body)) == wrong
        assert not Project.objects.exists()

    @pytest.mark.parametrize(
        "name", ["a\u0007b", "云\u202e馆", "demo\u3164", "a\u200bb", "一\n二", "\ufeffx"]
    )
    @pytest.mark.parametrize("field", ["name_zh", "name_en"])
    def test_a_name_hides_nothing(self, client: APIClient, field: str, name: str) -> None:
        assert fields(client.post(PROJECTS, {"name_zh": "茶馆", field: name})) == {field}
        assert not Project.objects.exists()

    def test_if_match_protects_from_lost_updates(self, client: APIClient, alice: User) -> None:
        url = f"{PROJECTS}/{project_of(alice).pk}"
        etag = client.get(url).headers["ETag"]
        first = client.patch(url, {"name_zh": "第一次"}, headers={"If-Match": etag})
        assert first.status_code == 200
        assert first.headers["ETag"] != etag
        second = client.patch(url, {"name_zh": "第二次"}, headers={"If-Match": etag})
        assert fault(second)["http"] == 412
        assert fault(second)["code"] == "PRECONDITION_FAILED"
        assert client.get(url).json()["data"]["name_zh"] == "第一次"
        again = client.patch(url, {"name_zh": "第二次"}, headers={"If-Match": first.headers["ETag"]})
        assert again.status_code == 200
        assert client.get(url, headers={"If-None-Match": again.headers["ETag"]}).status_code == 304

    def test_are_listed_searched_and_sorted(self, client: APIClient, alice: User, bob: User) -> None:
        project_of(alice, code="a", name_zh="云上茶馆", name_en="Tea")
        project_of(alice, code="b", name_zh="邻里书架", name_en="100% Books_")
        project_of(bob, code="c", name_zh="鲍勃的茶馆")
        assert codes(client, "projects") == ["b", "a"]
        assert codes(client, "projects?sort=code") == ["a", "b"]
        assert codes(client, "projects?search=茶馆") == ["a"]
        assert codes(client, "projects?search=0%25 B") == ["b"]
        assert codes(client, "projects?search=_") == ["b"]
        assert codes(client, "projects?code=b") == ["b"]

    @pytest.mark.parametrize("query", ["?sort=website", "?owner=x", "?page=0", "?limit=101", "?sort=-消失"])
    def test_unknown_questions_are_errors(self, client: APIClient, query: str) -> None:
        assert fields(client.get(f"{PROJECTS}{query}"))

    def test_those_of_others_dont_exist(
        self, client_for: ClientFor, alice: User, charlie: User, staff: User
    ) -> None:
        project = project_of(alice)
        url = f"{PROJECTS}/{project.pk}"
        for stranger in (charlie, staff):
            theirs = client_for(stranger)
            assert theirs.get(PROJECTS).json()["data"] == []
            for answer in (theirs.get(url), theirs.patch(url, {"name_zh": "改"}), theirs.delete(url)):
                assert (fault(answer)["http"], fault(answer)["code"]) == (404, "NOT_FOUND")
        project.refresh_from_db()
        assert project.name_zh != "改"

    def test_a_busy_one_isnt_deleted(
        self, client: APIClient, alice: User, library: Any, tea: Project
    ) -> None:
        batch = batch_of(alice)
        answer = client.delete(f"{PROJECTS}/{tea.pk}")
        assert (fault(answer)["http"], fault(answer)["code"]) == (409, "PROJECT_BUSY")
        finish(batch)
        assert client.delete(f"{PROJECTS}/{tea.pk}").status_code == 204
        assert documents_of(alice) == {}
        items = client.get(f"{BASE}/batches/{batch.pk}/items").json()["data"]
        assert {(item["project"], item["status"], item["document_id"]) for item in items} == {
            (None, "succeeded", None)
        }


class TestCategories:
    def test_those_that_are_shown_in_their_order(self, client: APIClient) -> None:
        category_make(code="late", order=2, name_zh="靠后")
        category_make(code="hidden", is_shown=False)
        category_make(code="early", order=1)
        rows = client.get(f"{BASE}/categories").json()["data"]
        assert [row["code"] for row in rows] == ["early", "late"]
        assert rows[1]["name_zh"] == "靠后"
        assert client.post(f"{BASE}/categories", {"code": "mine"}).status_code == 405


TEMPLATE = {
    "code": "faq",
    "category_code": "product",
    "name_zh": "常见问题",
    "name_en": "FAQ",
    "prompt_zh": "为 {{project_name}} 写常见问题。",
    "prompt_en": "Write an FAQ about {{ project_name }}.",
}


@pytest.fixture
def product(db: None) -> Category:
    return category_make(code="product", name_zh="产品")


class TestContentTemplates:
    def test_are_made_read_changed_and_deleted(self, client: APIClient, product: Category) -> None:
        made = client.post(BASE, TEMPLATE)
        assert made.status_code == 201
        row = made.json()["data"]
        assert row["category"]["name_zh"] == "产品"
        assert (row["is_shared"], row["is_active"], row["order"]) == (False, True, 0)
        url = f"{BASE}/{row['id']}"
        assert made.headers["Location"] == url
        category_make(code="launch")
        changed = client.patch(url, {"category_code": "launch", "is_active": False}).json()["data"]
        assert (changed["category"]["code"], changed["is_active"]) == ("launch", False)
        assert client.delete(url).status_code == 204
        assert client.get(url).status_code == 404

    def test_the_shared_library_is_for_everybody_to_read_and_for_staff_to_write(
        self, client: APIClient, client_for: ClientFor, staff: User, library: list[ContentTemplate]
    ) -> None:
        url = f"{BASE}/{library[0].pk}"
        assert client.get(url).json()["data"]["is_shared"] is True
        for answer in (client.patch(url, {"name_zh": "我的"}), client.delete(url)):
            assert (fault(answer)["http"], fault(answer)["code"]) == (403, "TEMPLATE_READ_ONLY")
        assert client_for(staff).patch(url, {"name_zh": "简介二"}).json()["data"]["name_zh"] == "简介二"
        assert client_for(staff).delete(url).status_code == 204

    def test_those_of_others_dont_exist(
        self, client_for: ClientFor, alice: User, charlie: User, staff: User
    ) -> None:
        url = f"{BASE}/{template_of(alice).pk}"
        for stranger in (charlie, staff):
            stranger_client = client_for(stranger)
            assert stranger_client.get(url).status_code == 404
            assert stranger_client.patch(url, {"name_zh": "改"}).status_code == 404
            assert stranger_client.delete(url).status_code == 404
            assert stranger_client.get(f"{BASE}/list").json()["data"] == []

    def test_a_code_is_taken_once_per_library(
        self, client: APIClient, client_for: ClientFor, bob: User, product: Category
    ) -> None:
        assert client.post(BASE, TEMPLATE).status_code == 201
        answer = client.post(BASE, TEMPLATE)
        assert (fault(answer)["http"], fault(answer)["code"]) == (409, "TEMPLATE_CODE_TAKEN")
        assert client_for(bob).post(BASE, TEMPLATE).status_code == 201
        template_of(code="faq")

    def test_placeholders_that_cant_be_filled_are_named_with_their_place(
        self, client: APIClient, product: Category
    ) -> None:
        body = {**TEMPLATE, "prompt_zh": "介绍\n关于 {{项目}} 的 }}", "prompt_en": "About {{project_nam}}"}
        problem = fault(client.post(BASE, body))
        assert (problem["http"], problem["code"]) == (422, "PLACEHOLDER_INVALID")
        assert problem["details"]["problems"] == [
            {
                "field": "prompt_zh",
                "placeholder": "项目",
                "problem": "unknown_placeholder",
                "line": 2,
                "column": 4,
            },
            {
                "field": "prompt_zh",
                "placeholder": "}}",
                "problem": "unbalanced_braces",
                "line": 2,
                "column": 13,
            },
            {
                "field": "prompt_en",
                "placeholder": "project_nam",
                "problem": "unknown_placeholder",
                "line": 1,
                "column": 7,
            },
        ]
        assert "project_name" in problem["details"]["allowed"]
        assert not ContentTemplate.objects.exists()

    @pytest.mark.parametrize(
        ("change", "wrong"),
        [
            ({"name_en": ""}, {"name_en"}),
            ({"prompt_zh": "   "}, {"prompt_zh"}),
            ({"order": -1}, {"order"}),
            ({"is_shared": True}, {"is_shared"}),
            ({"category": "product"}, {"category"}),
        ],
    )
    def test_wrong_and_unknown_fields_are_named(
        self, client: APIClient, product: Category, change: dict[str, Any], wrong: set[str]
    ) -> None:
        assert fields(client.post(BASE, {**TEMPLATE, **change})) == wrong

    def test_an_unknown_category_is_an_error(self, client: APIClient, product: Category) -> None:
        answer = client.post(BASE, {**TEMPLATE, "category_code": "vanished"})
        assert (fault(answer)["http"], fault(answer)["code"]) == (422, "CATEGORY_UNKNOWN")

    def test_one_that_documents_were_made_from_stays(
        self, client: APIClient, alice: User, tea: Project
    ) -> None:
        template = template_of(alice)
        generate(alice)
        answer = client.delete(f"{BASE}/{template.pk}")
        assert (fault(answer)["http"], fault(answer)["code"]) == (409, "TEMPLATE_IN_USE")
        assert fault(answer)["details"] == {"documents": 2}

    def test_if_match_protects_from_lost_updates(self, client: APIClient, alice: User) -> None:
        url = f"{BASE}/{template_of(alice).pk}"
        etag = client.get(url).headers["ETag"]
        assert client.patch(url, {"order": 1}, headers={"If-Match": etag}).status_code == 200
        assert client.patch(url, {"order": 2}, headers={"If-Match": etag}).status_code == 412

    def test_are_listed_and_narrowed(
        self, client: APIClient, alice: User, library: list[ContentTemplate]
    ) -> None:
        template_of(alice, code="mine", name_zh="我的模板", order=5, is_active=False)
        assert set(codes(client, "list")) == {"brief", "plan", "mine"}
        assert codes(client, "list?category_code=launch") == ["plan"]
        assert codes(client, "list?is_active=false") == ["mine"]
        assert codes(client, "list?search=我的") == ["mine"]
        assert codes(client, "list?category_code=vanished") == []


@pytest.mark.parametrize(
    "path",
    [
        "list",
        "categories",
        "projects",
        "batches",
        "documents",
        "documents/export",
        f"projects/{NOBODYS}",
        f"batches/{NOBODYS}",
        f"batches/{NOBODYS}/items",
        NOBODYS,
    ],
)
def test_nobody_reads_without_a_login_or_with_a_forged_one(
    anonymous: APIClient, client_for: ClientFor, alice: User, path: str
) -> None:
    assert fault(anonymous.get(f"{BASE}/{path}"))["http"] == 401
    good = client_for(alice)._credentials["HTTP_AUTHORIZATION"]
    head, payload, signature = good.split(".")
    forged = f"{head}.{payload}.{signature[:-4]}AAAA"
    answer = anonymous.get(f"{BASE}/{path}", headers={"Authorization": forged})
    assert (fault(answer)["http"], fault(answer)["code"]) == (401, "TOKEN_INVALID")
