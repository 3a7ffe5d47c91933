"""Importing files: over HTTP, by the job, again, after an interruption, and what is refused."""

import json
from datetime import datetime
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Count
from rest_framework.test import APIClient

from accounts.models import Activity, FileRemoval, User
from conversations.domain.imports.records import ImportedConversation
from conversations.models import Conversation, ConversationImport, ConversationImportItem, Message
from conversations.services import imports
from generation.jobs.attempts import WorkerLeavesError
from generation.models import Job, StoredFile
from tests.conversations.domain.test_import_reading import zipped
from tests.conversations.exports import (
    chatgpt,
    chatgpt_node,
    chatgpt_small,
    librechat,
    librechat_message,
    openwebui,
    openwebui_message,
)
from tests.conversations.factories import CONVERSATIONS
from tests.generation.factories import run_until_over

pytestmark = pytest.mark.django_db

IMPORT = f"{CONVERSATIONS}/import"


@pytest.fixture(autouse=True)
def own_storage(settings: Any, tmp_path: Any) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "config.files.storages.DiskStorage",
            "OPTIONS": {"location": str(tmp_path / "media")},
        },
    }


def sent(client: APIClient, data: bytes, name: str = "conversations.json") -> dict[str, Any]:
    answer = client.post(IMPORT, {"file": SimpleUploadedFile(name, data)}, format="multipart")
    assert answer.status_code == 202, answer.content
    made: dict[str, Any] = answer.json()["data"]
    assert answer.headers["Location"] == f"/api/v1/jobs/{made['id']}"
    return made


