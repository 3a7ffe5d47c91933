"""What of a conversation goes along to the model: chosen before anything is bought, stored, and shown."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from conversations.models import Conversation, Message
from generation.jobs.services import call_resolve
from generation.models import Job, ProviderCall
from generation.providers.base import CONNECTION_LOST, ProviderError
from generation.providers.llm.base import ChatDelta
from tests.conversations.factories import CONVERSATIONS, answered, asked, conversation_of
from tests.support import scripted_llm
from tests.support.catalogue import model_make

pytestmark = pytest.mark.django_db

LONG = "很长的一段话。" * 200


@pytest.fixture
def conversation(alice: User) -> Conversation:
    return conversation_of(alice, title="茶")


@pytest.fixture
def path(conversation: Conversation) -> str:
    return f"{CONVERSATIONS}/{conversation.pk}"


def fault(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["data"]["code"]


def small_model(**fields: Any) -> None:
    model_make("deepseek", "small", price=(1, 1, 1), **{"context_tokens": 2_000, **fields})


def sent() -> list[str]:
    return [message.content for message in scripted_llm.calls[-1][1].messages]


def test_what_is_sent_is_the_branch_after_the_system_prompt(alice: User, providers: Any) -> None:
    conversation = conversation_of(alice, title="茶", system_prompt="回答简短。")
    first = answered(conversation, "绿茶怎么泡？")
    answered(conversation, "红茶呢？")
    answered(conversation, "乌龙茶呢？", parent_id=first.pk)
    assert sent() == ["回答简短。", "绿茶怎么泡？", scripted_llm.ANSWER, "乌龙茶呢？"]


def test_what_stays_behind_is_shown(
    client: APIClient, alice: User, providers: Any, conversation: Conversation, path: str
) -> None:
    small_model()
    ids = [str(answered(conversation, f"第 {number} 问 {LONG}").pk) for number in range(3)]
    message = answered(conversation, "最后一问", models=["small"], parameters={"max_output_tokens": 500})
    shown = client.get(f"{path}/messages/{message.pk}").json()["data"]["context"]
    assert len(sent()) == shown["messages"] < 7
    assert shown["left_out"] + shown["messages"] == 7
    assert len(shown["left_out_ids"]) == shown["left_out"]
    assert ids[2] not in shown["left_out_ids"]
    assert shown["cut"][0]["characters"] > 0
    assert shown["context_tokens"] == 2_000
    assert scripted_llm.calls[-1][1].max_output_tokens == shown["output_tokens"] == 500


def test_it_is_known_before_the_answer_is_there(
    client: APIClient, conversation: Conversation, path: str
) -> None:
    reply = asked(conversation)
    shown = client.get(f"{path}/messages/{reply.pk}").json()["data"]
    assert (shown["status"], shown["context"]["messages"]) == ("streaming", 1)


def test_a_conversation_says_how_many_earlier_ones_go_along(alice: User, providers: Any) -> None:
    conversation = conversation_of(alice, title="茶", context_messages=2)
    for number in range(3):
        answered(conversation, f"第 {number} 问")
    assert sent() == ["第 1 问", scripted_llm.ANSWER, "第 2 问"]


@pytest.mark.parametrize(
    ("fields", "content", "code"),
    [
        ({"system_prompt": LONG}, "问", "SYSTEM_PROMPT_TOO_LONG"),
        ({}, LONG, "MESSAGE_TOO_LONG"),
    ],
)
def test_what_is_too_long_by_itself_is_refused_and_nothing_is_bought(
    client: APIClient, alice: User, providers: Any, fields: Any, content: str, code: str
) -> None:
    small_model()
    conversation = conversation_of(alice, title="茶", **fields)
    body = {"content": content, "models": ["small"]}
    for place in ("reply", "reply/estimate"):
        answer = client.post(f"{CONVERSATIONS}/{conversation.pk}/{place}", body)
        assert fault(answer) == (422, code)
    assert not Message.objects.exists()
    assert not Job.objects.exists()


def test_a_failed_answer_is_passed_over(alice: User, providers: Any, conversation: Conversation) -> None:
    scripted_llm.plays["deepseek"].append(scripted_llm.part("", "stop"))
    failed = answered(conversation, "绿茶怎么泡？")
    assert (failed.status, failed.error["code"]) == ("failed", "OUTPUT_EMPTY")  # type: ignore[index]
    assert ProviderCall.objects.count() == 1
    assert failed.output_tokens > 0
    answered(conversation, "再问一次")
    assert sent() == ["绿茶怎么泡？", "再问一次"]


class TestEstimates:
    def test_it_says_what_it_would_cost_and_what_would_go_along(
        self, client: APIClient, providers: Any, conversation: Conversation, path: str
    ) -> None:
        answered(conversation)
        before = Job.objects.count()
        body = {"content": "然后呢？", "models": ["deepseek-chat"], "parameters": {"max_output_tokens": 100}}
        found = client.post(f"{path}/reply/estimate", body).json()["data"]
        assert 0 < found["cost"]["least_micros"] < found["cost"]["most_micros"]
        assert [route["model"] for route in found["cost"]["routes"]] == ["deepseek-chat"]
        assert found["budget"]["left_micros"] > 0
        assert [one["messages"] for one in found["contexts"]] == [3]
        assert (Job.objects.count(), Message.objects.count()) == (before, 2)

    def test_several_models_cost_together(self, client: APIClient, providers: Any, path: str) -> None:
        def most(*models: str) -> int:
            answer = client.post(f"{path}/reply/estimate", {"content": "茶？", "models": models})
            return int(answer.json()["data"]["cost"]["most_micros"])

        providers("deepseek", "openai")
        assert most("deepseek-chat", "gpt-4o-mini") == most("deepseek-chat") + most("gpt-4o-mini")

    def test_what_it_costs_lies_within(
        self, client: APIClient, providers: Any, conversation: Conversation, path: str
    ) -> None:
        cost = client.post(f"{path}/reply/estimate", {"content": "绿茶怎么泡？"}).json()["data"]["cost"]
        message = answered(conversation, "绿茶怎么泡？")
        assert cost["least_micros"] <= message.cost_micros <= cost["most_micros"]

    def test_a_place_that_is_no_place_is_refused(
        self, client: APIClient, path: str, conversation: Conversation
    ) -> None:
        asked(conversation)
        assert fault(client.post(f"{path}/reply/estimate", {"content": "然后呢？"})) == (
            409,
            "MESSAGE_UNFINISHED",
        )
        other = {"content": "?", "parent_id": str(conversation.pk)}
        assert fault(client.post(f"{path}/reply/estimate", other)) == (422, "MESSAGE_UNKNOWN")


class TestUsage:
    def test_a_conversation_sums_up_its_answers(
        self, client: APIClient, providers: Any, conversation: Conversation, path: str
    ) -> None:
        providers("deepseek", "openai")
        first = answered(conversation, models=["deepseek-chat"])
        second = answered(conversation, "然后呢？", models=["gpt-4o-mini"])
        used = client.get(f"{path}/usage").json()["data"]
        assert used["replies"] == 2
        assert used["cost_micros"] == first.cost_micros + second.cost_micros > 0
        assert used["output_tokens"] == first.output_tokens + second.output_tokens
        assert {row["provider"]: row["cost_micros"] for row in used["models"]} == {
            "deepseek": first.cost_micros, "openai": second.cost_micros,
        }  # fmt: skip
        fork = client.post(f"{path}/fork", {"message_id": str(second.pk)}).json()["data"]["id"]
        nothing = client.get(f"{CONVERSATIONS}/{fork}/usage").json()["data"]
        assert (nothing["replies"], nothing["cost_micros"], nothing["models"]) == (0, 0, [])

    def test_what_failed_counts_too(
        self, client: APIClient, providers: Any, conversation: Conversation, path: str
    ) -> None:
        scripted_llm.plays["deepseek"].append(scripted_llm.part("", "stop"))
        failed = answered(conversation)
        assert client.get(f"{path}/usage").json()["data"]["cost_micros"] == failed.cost_micros > 0

    @pytest.mark.parametrize(("outcome", "is_charged"), [("charged", True), ("released", False)])
    def test_what_nobody_knew_is_added_when_it_is_known(
        self,
        client: APIClient,
        providers: Any,
        conversation: Conversation,
        path: str,
        monkeypatch: pytest.MonkeyPatch,
        outcome: Any,
        is_charged: bool,
    ) -> None:
        def lost(self: Any, request: Any) -> Any:
            yield ChatDelta(text="半句")
            raise ProviderError(CONNECTION_LOST, "lost", retryable=True, charged=None)

        monkeypatch.setattr(scripted_llm.ScriptedLLM, "stream", lost)
        message = answered(conversation)
        call = ProviderCall.objects.get(job_id=message.pk)
        used = client.get(f"{path}/usage").json()["data"]
        assert (used["uncertain_calls"], used["uncertain_micros"]) == (1, call.reserved_micros)
        shown = client.get(f"{path}/messages/{message.pk}").json()["data"]
        assert (shown["cost_micros"], shown["error"]["charged"]) == (0, None)

        assert call_resolve(call_id=call.pk, outcome=outcome, resolution="their log")
        shown = client.get(f"{path}/messages/{message.pk}").json()["data"]
        used = client.get(f"{path}/usage").json()["data"]
        cost = call.reserved_micros if is_charged else 0
        assert (shown["cost_micros"], shown["error"]["charged"]) == (cost, is_charged)
        assert (used["cost_micros"], used["uncertain_calls"], used["uncertain_micros"]) == (cost, 0, 0)
