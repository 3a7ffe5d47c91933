"""Staff give an account the projects of a CSV file, after a rehearsal if they like."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Activity, AuditEntry, User
from config.spreadsheets.reading import MAX_FILE_BYTES
from templates.models import Project
from tests.support.speaking import speak

pytestmark = pytest.mark.django_db

FILE = "name_zh,name_en,website\n云上茶馆,Cloud Tea House,https://tea.example\n北辰物流,,\n"


@pytest.fixture
def back_office(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def address() -> str:
    return reverse("admin:templates_project_import_projects")


def send(client: Client, data: bytes, owner: str = "alice", **fields: str) -> Any:
    file = SimpleUploadedFile("projects.csv", data, content_type="text/csv")
    return client.post(address(), {"file": file, "owner": owner, "encoding": "", **fields})


def said(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def test_the_list_leads_to_the_page_in_both_languages(back_office: Client, alice: User) -> None:
    for language, words in (("en", "Import a CSV file"), ("zh-CN", "导入 CSV 文件")):
        listed = speak(back_office, language).get(reverse("admin:templates_project_changelist")).text
        assert address() in listed
        assert words in listed
        assert words in back_office.get(address()).text


def test_a_rehearsal_counts_and_writes_nothing(back_office: Client, alice: User) -> None:
    answer = send(back_office, FILE.encode(), dry_run="on")
    assert said(answer) == "Nothing was written. Projects: 2 created, 0 updated, 0 unchanged."
    assert not Project.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_an_import_is_the_owners_and_stands_in_the_audit(
    back_office: Client, alice: User, encoding: str
) -> None:
    answer = send(back_office, FILE.encode(encoding))
    assert answer.headers["Location"] == reverse("admin:templates_project_changelist")
    assert said(answer) == "Projects: 2 created, 0 updated, 0 unchanged."
    assert set(Project.objects.values_list("owner__username", "name_zh")) == {
        ("alice", "云上茶馆"),
        ("alice", "北辰物流"),
    }
    entry = AuditEntry.objects.get()
    assert (entry.actor_name, entry.action, entry.object_id) == ("staff", "import_projects", str(alice.pk))
    assert entry.changes["created"] == 2
    assert not Activity.objects.exists(), "the owner did nothing"
    shown = speak(back_office, "zh-CN").get(reverse("admin:accounts_auditentry_change", args=[entry.pk]))
    assert "导入 CSV 文件" in shown.text


def test_every_problem_is_named_with_its_line(back_office: Client, alice: User) -> None:
    data = (FILE + ",,\n坏地址,,ftp://x\n").encode()
    answer = speak(back_office, "zh-CN").post(
        address(), {"file": SimpleUploadedFile("x.csv", data), "owner": "alice"}
    )
    assert answer.status_code == 200
    assert "第 5 行" in answer.text
    assert "未导入任何内容" in said(answer)
    assert not Project.objects.exists()


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"owner": "nobody"}, "owner"), ({"owner": ""}, "owner"), ({"encoding": "x" * 41}, "encoding")],
)
def test_a_wrong_form_says_where(
    back_office: Client, alice: User, fields: dict[str, str], field: str
) -> None:
    answer = send(back_office, FILE.encode(), **fields)
    assert list(answer.context["form"].errors) == [field]
    assert not Project.objects.exists()


def test_without_a_file_nothing_happens(back_office: Client, alice: User) -> None:
    answer = back_office.post(address(), {"owner": "alice"})
    assert list(answer.context["form"].errors) == ["file"]


def test_a_file_that_is_too_large_is_refused(back_office: Client, alice: User) -> None:
    answer = send(back_office, b"x" * (MAX_FILE_BYTES + 10))
    assert "5 MB" in answer.text


def test_who_may_not_add_projects_is_refused(alice: User) -> None:
    clerk = User.objects.create_user("clerk", "clerk@example.com", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(clerk)
    assert client.get(address()).status_code == 403
    assert send(client, FILE.encode()).status_code == 403
    assert address() not in client.get(reverse("admin:templates_project_changelist")).text
