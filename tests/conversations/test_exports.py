"""Exports: everything as JSON, a branch as Markdown, and there and back again."""

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Activity, User
from conversations.models import Attachment, Conversation, Message
from conversations.services.attachments import attachments_new
from generation.services.files import file_delete, file_store
from tests.conversations.factories import CONVERSATIONS, answered, conversation_of
from tests.conversations.test_imports import imported, own_storage  # noqa: F401 — a fixture
from tests.support.pictures import picture

pytestmark = pytest.mark.django_db


def body(answer: Any) -> bytes:
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


@pytest.fixture
def conversation(alice: User) -> Conversation:
    conversation = conversation_of(
        alice,
        title="绿茶 / Green tea",
        system_prompt="回答简短。",
        parameters={"temperature": 0.25},
        context_messages=7,
        is_pinned=True,
    )
    answered(conversation, "绿茶怎么泡？")
    answered(conversation, "要多久？", parent_id=None)
    return conversation


def everything(owner: User) -> list[Any]:
    """All that an account has in conversations, without keys and without what is the account's own."""
    found = []
    for row in Conversation.objects.owned_by(owner.pk).order_by("created_at", "title"):
        names = {
            message.pk: number for number, message in enumerate(row.messages.order_by("created_at", "pk"))
        }
        names[None] = None
        facts = {
            field.attname: getattr(row, field.attname)
            for field in Conversation._meta.concrete_fields
            if field.attname not in ("id", "owner_id", "import_key", "updated_at", "current_message_id")
        }
        messages = [
            {
                field.attname: getattr(message, field.attname)
                for field in Message._meta.concrete_fields
                if field.attname
                not in ("id", "owner_id", "conversation_id", "parent_id", "reply_id", "updated_at", "attempt")
            }
            | {"parent": names[message.parent_id]}
            for message in row.messages.order_by("created_at", "pk")
        ]
        found.append((facts, names[row.current_message_id], messages, [tag.name for tag in row.tags.all()]))
    return found


