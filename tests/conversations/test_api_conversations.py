"""Conversations over HTTP: begun, found, changed; what is refused and why."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Activity, User
from conversations.models import Conversation, Message
from conversations.services.messages import message_add, message_put
from tests.conversations.factories import CONVERSATIONS, answered, conversation_of
from tests.prompts.factories import prompt_of, tag_of

pytestmark = pytest.mark.django_db


def fault(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["data"]["code"]


def titles(client: APIClient, **query: Any) -> list[str]:
    answer = client.get(CONVERSATIONS, query)
    assert answer.status_code == 200, answer.content
    return [row["title"] for row in answer.json()["data"]]


def said(conversation: Conversation, *texts: str) -> list[Message]:
    """Messages of both sides in turn, behind one another."""
    roles = ("user", "assistant")
    return [
        message_add(conversation=conversation, role=roles[n % 2], content=text)
        for n, text in enumerate(texts)
    ]


class TestBeginning:
    def test_it_keeps_what_is_asked_for(self, client: APIClient, alice: User) -> None:
        tag = tag_of(alice, "茶")
        answer = client.post(
            CONVERSATIONS,
            {
                "title": "绿茶", "system_prompt": " 你是顾问。\n", "parameters": {"temperature": 0.2},
                "tag_ids": [str(tag.pk)], "is_pinned": True, "context_messages": 4, "model": "sandbox",
            },
        )  # fmt: skip
        assert answer.status_code == 201, answer.content
        row = answer.json()["data"]
        assert client.get(answer.headers["Location"]).json()["data"] == row
        assert (row["title"], row["is_title_automatic"], row["system_prompt"]) == (
            "绿茶",
            False,
            " 你是顾问。\n",
        )
        assert (row["parameters"], row["context_messages"]) == ({"temperature": 0.2}, 4)
        assert ([one["name"] for one in row["tags"]], row["is_pinned"], row["message_count"]) == (
            ["茶"],
            True,
            0,
        )
        assert Activity.objects.latest("pk").action == "create_conversation"

    def test_a_prompt_of_the_library_becomes_the_system_prompt(self, client: APIClient, alice: User) -> None:
        prompt = prompt_of(alice, "你是{{店名}}的顾问。", title="顾问")
        client.patch(f"/api/v1/prompts/{prompt.pk}", {"content": "您是{{店名}}的顾问。"})
        wanted = {"prompt_id": str(prompt.pk), "version": 1, "variables": {"店名": "云间"}}
        row = client.post(CONVERSATIONS, {"prompt": wanted}).json()["data"]
        assert row["system_prompt"] == "你是云间的顾问。"
        assert row["prompt"] == {"prompt_id": str(prompt.pk), "title": "顾问", "version": 1}
        changed = client.patch(f"{CONVERSATIONS}/{row['id']}", {"prompt": {**wanted, "version": 2}})
        assert changed.json()["data"]["system_prompt"] == "您是云间的顾问。"
        own = client.patch(f"{CONVERSATIONS}/{row['id']}", {"system_prompt": "简短。"}).json()["data"]
        assert (own["prompt"], own["variables"]) == (None, {})

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"prompt": {"prompt_id": str(uuid4())}}, "SYSTEM_PROMPT_UNKNOWN"),
            ({"tag_ids": [str(uuid4())]}, "TAG_UNKNOWN"),
            ({"parameters": {"temperature": 3}}, "VALIDATION_FAILED"),
            ({"parameters": {"top_k": 3}}, "VALIDATION_FAILED"),
            ({"parameters": []}, "VALIDATION_FAILED"),
            ({"titel": "茶"}, "VALIDATION_FAILED"),
            ({"retention_days": 0}, "VALIDATION_FAILED"),
            ({"title": "茶\u202e"}, "VALIDATION_FAILED"),
            ({"prompt": {"prompt_id": str(uuid4())}, "system_prompt": "x"}, "VALIDATION_FAILED"),
        ],
    )
    def test_what_is_wrong_makes_nothing(self, client: APIClient, body: dict[str, Any], code: str) -> None:
        assert fault(client.post(CONVERSATIONS, body)) == (422, code)
        assert not Conversation.objects.exists()

    def test_a_prompt_without_its_values_is_refused(self, client: APIClient, alice: User) -> None:
        prompt = prompt_of(alice, "你是{{店名}}的顾问。")
        answer = client.post(CONVERSATIONS, {"prompt": {"prompt_id": str(prompt.pk)}})
        assert fault(answer) == (422, "VARIABLE_VALUES_INVALID")
        stranger = client.post(CONVERSATIONS, {"prompt": {"prompt_id": str(prompt.pk), "version": 9}})
        assert fault(stranger) == (422, "PROMPT_VERSION_UNKNOWN")


class TestFinding:
    @pytest.fixture
    def library(self, alice: User) -> dict[str, Conversation]:
        tag, other = tag_of(alice, "茶"), tag_of(alice, "Coffee")
        return {
            "green": conversation_of(alice, title="绿茶怎么泡", tag_ids=[tag.pk], is_pinned=True),
            "both": conversation_of(
                alice, title="Tea or coffee", tag_ids=[tag.pk, other.pk], model="sandbox"
            ),
            "old": conversation_of(alice, title="Archived 茶", is_archived=True),
            "short": conversation_of(alice, title="Temporary", is_temporary=True),
        }

    def test_lists_narrow(self, client: APIClient, library: dict[str, Conversation]) -> None:
        assert titles(client, tags="茶") == ["Tea or coffee", "绿茶怎么泡"]
        assert titles(client, tags_all="茶,ＣＯＦＦＥＥ") == ["Tea or coffee"]
        assert titles(client, is_pinned="true") == ["绿茶怎么泡"]
        assert titles(client, is_archived="true") == ["Archived 茶"]
        assert titles(client, is_temporary="true") == ["Temporary"]
        assert titles(client, model="sandbox") == ["Tea or coffee"]
        assert titles(client, search="茶", sort="title") == ["Archived 茶", "绿茶怎么泡"]
        assert titles(client, created_from="2999-01-01") == []

    def test_the_latest_comes_first_and_pins_if_wanted(
        self, client: APIClient, library: dict[str, Conversation]
    ) -> None:
        said(library["old"], "还在吗？")
        assert titles(client)[0] == "Archived 茶"
        assert titles(client, sort="pinned")[:2] == ["绿茶怎么泡", "Archived 茶"]
        page = client.get(CONVERSATIONS, {"sort": "pinned", "limit": 1, "cursor": ""}).json()
        following = client.get(
            CONVERSATIONS, {"sort": "pinned", "limit": 1, "cursor": page["meta"]["next_cursor"]}
        )
        assert [row["title"] for row in following.json()["data"]] == ["Archived 茶"]

    def test_a_search_names_the_message(self, client: APIClient, library: dict[str, Conversation]) -> None:
        _, hit = said(library["green"], "水要多热？", "八十度，Eighty degrees 就好。")
        found = client.get(f"{CONVERSATIONS}/search", {"search": "度 eighty"}).json()["data"]
        assert [(one["id"], one["conversation_id"]) for one in found] == [
            (str(hit.pk), str(library["green"].pk))
        ]
        assert (found[0]["conversation_title"], found[0]["role"]) == ("绿茶怎么泡", "assistant")
        assert found[0]["matches"]
        narrow = {"search": "度", "conversation_id": str(library["both"].pk)}
        assert client.get(f"{CONVERSATIONS}/search", narrow).json()["data"] == []
        inside = client.get(f"{CONVERSATIONS}/{library['green'].pk}/messages", {"search": "八十"}).json()[
            "data"
        ]
        assert [one["id"] for one in inside] == [str(hit.pk)]

    def test_lists_and_rows_cost_the_same_however_many_there_are(
        self, client: APIClient, alice: User
    ) -> None:
        def queries(path: str, **query: Any) -> int:
            with CaptureQueriesContext(
                connection,
            ) as captured:
                assert client.get(path, query).status_code == 200
            return len(captured)

        first = conversation_of(alice, title="a")
        answered(first)
        paths = [
            CONVERSATIONS, f"{CONVERSATIONS}/{first.pk}", f"{CONVERSATIONS}/{first.pk}/messages",
            f"{CONVERSATIONS}/search?search=茶",
        ]  # fmt: skip
        queries(CONVERSATIONS)  # who asks is known then
        branch = {"branch": str(Message.objects.latest("pk").pk)}
        before = [queries(path) for path in paths] + [queries(paths[2], **branch)]
        for n in range(5):
            said(
                conversation_of(alice, title=f"茶 {n}", tag_ids=[tag_of(alice, f"t{n}").pk]), "茶", "好", "茶"
            )
        first.refresh_from_db()
        said(first, *("茶",) * 7)
        branch = {"branch": str(first.current_message_id)}
        assert [queries(path) for path in paths] + [queries(paths[2], **branch)] == before
        assert max(before) <= 3

    def test_a_reply_costs_the_same_however_long_the_conversation_is(
        self, client: APIClient, alice: User, django_assert_max_num_queries: Any
    ) -> None:
        conversation = conversation_of(alice)
        said(conversation, *("茶",) * 200)
        path = f"{CONVERSATIONS}/{conversation.pk}"
        assert client.get(path).status_code == 200  # who asks is known then
        with django_assert_max_num_queries(30):
            reply = client.post(f"{path}/reply", {"content": "还有呢？"}).json()["data"]
        with django_assert_max_num_queries(3):
            assert client.get(f"{path}/messages/{reply['id']}", {"after": 0}).status_code == 200


class TestMessages:
    def test_ready_messages_stand_behind_one_another(self, client: APIClient, alice: User) -> None:
        path = f"{CONVERSATIONS}/{conversation_of(alice).pk}/messages"
        first = client.post(path, {"content": "你好"}).json()["data"]
        second = client.post(path, {"role": "assistant", "content": "您好！"}).json()["data"]
        beside = client.post(path, {"content": "喂", "parent_id": None}, format="json").json()["data"]
        assert (first["parent_id"], second["parent_id"], beside["parent_id"]) == (None, first["id"], None)
        assert second["status"] == "complete"
        branch = client.get(path, {"branch": second["id"]}).json()["data"]
        assert [one["content"] for one in branch] == ["你好", "您好！"]
        assert client.get(path.removesuffix("/messages")).json()["data"]["current_message_id"] == beside["id"]

    def test_a_message_of_another_conversation_is_no_place(self, client: APIClient, alice: User) -> None:
        [other] = said(conversation_of(alice), "你好")
        mine = conversation_of(alice)
        path = f"{CONVERSATIONS}/{mine.pk}"
        elsewhere = {"content": "你好", "parent_id": str(other.pk)}
        assert fault(client.post(f"{path}/messages", elsewhere)) == (422, "MESSAGE_UNKNOWN")
        assert fault(client.post(f"{path}/reply", elsewhere)) == (422, "MESSAGE_UNKNOWN")
        assert fault(client.post(f"{path}/fork", {"message_id": str(other.pk)})) == (422, "MESSAGE_UNKNOWN")
        assert fault(client.patch(path, {"current_message_id": str(other.pk)})) == (422, "MESSAGE_UNKNOWN")
        again = client.post(f"{path}/messages/{other.pk}/regenerate", {})
        assert fault(again) == (422, "MESSAGE_UNKNOWN")
        assert client.get(f"{path}/messages/{other.pk}").status_code == 404
        assert not mine.messages.exists()

    @pytest.mark.parametrize("content", ["", " \n", None, 7, "x" * 200_001])
    def test_a_message_says_something(self, client: APIClient, alice: User, content: Any) -> None:
        path = f"{CONVERSATIONS}/{conversation_of(alice).pk}"
        for end in ("messages", "reply"):
            answer = client.post(f"{path}/{end}", {"content": content}, format="json")
            assert fault(answer) == (422, "VALIDATION_FAILED")
        assert not Message.objects.exists()

    def test_only_what_the_user_said_is_answered(self, client: APIClient, alice: User) -> None:
        conversation = conversation_of(alice)
        alone = message_add(conversation=conversation, role="assistant", content="您好！")
        answer = client.post(f"{CONVERSATIONS}/{conversation.pk}/messages/{alone.pk}/regenerate", {})
        assert fault(answer) == (422, "NOTHING_TO_ANSWER")

    def test_a_long_branch_is_read_shown_and_deleted(
        self, client: APIClient, alice: User, django_assert_max_num_queries: Any
    ) -> None:
        conversation = conversation_of(alice)
        said(conversation, *map(str, range(300)))
        path = f"{CONVERSATIONS}/{conversation.pk}"
        page = client.get(f"{path}/messages", {"branch": str(conversation.current_message_id), "limit": 100})
        assert page.json()["meta"]["total"] == 300
        first, last = conversation.messages.earliest("pk"), conversation.messages.latest("pk")
        message_put(conversation=conversation, role="user", content="别的", parent_id=None)
        with django_assert_max_num_queries(20):
            shown = client.patch(path, {"current_message_id": str(first.pk)}).json()["data"]
        assert shown["current_message_id"] == str(last.pk)
        assert client.delete(path).status_code == 204
        assert not Message.objects.exists()