def imported(client: APIClient, data: Any, **how: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The import when its job is over, and what became of each conversation."""
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    made = sent(client, body, **how)
    run_until_over(Job.objects.get(pk=made["id"]))
    shown = client.get(f"{CONVERSATIONS}/imports/{made['id']}").json()["data"]
    return shown, client.get(f"{CONVERSATIONS}/imports/{made['id']}/items").json()["data"]


def snapshot() -> list[Any]:
    conversations = Conversation.objects.order_by("pk").values()
    return [*conversations, *Message.objects.order_by("pk").values()]


class TestImporting:
    def test_a_file_becomes_conversations(self, client: APIClient, alice: User) -> None:
        tree = chatgpt(
            chatgpt_node("root", None),
            chatgpt_node("u", "root", "user", "绿茶怎么泡？"),
            chatgpt_node("a1", "u", "assistant", "80 °C"),
            chatgpt_node("a2", "u", "assistant", "85 °C"),
            current_node="a1",
        )
        shown, items = imported(client, [tree, chatgpt_small(2)])
        assert (shown["status"], shown["counts"]) == (
            "succeeded",
            {"imported": 2, "present": 0, "refused": 0},
        )
        assert [(one["state"], one["title"], one["messages"]) for one in items] == [
            ("imported", "绿茶 Green tea", 3), ("imported", "茶 2", 2),
        ]  # fmt: skip
        found = client.get(f"{CONVERSATIONS}/{items[0]['conversation_id']}").json()["data"]
        assert (found["title"], found["message_count"], found["model"]) == ("绿茶 Green tea", 3, "")
        assert found["created_at"] == "2025-08-24T01:46:40.500000Z"
        branch = client.get(
            f"{CONVERSATIONS}/{found['id']}/messages", {"branch": found["current_message_id"]}
        ).json()["data"]
        assert [(one["role"], one["content"], one["answered_by"]) for one in branch] == [
            ("user", "绿茶怎么泡？", ""), ("assistant", "80 °C", "gpt-5"),
        ]  # fmt: skip
        assert Activity.objects.filter(owner=alice, action="import_conversations").count() == 1

    def test_the_zip_and_what_other_programs_export(self, client: APIClient) -> None:
        shown, _ = imported(
            client, zipped({"conversations.json": json.dumps([chatgpt_small(1)]).encode()}), name="x.zip"
        )
        assert shown["counts"]["imported"] == 1
        said = {"u": openwebui_message("u", None, "user", "茶")}
        shown, [item] = imported(client, [openwebui({"messages": said})])
        conversation = Conversation.objects.get(pk=item["conversation_id"])
        assert (conversation.system_prompt, conversation.is_pinned) == ("回答简短", True)
        assert [tag.name for tag in conversation.tags.all()] == ["茶"]
        shown, _ = imported(client, librechat([librechat_message("u", None, "茶", is_user=True)]))
        assert shown["counts"]["imported"] == 1

    def test_a_small_one_may_be_the_body(self, client: APIClient) -> None:
        answer = client.post(IMPORT, [chatgpt_small(1)], format="json")
        assert answer.status_code == 202
        run_until_over(Job.objects.get(pk=answer.json()["data"]["id"]))
        assert Conversation.objects.count() == 1

    def test_the_file_goes_when_it_is_done(self, client: APIClient) -> None:
        imported(client, [chatgpt_small(1)])
        assert not StoredFile.objects.exists()
        [removal] = FileRemoval.objects.all()
        assert default_storage.exists(removal.prefix)

    def test_what_was_imported_can_be_gone_on_with(self, client: APIClient) -> None:
        _, [item] = imported(client, [chatgpt_small(1)])
        path = f"{CONVERSATIONS}/{item['conversation_id']}"
        reply = client.post(f"{path}/reply", {"content": "还有呢？"})
        assert reply.status_code == 202, reply.content
        found = client.get(f"{CONVERSATIONS}/search", {"search": "回答 1"}).json()["data"]
        assert [one["content"] for one in found] == ["回答 1"]

    def test_times_never_run_backwards(self, client: APIClient) -> None:
        back = [
            chatgpt_node("u", None, "user", "茶", create_time=2_000),
            chatgpt_node("a", "u", "assistant", "茶", create_time=1_000),
        ]
        ahead = [
            chatgpt_node("x", None, "user", "茶", create_time=9_000_000_000),
            chatgpt_node("y", "x", "assistant", "茶", create_time=None),
        ]
        imported(client, [chatgpt(*back, conversation_id="1"), chatgpt(*ahead, conversation_id="2")])
        for conversation in Conversation.objects.all():
            question, answer = conversation.messages.order_by("created_at", "pk")
            assert (question.role, answer.role) == ("user", "assistant")
            assert (
                conversation.created_at
                <= question.created_at
                <= answer.created_at
                <= conversation.last_message_at
            )
            assert answer.created_at.year < 2200

    def test_a_title_that_nobody_sees_is_made_of_what_was_asked(self, client: APIClient) -> None:
        imported(client, [chatgpt_small(7, title="\u202e \u200b")])
        assert Conversation.objects.get().title == "问题 7"


class TestAgain:
    def test_a_second_import_changes_nothing(self, client: APIClient) -> None:
        data = [chatgpt_small(1), chatgpt_small(2)]
        imported(client, data)
        before = snapshot()
        shown, items = imported(client, [*data, chatgpt_small(1)])
        assert shown["counts"] == {"imported": 0, "present": 3, "refused": 0}
        assert {one["conversation_id"] for one in items} == {
            str(row["id"]) for row in before if "import_key" in row
        }
        assert snapshot() == before

    def test_twice_in_one_file(self, client: APIClient) -> None:
        shown, _ = imported(client, [chatgpt_small(1), chatgpt_small(1)])
        assert shown["counts"] == {"imported": 1, "present": 1, "refused": 0}

    def test_another_account_has_its_own(self, client: APIClient, bob: User, client_for: Any) -> None:
        imported(client, [chatgpt_small(1)])
        shown, _ = imported(client_for(bob), [chatgpt_small(1)])
        assert shown["counts"]["imported"] == 1
        assert Conversation.objects.values("owner").annotate(count=Count("pk")).count() == 2

    def test_what_was_interrupted_is_gone_on_with(
        self, client: APIClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A worker that leaves, or dies, in the middle of a conversation: nothing of it is there, and what was brought
        in before stays."""
        made = sent(client, json.dumps([chatgpt_small(number) for number in range(1, 6)]).encode())
        job = Job.objects.get(pk=made["id"])
        whole = imports._messages
        calls: list[str] = []

        def dies_at_the_third(conversation: Conversation, item: ImportedConversation, now: datetime) -> Any:
            calls.append(item.title)
            found = whole(conversation, item, now)
            if len(calls) == 3:
                raise WorkerLeavesError
            return found

        monkeypatch.setattr(imports, "_messages", dies_at_the_third)
        run_until_over(job)
        assert calls == ["茶 1", "茶 2", "茶 3", "茶 3", "茶 4", "茶 5"]
        job.refresh_from_db()
        assert (job.status, job.output) == ("succeeded", {"imported": 5, "present": 0, "refused": 0})
        assert Conversation.objects.count() == 5
        assert Message.objects.count() == 10
        assert [one.position for one in ConversationImportItem.objects.order_by("position")] == [
            0,
            1,
            2,
            3,
            4,
        ]


class TestRefused:
    def test_one_conversation_is_named_and_the_others_come(self, client: APIClient) -> None:
        circle = chatgpt(
            chatgpt_node("a", "b", "user", "x"),
            chatgpt_node("b", "a", "user", "x"),
            chatgpt_node("r", None),
            id="c",
        )
        shown, items = imported(client, [chatgpt_small(1), circle, chatgpt_small(2)])
        assert shown["counts"] == {"imported": 2, "present": 0, "refused": 1}
        path = f"{CONVERSATIONS}/imports/{shown['id']}/items"
        [refused] = client.get(path, {"state": "refused"}).json()["data"]
        assert refused == items[1]
        assert (refused["position"], refused["title"]) == (1, "绿茶 Green tea")
        assert refused["error"]["code"] == "IMPORT_CYCLE"
        chinese = client.get(path, {"state": "refused"}, headers={"Accept-Language": "zh"})
        assert "循环" in chinese.json()["data"][0]["error"]["message"]

    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (b"[1,", "IMPORT_NOT_JSON"),
            (b'{"a": 1}', "IMPORT_FORMAT_UNKNOWN"),
            (b"PK\x03\x04 and nothing", "IMPORT_ZIP_INVALID"),
            (zipped({"user.json": b"{}"}), "IMPORT_ZIP_INVALID"),
            (b"[" + b"1" * 5_000 + b"]", "IMPORT_NOT_JSON"),
        ],
    )
    def test_a_file_that_is_none(self, client: APIClient, data: bytes, code: str) -> None:
        shown, items = imported(client, data)
        assert (shown["status"], shown["error"]["code"]) == ("failed", code)
        assert not Conversation.objects.exists()
        assert not StoredFile.objects.exists()
        again = client.post(f"/api/v1/jobs/{shown['id']}/retry")
        assert again.json()["data"]["code"] == "JOB_NOT_REPLAYED"

    @pytest.mark.parametrize(
        ("data", "status", "code"),
        [(b"", 422, "FILE_EMPTY"), (b"tea", 422, "IMPORT_NOT_JSON"), (b"\x89PNG", 422, "IMPORT_NOT_JSON")],
    )
    def test_what_can_be_seen_at_once(self, client: APIClient, data: bytes, status: int, code: str) -> None:
        answer = client.post(IMPORT, {"file": SimpleUploadedFile("x", data)}, format="multipart")
        assert (answer.status_code, answer.json()["data"]["code"]) in (
            (status, code),
            (422, "VALIDATION_FAILED"),
        )
        assert not Job.objects.exists()
        assert not ConversationImport.objects.exists()

    def test_what_is_too_large_is_read_no_further(self, client: APIClient, settings: Any) -> None:
        settings.CONVERSATION_IMPORT_MAX_BYTES = 1_000
        answer = client.post(
            IMPORT, {"file": SimpleUploadedFile("x", b"[" + b" " * 100_000)}, format="multipart"
        )
        assert (answer.status_code, answer.json()["data"]["code"]) == (413, "FILE_TOO_LARGE")

    def test_a_file_that_was_deleted_meanwhile(self, client: APIClient) -> None:
        made = sent(client, json.dumps([chatgpt_small(1)]).encode())
        [file] = StoredFile.objects.all()
        assert client.delete(f"/api/v1/files/{file.pk}").status_code == 204
        run_until_over(Job.objects.get(pk=made["id"]))
        shown = client.get(f"{CONVERSATIONS}/imports/{made['id']}").json()["data"]
        assert shown["error"]["code"] == "IMPORT_FILE_GONE"

    def test_cancelling_lets_the_file_go(self, client: APIClient) -> None:
        made = sent(client, json.dumps([chatgpt_small(1)]).encode())
        assert client.post(f"/api/v1/jobs/{made['id']}/cancel").status_code == 200
        assert not StoredFile.objects.exists()