class TestJson:
    def test_there_and_back_again_in_another_account(
        self, client: APIClient, alice: User, bob: User, client_for: Any, conversation: Conversation
    ) -> None:
        conversation_of(alice, title="空")
        file = body(client.get(f"{CONVERSATIONS}/export"))
        shown, _ = imported(client_for(bob), file)
        assert shown["counts"] == {"imported": 2, "present": 0, "refused": 0}
        for mine, theirs in zip(everything(alice), everything(bob), strict=True):
            assert mine == theirs
        assert len(everything(bob)[0][2]) == 4

    def test_files_are_named_and_found_again_where_they_are(
        self, client: APIClient, alice: User, bob: User, client_for: Any, conversation: Conversation
    ) -> None:
        """After the conversation was deleted, say. Who doesn't have one is told that it stayed behind."""
        menu = file_store(owner_id=alice.pk, source="绿茶：二十元".encode(), name="茶单.txt")
        photo = file_store(owner_id=alice.pk, source=picture("PNG", (40, 30)), name="茶馆.png")
        attachments = attachments_new(owner_id=alice.pk, file_ids=[photo.pk, menu.pk])
        answered(conversation, "这是什么？", attachments=attachments)
        path = f"{CONVERSATIONS}/{conversation.pk}"
        file, text = body(client.get(f"{path}/export")), body(client.get(f"{path}/export?format=markdown"))
        [named] = [one["files"] for one in json.loads(file)["conversations"][0]["messages"] if one["files"]]
        assert [(one["name"], one["size"]) for one in named] == [("茶馆.png", photo.size), ("茶单.txt", 18)]
        assert "\n\nFiles:\n\n- 茶馆.png\n- 茶单.txt\n" in text.decode()
        client.delete(path)
        file_delete(file=photo)
        _, [item] = imported(client, file)
        found = Attachment.objects.get(message__conversation=item["conversation_id"])
        assert (found.file, found.tokens, item["omitted"]) == (menu, attachments[1].tokens, {"files": 1})
        _, [item] = imported(client_for(bob), file)
        assert item["omitted"] == {"files": 2}

    def test_in_the_same_account_it_changes_nothing(
        self, client: APIClient, conversation: Conversation
    ) -> None:
        shown, [item] = imported(client, body(client.get(f"{CONVERSATIONS}/{conversation.pk}/export")))
        assert shown["counts"] == {"imported": 0, "present": 1, "refused": 0}
        assert item["conversation_id"] == str(conversation.pk)
        assert Conversation.objects.count() == 1

    def test_nothing_is_a_file_too(self, client: APIClient) -> None:
        file = json.loads(body(client.get(f"{CONVERSATIONS}/export")))
        assert file == {"format": "atelier-conversations", "version": 1, "conversations": []}

    def test_one_with_all_branches(self, client: APIClient, alice: User, conversation: Conversation) -> None:
        answer = client.get(f"{CONVERSATIONS}/{conversation.pk}/export")
        assert (
            "filename*=utf-8''%E7%BB%BF%E8%8C%B6%20-%20Green%20tea.json"
            in answer.headers["Content-Disposition"]
        )
        [one] = json.loads(body(answer))["conversations"]
        assert (one["title"], len(one["messages"])) == ("绿茶 / Green tea", 4)
        assert {message["parent_id"] for message in one["messages"]} > {None}
        assert Activity.objects.filter(owner=alice, action="export_conversations").count() == 1

    @pytest.mark.parametrize(
        ("title", "name"),
        [("con", "_con.md"), ('a:b|"c"?', "a-b--c--.md"), ("..", "{id}.md"), ("LPT1.txt", "_LPT1.txt.md")],
    )
    def test_it_is_called_so_that_every_system_takes_it(
        self, client: APIClient, alice: User, title: str, name: str
    ) -> None:
        named = conversation_of(alice, title=title)
        answer = client.get(f"{CONVERSATIONS}/{named.pk}/export", {"format": "markdown"})
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name.format(id=named.pk)}"'

    def test_queries_dont_grow_with_the_messages(
        self, client: APIClient, conversation: Conversation, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(150):
            Message.objects.create(
                owner=conversation.owner, conversation=conversation, role="user", content=f"{number}"
            )
        with django_assert_max_num_queries(12):
            body(client.get(f"{CONVERSATIONS}/{conversation.pk}/export"))


class TestMarkdown:
    def test_the_branch_that_is_shown(self, client: APIClient, conversation: Conversation) -> None:
        answer = client.get(f"{CONVERSATIONS}/{conversation.pk}/export", {"format": "markdown"})
        assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
        text = body(answer).decode()
        assert text.startswith("# 绿茶 / Green tea\n\n---\n\n**Instructions**\n\n回答简短。\n")
        assert "要多久？" in text
        assert "绿茶怎么泡" not in text.partition("要多久")[0]

    def test_another_branch_in_chinese(self, client: APIClient, conversation: Conversation) -> None:
        first = conversation.messages.filter(role="assistant").order_by("created_at").first()
        asked = {"format": "markdown", "message": str(first.pk)}
        answer = client.get(
            f"{CONVERSATIONS}/{conversation.pk}/export", asked, headers={"Accept-Language": "zh"}
        )
        text = body(answer).decode()
        assert "**我** · " in text
        assert "**助手** · " in text
        assert "要多久？" not in text

    @pytest.mark.parametrize(
        ("asked", "status", "code"),
        [
            ({"format": "pdf"}, 422, "VALIDATION_FAILED"),
            (
                {"format": "markdown", "message": "00000000-0000-0000-0000-000000000001"},
                422,
                "MESSAGE_UNKNOWN",
            ),
            ({"format": "markdown", "message": "x"}, 422, "VALIDATION_FAILED"),
        ],
    )
    def test_what_is_asked_for_wrongly(
        self, client: APIClient, conversation: Conversation, asked: Any, status: int, code: str
    ) -> None:
        answer = client.get(f"{CONVERSATIONS}/{conversation.pk}/export", asked)
        assert (answer.status_code, answer.json()["data"]["code"]) == (status, code)

    def test_one_without_messages(self, client: APIClient, alice: User) -> None:
        empty = conversation_of(alice)
        text = body(client.get(f"{CONVERSATIONS}/{empty.pk}/export", {"format": "markdown"})).decode()
        assert text == "# Conversation\n"
