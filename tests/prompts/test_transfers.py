"""Libraries as files: everything comes back, a second import changes nothing, and a broken record stops all."""

import csv
import io
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Activity, User
from prompts.domain.records import PromptRecord, VersionRecord
from prompts.models import Prompt, PromptLabel, PromptVersion, Tag
from prompts.services.labels import label_move
from prompts.services.prompts import prompt_update
from prompts.services.transfers import prompts_import
from tests.prompts.factories import prompt_of, tag_of

pytestmark = pytest.mark.django_db
EXPORT, IMPORT = "/api/v1/prompts/export", "/api/v1/prompts/import"
JSON, CSV = "application/json", "text/csv"


def exported(client: Any, **query: str) -> bytes:
    answer = client.get(EXPORT, query)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def sent(client: Any, data: bytes | str, kind: str = JSON, **query: str) -> Any:
    address = f"{IMPORT}?{'&'.join(f'{name}={value}' for name, value in query.items())}"
    return client.generic("POST", address, data, content_type=kind)


def counts(answer: Any) -> tuple[int, int, int]:
    assert answer.status_code == 200, answer.content.decode()
    data = answer.json()["data"]
    return data["created"], data["unchanged"], data["tags_created"]


def library_of(owner: User) -> list[Prompt]:
    """In both languages, with all that a prompt can have."""
    tags = [tag_of(owner, "邮件", color="#1f77b4"), tag_of(owner, "Writing, no".replace(",", ""))]
    weekly = prompt_of(
        owner,
        "用{{语言}}写一封关于{{topic}}的周报。",
        title="周报",
        folder="工作/邮件",
        platform="ChatGPT",
        url="https://chat.example.com/c/1",
        response="=1+1 不是公式，\n“好的”",
        variables=[{"name": "语言", "type": "choice", "choices": ["中文", "English"], "default": "中文"}],
        tag_ids=[tag.pk for tag in tags],
        is_favorite=True,
        clarity=90,
    )
    prompt_update(prompt=weekly, content="用{{语言}}写一封关于{{topic}}的周报，列三点。")
    label_move(prompt=weekly, label="production", number=1)
    review = prompt_of(owner, "  - Review {{code}}.\n  - Say 'why'.  \n", title="Review", usage_count=7)
    old = timezone.now() - timedelta(days=400)
    Prompt.objects.update(created_at=old, last_used_at=old + timedelta(days=1))
    PromptVersion.objects.update(created_at=old)
    return [weekly, review]


def as_told(client: Any) -> list[dict[str, Any]]:
    told = json.loads(exported(client, sort="title"))
    assert (told["format"], told["version"]) == ("atelier-prompts", 1)
    return list(told["prompts"])


def test_json_brings_everything_to_another_account(alice: User, bob: User, client_for: Any) -> None:
    library_of(alice)
    file = exported(client_for(alice), format="json")
    client = client_for(bob)
    assert counts(sent(client, file)) == (2, 0, 2)
    assert as_told(client) == as_told(client_for(alice))
    weekly = Prompt.objects.owned_by(bob.pk).get(title="周报")
    assert (weekly.version, weekly.labels.get().version.number) == (2, 1)
    assert Prompt.objects.owned_by(alice.pk).count() == 2
    actions = Activity.objects.filter(owner=bob).values_list("action", flat=True)
    assert {"import_prompts", "export_prompts"} <= set(actions)


def test_a_second_import_changes_nothing_whatever_has_been_changed(
    alice: User, bob: User, client_for: Any
) -> None:
    weekly, _ = library_of(alice)
    file = exported(client_for(alice))
    client = client_for(bob)
    sent(client, file)
    for owner in (alice, bob):
        prompt_update(
            prompt=Prompt.objects.owned_by(owner.pk).get(title="周报"), title="月报", content="写月报。"
        )
        before = as_told(client_for(owner))
        assert counts(sent(client_for(owner), file)) == (0, 2, 0)
        assert as_told(client_for(owner)) == before
    assert counts(sent(client_for(alice), exported(client))) == (0, 2, 0)


def test_what_was_deleted_comes_back(alice: User, client_for: Any) -> None:
    library_of(alice)
    client = client_for(alice)
    file, before = exported(client), as_told(client)
    Prompt.objects.all().delete()
    assert counts(sent(client, file)) == (2, 0, 0)
    assert as_told(client) == before
    assert counts(sent(client, file)) == (0, 2, 0)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gb18030", "utf-16"])
