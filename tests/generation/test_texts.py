"""Whole texts: what is continued, what is turned down, and how often anything is bought."""

from collections.abc import Callable

import pytest

from accounts.models import User
from generation.errors import AnswerRejectedError, OutputMalformedError
from generation.jobs import services, texts
from generation.jobs.run import JobRun
from generation.models import Job, ProviderCall
from generation.providers.base import OVERLOADED, ProviderError
from tests.generation.factories import fetch, run_until_over, scripted_job
from tests.support import scripted_llm
from tests.support.kinds.handlers import TextOutput, text_request
from tests.support.scripted_llm import part, plays

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("providers")]


class TooShortError(AnswerRejectedError):
    code = "TEST_TOO_SHORT"
    retryable = True
    en = zh = "Too short."
    advice_en = "The last one was too short."


def writing(
    alice: User, *, least: int = 0, made_from: Callable[[], str] = lambda: "inputs", repairs: bool = False
) -> Job:
    """A job that buys a text of at least so many characters."""

    def run(run: JobRun) -> TextOutput:
        with texts.text_order(run, feature="test", language="en", made_from=(made_from(),)) as order:
            text = order.whole_text("write", text_request("Write.")).text
            if len(text) < least and repairs:
                text += order.chat("repair", text_request("Longer.")).text
            if len(text) < least:
                raise TooShortError(charged=True)
        return TextOutput(text)

    return scripted_job(alice, run)


def said() -> list[str]:
    return [request.messages[-1].content for _, request in scripted_llm.calls]


def code(job: Job) -> str:
    return fetch(job).error_code


def test_parts_are_asked_for_until_the_text_ends_and_are_joined(alice: User) -> None:
    plays["deepseek"].extend([part("One two "), part("three four "), part("five.", "stop")])
    job = run_until_over(writing(alice))
    assert job.output["text"] == "One two three four five."
    assert "One two three four" in said()[2]
    steps = ProviderCall.objects.order_by("created_at").values_list("step", flat=True)
    assert [step.partition("@")[0] for step in steps] == ["write-1", "write-2", "write-3"]


def test_a_continuation_that_adds_nothing_is_not_asked_for_again(alice: User) -> None:
    plays["deepseek"].extend([part("One, two and"), part("")] * 2)
    assert code(run_until_over(writing(alice))) == "OUTPUT_TRUNCATED"
    assert len(scripted_llm.calls) == 4, "two rounds of two calls"


def test_what_is_turned_down_is_bought_once_more_and_not_in_the_same_words(alice: User) -> None:
    plays["deepseek"].extend(["Short.", "A text that is long enough."])
    job = run_until_over(writing(alice, least=10))
    assert job.output["text"] == "A text that is long enough."
    assert said() == ["Write.", "Write.\n\nThe last one was too short."]
    rows = ProviderCall.objects.order_by("created_at").values_list("status", "rejected_code")
    assert list(rows) == [("settled", "TEST_TOO_SHORT"), ("settled", "")]


def test_after_that_only_when_a_person_asks_and_once_for_each_time(alice: User) -> None:
    plays["deepseek"].extend(["Short."] * 9)
    job = run_until_over(writing(alice, least=10))
    assert (job.error["code"], job.error["retryable"], job.error["charged"]) == (
        "TEST_TOO_SHORT",
        False,
        True,
    )
    assert len(scripted_llm.calls) == texts.MOST_ROUNDS
    run_until_over(services.job_retry(job=job))
    assert len(scripted_llm.calls) == texts.MOST_ROUNDS + 1


def test_other_failures_dont_use_up_the_second_round(alice: User) -> None:
    busy = ProviderError(OVERLOADED, "busy", retryable=True, charged=False)
    plays["deepseek"].extend([busy, "Short.", busy, "A text that is long enough."])
    assert run_until_over(writing(alice, least=10)).output["text"] == "A text that is long enough."


def test_what_was_bought_for_a_text_is_turned_down_together(alice: User) -> None:
    plays["deepseek"].extend(["Short.", "!", "Short.", " And a repair that helps."])
    job = run_until_over(writing(alice, least=10, repairs=True))
    assert job.output["text"] == "Short. And a repair that helps."
    assert ProviderCall.objects.filter(rejected_code="TEST_TOO_SHORT").count() == 2


def test_a_text_from_other_inputs_is_another_text(alice: User) -> None:
    plays["deepseek"].extend(["Short."] * 2)
    inputs = ["old"]
    job = run_until_over(writing(alice, least=10, made_from=lambda: inputs[0]))
    inputs[0] = "new"
    plays["deepseek"].extend(["Short.", "A text that is long enough."])
    job = run_until_over(services.job_retry(job=job))
    assert job.output["text"] == "A text that is long enough."
    assert said()[2] == "Write.", "nothing was wrong with a text from these inputs yet"


SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
GOOD, BAD = '{"title": "Tea"}', '{"title": 1}'


def asking(alice: User) -> Job:
    """A job that buys data of `SCHEMA`."""

    def run(run: JobRun) -> TextOutput:
        with texts.text_order(run, feature="test", language="en", made_from=("inputs",)) as order:
            return TextOutput(order.data("ask", text_request("Ask."), SCHEMA).value["title"])

    return scripted_job(alice, run)


def test_data_of_another_form_is_corrected_in_the_same_round(alice: User) -> None:
    plays["deepseek"].extend([BAD, GOOD])
    job = run_until_over(asking(alice))
    assert job.output["text"] == "Tea"
    assert "not match the JSON Schema" in said()[1]
    steps = ProviderCall.objects.order_by("created_at").values_list("step", flat=True)
    assert [step.partition("@")[0] for step in steps] == ["ask-1", "ask-2"]


@pytest.mark.parametrize(
    ("plays_", "expected", "calls_"),
    [
        ([BAD] * 4, "OUTPUT_MALFORMED", 4),
        (["no JSON"] * 4, "OUTPUT_MALFORMED", 4),
        ([part(GOOD)] * 4, "OUTPUT_TRUNCATED", 4),
        ([part(GOOD, "content_filter")] * 2, "OUTPUT_REFUSED", 1),
    ],
)
def test_data_that_stays_wrong_is_turned_down(
    alice: User, plays_: list[str], expected: str, calls_: int
) -> None:
    plays["deepseek"].extend(plays_)
    job = run_until_over(asking(alice))
    assert (code(job), job.error["charged"]) == (expected, True)
    assert len(scripted_llm.calls) == calls_
    assert set(ProviderCall.objects.values_list("rejected_code", flat=True)) == {expected}


def test_data_turned_down_is_asked_for_with_the_reason(alice: User) -> None:
    plays["deepseek"].extend([BAD, BAD, GOOD])
    assert run_until_over(asking(alice)).output["text"] == "Tea"
    assert said()[2] == f"Ask.\n\n{OutputMalformedError.advice_en}"


def test_a_call_that_fails_for_data_is_no_answer(alice: User) -> None:
    busy = ProviderError(OVERLOADED, "busy", retryable=True, charged=False)
    plays["deepseek"].extend([BAD, busy, GOOD])
    assert run_until_over(asking(alice)).output["text"] == "Tea"
    assert len(scripted_llm.calls) == 3, "the first answer was kept, only its correction was bought anew"
