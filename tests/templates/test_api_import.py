"""POST templates/projects/import: the file is the body."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Activity, User
from templates.models import Project
from tests.templates.factories import project_of

pytestmark = pytest.mark.django_db

URL = "/api/v1/templates/projects/import"
TEXT = "名称,英文名称,描述\r\n云上茶馆,Cloud Tea House,为社区茶馆提供预约\r\n邻里书架,Shelf by Shelf,管理图书角\r\n"


@pytest.fixture
def client(client_for: Any, alice: User) -> APIClient:
    made: APIClient = client_for(alice)
    return made


def post(client: APIClient, data: bytes, query: str = "", **headers: str) -> Any:
    return client.generic("POST", URL + query, data, content_type="text/csv", headers=headers)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_files_as_people_save_them(client: APIClient, alice: User, encoding: str) -> None:
    answer = post(client, TEXT.encode(encoding))
    assert answer.status_code == 200
    figures = {"created": 2, "updated": 0, "unchanged": 0, "dry_run": False}
    assert {name: answer.json()["data"][name] for name in figures} == figures
    assert set(Project.objects.values_list("name_zh", "owner__username")) == {
        ("云上茶馆", "alice"),
        ("邻里书架", "alice"),
    }
    assert post(client, TEXT.encode(encoding)).json()["data"]["unchanged"] == 2
    assert Activity.objects.filter(action="import_projects").count() == 2


def test_a_rehearsal_writes_nothing(client: APIClient, alice: User) -> None:
    project_of(alice, code="cloud-tea-house", name_zh="云上茶馆", name_en="Cloud Tea House")
    answer = post(client, TEXT.encode(), "?dry_run=true")
    assert answer.json()["data"] == {
        "created": 1, "updated": 1, "unchanged": 0, "encoding": "utf-8", "dry_run": True,
    }  # fmt: skip
    assert Project.objects.count() == 1
    assert not Activity.objects.filter(action="import_projects").exists()


def test_every_problem_is_told_with_its_line_and_nothing_is_written(client: APIClient) -> None:
    answer = post(client, "name_zh,website\n茶馆,https://a.example\n书架,javascript:1\n,x\n".encode())
    assert answer.status_code == 422
    told = answer.json()["data"]
    assert told["code"] == "PROJECT_CSV_INVALID"
    assert [problem["line"] for problem in told["details"]["problems"]] == [3, 4, 4]
    assert not Project.objects.exists()


def test_thousands_of_problems_make_no_large_answer(client: APIClient) -> None:
    answer = post(client, b"name_zh,website\n" + b",x\n" * 5_000)
    assert len(answer.content) < 50_000
    assert "10,000" in str(answer.json()) or "10000" in str(answer.json())


def test_an_encoding_is_named_and_chosen(client: APIClient) -> None:
    data = "name_en\nMüller Tools\n".encode("cp1252")
    assert "windows-1252" in str(post(client, data).json())
    assert post(client, data, "?encoding=windows-1252").status_code == 200
    assert Project.objects.get().name_en == "Müller Tools"
    assert post(client, data, "?encoding=rot13").status_code == 422


@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        (b"", "text/csv", 422),
        (b"{}", "application/json", 415),
        (b"name_zh\n" + b"x" * 2_100_000, "text/csv", 413),
        (b"PK\x03\x04" + b"\0" * 100, "text/csv", 422),
    ],
)
def test_what_is_no_file_is_refused(client: APIClient, data: bytes, kind: str, status: int) -> None:
    assert client.generic("POST", URL, data, content_type=kind).status_code == status
    assert (
        client.generic("POST", f"{URL}?colour=red", TEXT.encode(), content_type="text/csv").status_code == 422
    )
    assert not Project.objects.exists()


def test_another_kind_of_body_is_told_where_the_right_one_stands(client: APIClient) -> None:
    answer = client.post(URL, {"name_en": "Tea"}, format="json")
    assert (answer.status_code, "/docs" in answer.json()["data"]["message"]) == (415, True)


def test_the_same_key_imports_once(client: APIClient) -> None:
    first = post(client, TEXT.encode(), **{"Idempotency-Key": "once"})
    again = post(client, TEXT.encode(), **{"Idempotency-Key": "once"})
    assert first.json() == again.json()
    assert post(client, TEXT.encode("gbk"), **{"Idempotency-Key": "once"}).status_code == 422
    assert Activity.objects.filter(action="import_projects").count() == 1


def test_nobody_imports_without_a_login(client_for: Any) -> None:
    assert APIClient().generic("POST", URL, TEXT.encode(), content_type="text/csv").status_code == 401