def test_csv_brings_the_texts_back(alice: User, bob: User, client_for: Any, encoding: str) -> None:
    library_of(alice)
    table = exported(client_for(alice), format="csv").decode("utf-8-sig")
    client = client_for(bob)
    answer = sent(client, table.encode(encoding), CSV)
    assert counts(answer) == (2, 0, 2)
    told = {one["title"]: one for one in as_told(client)}
    for one in as_told(client_for(alice)):
        other = told[one["title"]]
        same = (
            "id",
            "folder",
            "platform",
            "url",
            "response",
            "is_favorite",
            "usage_count",
            "metrics",
            "created_at",
        )
        assert {name: other[name] for name in same} == {name: one[name] for name in same}
        assert [tag["name"] for tag in other["tags"]] == [tag["name"] for tag in one["tags"]]
        assert [version["content"] for version in other["versions"]] == [one["versions"][-1]["content"]]
    assert counts(sent(client, table.encode(encoding), CSV)) == (0, 2, 0)


@pytest.mark.parametrize(
    "text", ["=1+1", "'=1+1", "+1", "-1", "@sum", "＝1+1", "\t=1", " =1+1", "''=x", "- 一\n- 二"]
)
def test_no_cell_is_a_formula_and_each_comes_back(alice: User, bob: User, client_for: Any, text: str) -> None:
    prompt_of(alice, text, title="公式", response=text)
    file = exported(client_for(alice), format="csv")
    [row] = csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline=""))
    assert row["content"].startswith("'")
    client = client_for(bob)
    assert counts(sent(client, file, CSV)) == (1, 0, 0)
    prompt = Prompt.objects.owned_by(bob.pk).get()
    assert (prompt.content, prompt.response) == (text, text)


def test_a_table_of_ones_own_is_read(alice: User, client_for: Any) -> None:
    client = client_for(alice)
    table = (
        '标题,内容,标签,收藏,清晰度\n周报,写{{主题}}周报。,"邮件,工作,邮件",是,80\n,写诗。,,否,\n,写诗。,,,\n'
    )
    assert counts(sent(client, table.encode("gbk"), CSV)) == (2, 1, 2)
    weekly = Prompt.objects.get(title="周报")
    assert (weekly.is_favorite, weekly.clarity, weekly.variables[0]["name"]) == (True, 80, "主题")
    assert Prompt.objects.filter(title="写诗。", is_favorite=False).count() == 1
    assert counts(sent(client, table.encode("gbk"), CSV)) == (0, 3, 0)


def test_a_rehearsal_keeps_nothing(alice: User, bob: User, client_for: Any) -> None:
    library_of(alice)
    file = exported(client_for(alice))
    client = client_for(bob)
    assert counts(sent(client, file, dry_run="true")) == (2, 0, 2)
    assert not Prompt.objects.owned_by(bob.pk).exists()
    assert not Tag.objects.owned_by(bob.pk).exists()
    assert not Activity.objects.filter(owner=bob, action="import_prompts").exists()
    assert counts(sent(client, file)) == (2, 0, 2)


def test_only_what_is_asked_for_is_exported(alice: User, bob: User, client_for: Any) -> None:
    library_of(alice)
    prompt_of(bob, "别人的")
    client = client_for(alice)
    found = exported(client, search="review")
    assert [one["title"] for one in json.loads(found)["prompts"]] == ["Review"]
    assert counts(sent(client, found)) == (0, 1, 0)
    assert exported(client, is_favorite="true", format="csv").count(b"\r\n") == 2
    assert json.loads(exported(client, platform="none"))["prompts"] == []
    for query in (
        {"page": "2"},
        {"limit": "1"},
        {"cursor": ""},
        {"folders": "a"},
        {"format": "xml"},
        {"format": ["json", "csv"]},
        {"sort": "x"},
    ):
        answer = client.get(EXPORT, query)
        assert (answer.status_code, answer.json()["data"]["code"]) == (422, "VALIDATION_FAILED")


