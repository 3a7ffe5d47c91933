"""Replies over HTTP: ask, follow, ask again, say something else, stop."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from conversations.models import Conversation, Message
from generation.models import Job
from tests.conversations.factories import CONVERSATIONS, answered, asked, conversation_of, run_reply

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(alice: User) -> Conversation:
    return conversation_of(alice, title="茶")


@pytest.fixture
def path(conversation: Conversation) -> str:
    return f"{CONVERSATIONS}/{conversation.pk}"


def fault(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["data"]["code"]


class TestAsking:
    def test_it_answers_at_once_and_is_followed(self, client: APIClient, path: str) -> None:
        answer = client.post(f"{path}/reply", {"content": "绿茶怎么泡？"})
        assert answer.status_code == 202, answer.content
        reply = answer.json()["data"]
        [message] = reply["messages"]
        assert answer.headers["Location"] == f"/api/v1/jobs/{reply['id']}"
        assert (message["id"], message["status"], message["content"]) == (reply["id"], "streaming", "")
        assert client.get(path).json()["data"]["running_reply_id"] == reply["id"]
        run_reply(reply["id"])
        done = client.get(f"{path}/messages/{message['id']}").json()["data"]
        assert (done["status"], done["provider"], done["finish_reason"]) == ("complete", "sandbox", "stop")
        assert "绿茶怎么泡" in done["content"]
        assert done["output_tokens"] > 0
        shown = client.get(path).json()["data"]
        assert (shown["running_reply_id"], shown["current_message_id"]) == (None, message["id"])
        assert shown["message_count"] == 2
        said = client.get(f"{path}/messages", {"branch": message["id"]}).json()["data"]
        assert [one["role"] for one in said] == ["user", "assistant"]

    def test_one_reply_at_a_time(self, client: APIClient, path: str, conversation: Conversation) -> None:
        asked(conversation)
        assert fault(client.post(f"{path}/reply", {"content": "还有呢？"})) == (409, "MESSAGE_UNFINISHED")
        aside = client.post(f"{path}/reply", {"content": "还有呢？", "parent_id": None}, format="json")
        assert fault(aside) == (409, "REPLY_RUNNING")
        assert Message.objects.count() == 2
        assert Job.objects.count() == 1

    def test_several_models_answer_side_by_side(
        self, client: APIClient, path: str, conversation: Conversation
    ) -> None:
        answer = client.post(f"{path}/reply", {"content": "绿茶？", "models": ["sandbox", "sandbox", ""]})
        assert answer.status_code == 422
        models = ["sandbox", "sandbox:sandbox-priced"]
        reply = client.post(f"{path}/reply", {"content": "绿茶？", "models": models}).json()["data"]
        assert [one["model"] for one in reply["messages"]] == models
        assert len({one["parent_id"] for one in reply["messages"]}) == 1
        run_reply(reply["id"])
        done = client.get(f"{path}/messages", {"parent_id": reply["messages"][0]["parent_id"]}).json()["data"]
        assert [one["status"] for one in done] == ["complete", "complete"]
        assert client.get(path).json()["data"]["running_reply_id"] is None
        assert client.get(f"/api/v1/jobs/{reply['id']}").json()["data"]["status"] == "succeeded"


class TestBranches:
    def test_an_answer_is_made_anew_beside_the_old_one(
        self, client: APIClient, path: str, conversation: Conversation
    ) -> None:
        first = answered(conversation)
        reply = client.post(f"{path}/messages/{first.pk}/regenerate", {}).json()["data"]
        run_reply(reply["id"])
        siblings = client.get(f"{path}/messages", {"parent_id": str(first.parent_id)}).json()["data"]
        assert [one["id"] for one in siblings] == [str(first.pk), reply["id"]]
        back = client.patch(path, {"current_message_id": str(first.pk)})
        assert back.json()["data"]["current_message_id"] == str(first.pk)

    def test_a_message_is_said_otherwise(
        self, client: APIClient, path: str, conversation: Conversation
    ) -> None:
        first = answered(conversation)
        answered(conversation, "要多久？")
        assert first.parent is not None
        edited = client.post(f"{path}/messages/{first.parent.pk}/edit", {"content": "红茶怎么泡？"})
        reply = edited.json()["data"]
        run_reply(reply["id"])
        said = client.get(f"{path}/messages", {"branch": reply["id"]}).json()["data"]
        assert [one["content"] for one in said][:1] == ["红茶怎么泡？"]
        assert len(said) == 2
        refused = client.post(f"{path}/messages/{first.pk}/edit", {"content": "改"})
        assert fault(refused) == (422, "MESSAGE_NOT_YOURS")

    def test_a_fork_goes_on_by_itself(self, client: APIClient, path: str, conversation: Conversation) -> None:
        first = answered(conversation)
        answered(conversation, "要多久？")
        fork = client.post(f"{path}/fork", {"message_id": str(first.pk)})
        assert fork.status_code == 201
        assert fork.headers["Location"].endswith(fork.json()["data"]["id"])
        said = client.get(f"{CONVERSATIONS}/{fork.json()['data']['id']}/messages").json()["data"]
        assert [one["content"] for one in said] == ["绿茶怎么泡？", first.content]
        assert sum(one["cost_micros"] for one in said) == 0


class TestStopping:
    def test_what_nobody_writes_yet_ends_at_once(
        self, client: APIClient, path: str, conversation: Conversation
    ) -> None:
        reply = asked(conversation)
        stopped = client.post(f"{path}/stop").json()["data"]
        assert (stopped["id"], stopped["is_running"]) == (str(reply.pk), False)
        assert stopped["messages"][0]["status"] == "interrupted"
        assert fault(client.post(f"{path}/stop")) == (409, "REPLY_NOT_RUNNING")
        assert client.post(f"{path}/reply", {"content": "再来"}).status_code == 202

    def test_what_fails_says_why(self, client: APIClient, path: str, conversation: Conversation) -> None:
        message = answered(conversation, "泡茶 [[sandbox:moderated]]")
        shown = client.get(f"{path}/messages/{message.pk}").json()["data"]
        assert (shown["status"], shown["error"]["code"]) == ("failed", "PROVIDER_CONTENT_REFUSED")
        assert fault(client.post(f"/api/v1/jobs/{message.pk}/retry")) == (409, "JOB_NOT_REPLAYED")
        assert client.post(f"{path}/messages/{message.pk}/regenerate", {}).status_code == 202

    def test_clearing_and_deleting_stop_it(
        self, client: APIClient, path: str, conversation: Conversation
    ) -> None:
        answered(conversation)
        reply = asked(conversation, "然后呢？")
        assert client.delete(f"{path}/messages").json()["data"] == {"deleted": 4}
        assert Job.objects.get(pk=reply.pk).status == "cancelled"
        conversation.refresh_from_db()
        other = asked(conversation)
        assert client.delete(path).status_code == 204
        assert Job.objects.get(pk=other.pk).status == "cancelled"
        assert not Message.objects.exists()
