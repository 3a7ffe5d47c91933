"""Titles by themselves: a job of their own, which harms nothing."""

from typing import Any

import pytest

from accounts.models import User
from conversations.domain.titles import title_in, title_question
from conversations.models import Conversation
from conversations.services.conversations import conversation_update
from conversations.services.titles import TITLE_KIND
from generation.models import Job
from generation.providers.base import ProviderError
from tests.conversations.factories import answered, conversation_of
from tests.generation.factories import run_until_over
from tests.support import scripted_llm

pytestmark = pytest.mark.django_db


def title_jobs() -> Any:
    return Job.objects.filter(kind=TITLE_KIND)


def titled(conversation: Conversation) -> str:
    """The title, once its job has run."""
    run_until_over(title_jobs().get())
    conversation.refresh_from_db()
    return conversation.title


def test_a_first_answer_brings_a_title(alice: User) -> None:
    conversation = conversation_of(alice)
    answered(conversation, "请帮我写一个关于读书计划的表格")
    assert titled(conversation) == "读书计划"
    assert conversation.is_title_automatic
    answered(conversation, "再来一个")
    assert title_jobs().count() == 1


def test_it_is_bought_like_everything_else(alice: User, providers: Any) -> None:
    conversation = conversation_of(alice)
    scripted_llm.plays["deepseek"].extend(["水温约 80 °C。", "“泡绿茶的水温。”\n（共七个字）"])
    answered(conversation, "绿茶怎么泡？")
    assert titled(conversation) == "泡绿茶的水温"
    asked = scripted_llm.calls[-1][1].messages[0].content
    assert "绿茶怎么泡？" in asked
    assert "水温约 80 °C。" in asked
    job = title_jobs().get()
    [call] = job.calls.all()
    assert (call.feature, call.status) == (TITLE_KIND, "settled")
    assert "泡绿茶" not in f"{call.result} {job.output}", "it is kept where it goes with the texts"


def test_a_title_that_somebody_gave_stays(alice: User) -> None:
    given = conversation_of(alice, title="茶")
    answered(given)
    assert not title_jobs().exists()
    conversation = conversation_of(alice)
    answered(conversation)
    conversation.refresh_from_db()
    conversation_update(conversation=conversation, title="我的茶")
    assert titled(conversation) == "我的茶"
    assert not conversation.is_title_automatic
    assert title_jobs().get().calls.count() == 0


def test_one_that_was_given_meanwhile_stays(alice: User, providers: Any) -> None:
    conversation = conversation_of(alice)
    answered(conversation)

    def while_it_is_found(request: Any) -> str:
        conversation.refresh_from_db()
        conversation_update(conversation=conversation, title="我的茶")
        return "泡茶"

    scripted_llm.plays["deepseek"].append(while_it_is_found)
    assert titled(conversation) == "我的茶"
    assert (title_jobs().get().status, title_jobs().get().output["is_used"]) == ("succeeded", False)


def test_its_failure_harms_nothing(alice: User, providers: Any) -> None:
    conversation = conversation_of(alice)
    message = answered(conversation)
    refused = ProviderError("PROVIDER_CONTENT_REFUSED", "no", retryable=False, charged=False)
    scripted_llm.plays["deepseek"].append(refused)
    assert titled(conversation) == ""
    assert title_jobs().get().status == "failed"
    message.refresh_from_db()
    assert message.status == "complete"
    answered(conversation, "然后呢？")
    assert title_jobs().count() == 2, "the next answer tries again"


def test_a_conversation_that_is_gone_needs_none(alice: User) -> None:
    conversation = conversation_of(alice)
    answered(conversation)
    conversation.delete()
    run_until_over(title_jobs().get())
    assert title_jobs().get().status == "succeeded"


def test_several_answers_side_by_side_bring_one(alice: User) -> None:
    from tests.conversations.factories import asked, run_reply

    conversation = conversation_of(alice)
    run_reply(asked(conversation, models=["sandbox", "sandbox-priced"]).pk)
    assert title_jobs().count() == 1


@pytest.mark.parametrize("said", ['{"title": "x"}', "<tool_call>", "```\nx\n```", "", " \n ", "[]"])
def test_what_is_no_title_is_none(said: str) -> None:
    assert title_in(said) == ""


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("  # Green tea  ", "Green tea"),
        ('Title: "Green tea."', "Green tea"),
        ("**标题：泡绿茶**", "泡绿茶"),
        ("《泡茶》\n解释", "泡茶"),
        ("a\u202eb\tc", "ab c"),
        ("x" * 300, "x" * 80 + "…"),
    ],
)
def test_marks_are_no_part_of_it(said: str, title: str) -> None:
    assert title_in(said) == title


def test_it_is_asked_in_the_language_of_the_question() -> None:
    assert "标题" in title_question("绿茶怎么泡？", "")
    assert "title" in title_question("How do I brew tea?", "")