def test_more_than_a_file_holds_is_refused(alice: User, client_for: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("prompts.api.views.transfers.MOST_RECORDS", 1)
    library_of(alice)
    client = client_for(alice)
    answer = client.get(EXPORT)
    assert (answer.status_code, answer.json()["data"]["code"]) == (422, "PROMPT_EXPORT_TOO_LARGE")
    assert exported(client, search="周报")


def test_tags_that_differ_in_case_and_width_are_one(alice: User, client_for: Any) -> None:
    tag = tag_of(alice, "Tea 茶", color="#112233")
    names = [{"name": "ＴＥＡ 茶", "color": "#ffffff"}, {"name": "tea  茶"}, {"name": "New"}, {"name": "NEW"}]
    file = {"prompts": [{"content": "泡茶", "tags": names}, {"content": "喝茶", "tags": names}]}
    assert counts(sent(client_for(alice), json.dumps(file))) == (2, 0, 1)
    assert Tag.objects.count() == 2
    for prompt in Prompt.objects.all():
        assert set(prompt.tags.all()) == set(Tag.objects.all())
    tag.refresh_from_db()
    assert (tag.name, tag.color) == ("Tea 茶", "#112233")


GOOD = {"content": "好的。", "tags": [{"name": "新的"}]}


@pytest.mark.parametrize(
    ("broken", "field"),
    [
        ({}, "prompts.1"),
        ({"content": "茶", "versions": [{"content": "茶"}]}, "prompts.1"),
        ({"content": " "}, "prompts.1.content"),
        ({"content": "茶" * 50_001}, "prompts.1.content"),
        ({"versions": []}, "prompts.1.versions"),
        ({"versions": [{"content": "茶"}, {"content": 7}]}, "prompts.1.versions.1.content"),
        ({"versions": [{"content": "茶", "restored_from": 1}]}, "prompts.1"),
        ({"content": "茶", "labels": [{"name": "production", "version": 2}]}, "prompts.1"),
        ({"content": "茶", "tags": [{"name": "a,b"}]}, "prompts.1.tags.0.name"),
        ({"content": "茶", "tags": [{"name": "a", "color": "red"}]}, "prompts.1.tags.0.color"),
        ({"content": "茶", "metrics": {"clarity": 101}}, "prompts.1.metrics.clarity"),
        ({"content": "茶", "usage_count": -1}, "prompts.1.usage_count"),
        ({"content": "茶", "usage_count": 2**40}, "prompts.1.usage_count"),
        ({"content": "茶", "created_at": "yesterday"}, "prompts.1.created_at"),
        ({"content": "茶", "title": "a\u202eb"}, "prompts.1.title"),
        ({"content": "茶", "url": "javascript:alert(1)"}, "prompts.1.url"),
        ({"content": "茶", "owner_id": str(uuid4())}, "prompts.1.owner_id"),
        ({"content": "{{a}}", "variables": [{"name": "1"}]}, "prompts.1.variables.0.name"),
        ("茶", "prompts.1"),
    ],
)
def test_a_broken_record_is_named_and_nothing_is_imported(
    alice: User, client_for: Any, broken: Any, field: str
) -> None:
    answer = sent(client_for(alice), json.dumps({"prompts": [GOOD, broken]}))
    assert (answer.status_code, answer.json()["data"]["code"]) == (422, "VALIDATION_FAILED")
    assert field in [one["field"] for one in answer.json()["data"]["details"]["fields"]]
    assert not Prompt.objects.exists()
    assert not Tag.objects.exists()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ({"content": "茶", "folder": "a/../b"}, "FOLDER_INVALID"),
        ({"content": "茶", "labels": [{"name": "a b", "version": 1}]}, "LABEL_INVALID"),
        ({"content": "{{a}}", "variables": [{"name": "b"}]}, "VARIABLES_INVALID"),
        ({"content": "{{> none}}"}, "INCLUDE_UNKNOWN"),
        ({"content": "{{> 自己}}", "title": "自己"}, "INCLUDE_CYCLE"),
        ({"content": "茶", "id": "01970c7e-26a1-7c80-9f4e-0d3a52a1b001"}, "PROMPT_ID_REPEATED"),
    ],
)
def test_what_no_prompt_may_be_no_record_may_be(
    alice: User, client_for: Any, broken: Any, code: str, language: str
) -> None:
    good = {**GOOD, "id": "01970c7e-26a1-7c80-9f4e-0d3a52a1b001"}
    client = client_for(alice)
    client.credentials(HTTP_ACCEPT_LANGUAGE=language, **client._credentials)
    answer = sent(client, json.dumps({"prompts": [good, broken]}))
    data = answer.json()["data"]
    assert (answer.status_code, data["code"]) == (422, "PROMPT_RECORD_INVALID")
    assert (data["details"]["record"], data["details"]["code"]) == ("prompts.1", code)
    assert "prompts.1" in data["message"]
    assert ("。" in data["message"]) == (language == "zh")
    assert not Prompt.objects.exists()
    assert not Tag.objects.exists()


