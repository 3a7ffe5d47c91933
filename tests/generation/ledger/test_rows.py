"""The call ledger: no call without its row, and the truth about money."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from generation.domain.states import JobStatus
from generation.jobs import ledger, runner
from generation.jobs.registry import NoOutput
from generation.jobs.run import JobRun
from generation.models import Job, ProviderCall
from generation.providers.base import (
    BAD_ANSWER,
    CONTENT_REFUSED,
    TIMEOUT,
    ProviderError,
    Usage,
)
from tests.generation.factories import (
    calls,
    fetch,
    run_until_over,
    scripted_job,
    text_job,
)
from tests.generation.ledger.shorthand import COST, ask, lost, not_charged, statuses
from tests.support import scripted_llm

pytestmark = pytest.mark.django_db

# -- every call has its row ----------------------------------------------------------------------------------------


def test_the_row_is_committed_as_sent_before_the_call_leaves(alice: User, providers: Any) -> None:
    job = text_job(alice)
    seen: list[ProviderCall] = []
    scripted_llm.plays["deepseek"].append(lambda _: seen.extend(calls(job)) or "好")
    runner.run(job.pk)
    assert [(call.status, call.step, call.attempt) for call in seen] == [("sent", "text-1", 1)]
    assert seen[0].sent_at is not None
    assert seen[0].cost_micros is None
    assert seen[0].reserved_micros == 3200 * 270_000 // 10**6 + 200 * 1_100_000 // 10**6


def test_a_settled_row_tells_what_was_bought_from_whom_for_how_much(alice: User, providers: Any) -> None:
    job = text_job(alice)
    runner.run(job.pk)
    (call,) = calls(job)
    assert (call.status, call.cost_micros, call.currency, call.price_version) == (
        "settled", COST, "USD", "test-1",
    )  # fmt: skip
    assert (call.provider, call.model, call.capability, call.feature) == (
        "deepseek", "deepseek-chat", "llm", "test",
    )  # fmt: skip
    assert (call.input_tokens, call.output_tokens, call.is_estimate) == (1000, 500, False)
    assert (call.owner_id, call.job_id, call.provider_ref) == (alice.pk, job.pk, "req-1")
    assert call.result["text"] == scripted_llm.ANSWER
    assert call.settled_at >= call.sent_at


def test_each_purchase_has_a_key_that_stays_the_same_over_attempts(alice: User, providers: Any) -> None:
    job = text_job(alice)
    scripted_llm.plays["deepseek"].append(not_charged())
    run_until_over(job)
    sent = [(request.request_key, request.attempt) for _, request in scripted_llm.calls]
    assert sent == [(f"{job.pk}:text-1", 1), (f"{job.pk}:text-1", 2)]


def test_a_step_that_another_attempt_buys_is_not_bought_beside_it(alice: User, providers: Any) -> None:
    job = text_job(alice)
    runner.transitions.claim(job.pk, worker="w", lease=runner.this_worker().lease)
    ledger.reserve(fetch(job), "text-1", feature="test", capability="llm", provider="p", model="m", micros=1)
    Job.objects.filter(pk=job.pk).update(status=JobStatus.QUEUED)
    runner.run(job.pk)
    assert scripted_llm.calls == []
    assert fetch(job).error["code"] == "CALL_IN_FLIGHT"
    assert run_until_over(job).status == JobStatus.SUCCEEDED


# -- what errors cost ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status", "cost", "charged"),
    [
        (ProviderError(CONTENT_REFUSED, "no", retryable=False, charged=False), "released", 0, False),
        (
            ProviderError(BAD_ANSWER, "empty", retryable=False, charged=True, usage=Usage(1000, 500)),
            "released",
            COST,
            True,
        ),
        (ProviderError(TIMEOUT, "silence", retryable=False, charged=None), "uncertain", None, None),
    ],
)
def test_a_failed_call_says_whether_it_was_charged(
    alice: User,
    providers: Any,
    settings: Any,
    error: ProviderError,
    status: str,
    cost: int | None,
    charged: bool | None,
) -> None:
    settings.REPEAT_UNCERTAIN_TEXT = False
    job = text_job(alice)
    scripted_llm.plays["deepseek"].append(error)
    runner.run(job.pk)
    failed = fetch(job)
    (call,) = calls(job)
    if charged is None:
        assert failed.error_code == "CALL_UNCERTAIN"
        assert failed.error["details"] == {"calls": [str(call.pk)], "cause": error.code}
    else:
        assert failed.error_code == error.code
    assert (failed.status, failed.error["charged"]) == ("failed", charged)
    assert (call.status, call.cost_micros, call.error_code) == (status, cost, error.code)


def test_a_useless_answer_that_was_charged_is_paid_for_and_may_be_tried_again(
    alice: User, providers: Any
) -> None:
    job = text_job(alice)
    scripted_llm.plays["deepseek"].append(
        ProviderError(BAD_ANSWER, "empty", retryable=True, charged=True, usage=Usage(1000, 500))
    )
    assert run_until_over(job).status == JobStatus.SUCCEEDED
    assert [(call.status, call.cost_micros) for call in calls(job)] == [("released", COST), ("settled", COST)]


def test_a_later_failure_knows_that_an_earlier_step_was_charged(alice: User, providers: Any) -> None:
    def run(run: JobRun) -> NoOutput:
        ask(run)
        raise KeyError("a bug after the purchase")

    job = scripted_job(alice, run)
    runner.run(job.pk)
    assert fetch(job).error["charged"] is True


def test_whatever_an_adapter_breaks_with_the_outcome_is_unknown(alice: User, providers: Any) -> None:
    job = text_job(alice)
    scripted_llm.plays["deepseek"].append(RuntimeError("a bug of the adapter"))
    runner.run(job.pk)
    assert (fetch(job).error_code, fetch(job).error["charged"]) == ("JOB_INTERNAL_ERROR", None)
    assert statuses(job) == ["uncertain"]


# -- providers in their order --------------------------------------------------------------------------------------


def test_another_provider_is_asked_when_the_first_certainly_charged_nothing(
    alice: User, providers: Callable[..., None]
) -> None:
    providers("deepseek", "openai")
    job = text_job(alice)
    scripted_llm.plays["deepseek"].append(not_charged())
    runner.run(job.pk)
    assert fetch(job).status == JobStatus.SUCCEEDED
    assert [(call.provider, call.status) for call in calls(job)] == [
        ("deepseek", "released"), ("openai", "settled"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "error",
    [
        lost(),
        ProviderError(TIMEOUT, "silence", retryable=True, charged=None),
        ProviderError(BAD_ANSWER, "empty", retryable=True, charged=True),
        ProviderError(CONTENT_REFUSED, "no", retryable=False, charged=False),
    ],
)
def test_no_other_provider_is_asked_when_that_might_cost_twice_or_bring_the_same(
    alice: User, providers: Callable[..., None], error: ProviderError
) -> None:
    providers("deepseek", "openai")
    job = text_job(alice)
    scripted_llm.plays["deepseek"].append(error)
    runner.run(job.pk)
    assert [name for name, _ in scripted_llm.calls] == ["deepseek"]


def test_the_last_provider_s_error_is_the_job_s(alice: User, providers: Callable[..., None]) -> None:
    providers("deepseek", "openai")
    job = text_job(alice)
    scripted_llm.plays["deepseek"].append(not_charged("PROVIDER_AUTH_FAILED"))
    scripted_llm.plays["openai"].append(
        ProviderError("PROVIDER_QUOTA_EXHAUSTED", "empty", retryable=False, charged=False)
    )
    runner.run(job.pk)
    assert fetch(job).error_code == "PROVIDER_QUOTA_EXHAUSTED"


def test_a_model_without_a_price_is_not_called(alice: User, providers: Callable[..., None]) -> None:
    providers("unknown-vendor")
    job = text_job(alice)
    runner.run(job.pk)
    failed = fetch(job)
    assert (failed.status, failed.error_code, failed.error["charged"]) == ("failed", "PRICE_MISSING", False)
    assert scripted_llm.calls == calls(job) == []


def test_a_test_job_calls_the_sandbox_and_nobody_else(alice: User, providers: Any) -> None:
    job = text_job(alice, is_test=True)
    runner.run(job.pk)
    assert fetch(job).status == JobStatus.SUCCEEDED
    assert scripted_llm.calls == []
    assert [(call.provider, call.cost_micros) for call in calls(job)] == [("sandbox", 0)]