def test_prompts_of_one_file_may_include_each_other(alice: User, client_for: Any) -> None:
    file = {"prompts": [{"content": "{{> 签名}}", "title": "信"}, {"content": "此致", "title": "签名"}]}
    assert counts(sent(client_for(alice), json.dumps(file))) == (2, 0, 0)
    circle = {"prompts": [{"content": "{{> 丙}}", "title": "乙"}, {"content": "{{> 乙}}", "title": "丙"}]}
    answer = sent(client_for(alice), json.dumps(circle))
    assert answer.json()["data"]["details"]["code"] == "INCLUDE_CYCLE"
    assert Prompt.objects.count() == 2


@pytest.mark.parametrize(
    ("table", "line"),
    [
        (b"\n", 0),
        (b"title\nx\n", 1),
        (b"title,colour,content\nx,y,z\n", 1),
        ("content\n茶\0\n".encode(), 2),
        (b"content\n" + "一杯好茶。\n".encode() * 9 + b"\xe8\x8c\n", 11),
        (b'content\n"open\n', 2),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_with_its_line(
    alice: User, client_for: Any, table: bytes, line: int
) -> None:
    answer = sent(client_for(alice), table, CSV)
    data = answer.json()["data"]
    assert (answer.status_code, data["code"]) == (422, "PROMPT_CSV_INVALID")
    [problem] = data["details"]["problems"]
    assert problem["line"] == line
    assert problem["message"]
    assert problem["message_zh"]


def test_a_row_that_is_no_prompt_is_named_by_its_line(alice: User, client_for: Any) -> None:
    table = 'title,content,clarity\n好,"茶\n茶",\nx,,90\n坏,茶,101\n'
    answer = sent(client_for(alice), table.encode(), CSV)
    assert answer.json()["data"]["code"] == "VALIDATION_FAILED"
    fields = [one["field"] for one in answer.json()["data"]["details"]["fields"]]
    assert fields == ["lines.4", "lines.5.metrics.clarity"]
    assert not Prompt.objects.exists()


@pytest.mark.parametrize("text", [r"\u0000", r"\ud83d"])
def test_what_is_no_text_is_refused(alice: User, client_for: Any, text: str) -> None:
    answer = sent(client_for(alice), f'{{"prompts": [{{"content": "茶{text}"}}]}}')
    assert (answer.status_code, answer.json()["data"]["code"]) == (400, "MALFORMED_REQUEST")


def test_too_much_is_refused(alice: User, client_for: Any, settings: Any) -> None:
    client = client_for(alice)
    many = json.dumps({"prompts": [{"content": "a"}] * 10_001})
    assert sent(client, many).json()["data"]["code"] == "VALIDATION_FAILED"
    settings.MAX_IMPORT_BYTES = 1_000
    for kind in (JSON, CSV):
        answer = sent(client, many, kind)
        assert (answer.status_code, answer.json()["data"]["code"]) == (413, "BODY_TOO_LARGE")
        assert answer.json()["data"]["details"] == {"limit": 1_000}
        assert "1000" in answer.json()["data"]["message"]
    assert not Prompt.objects.exists()


@pytest.mark.parametrize("kind", [JSON, CSV])
def test_a_file_may_be_larger_than_other_bodies(
    alice: User, client_for: Any, settings: Any, kind: str
) -> None:
    """Ten thousand prompts are more than the megabytes that a body has elsewhere."""
    settings.MAX_BODY_BYTES = 1_000
    client = client_for(alice)
    content = "泡一壶茶。" * 200
    file = json.dumps({"prompts": [{"content": content}]}) if kind == JSON else f"content\n{content}\n"
    assert len(file) > 1_000
    assert counts(sent(client, file, kind)) == (1, 0, 0)
    answer = client.post("/api/v1/prompts", {"content": content})
    assert (answer.status_code, answer.json()["data"]["details"]) == (413, {"limit": 1_000})


def test_it_takes_the_same_queries_however_many_there_are(alice: User) -> None:
    def queries(number: int) -> int:
        records = [
            PromptRecord(
                place=f"prompts.{n}",
                versions=[VersionRecord(content=f"{number} {n}"), VersionRecord(content=f"{number} {n} b")],
                tags={f"{number}": ""},
                labels={"production": 1},
            )
            for n in range(number)
        ]
        with CaptureQueriesContext(connection) as captured:
            prompts_import(owner_id=alice.pk, records=records)
        return len(captured)

    assert queries(2) == queries(40)
    assert PromptLabel.objects.count() == 42
