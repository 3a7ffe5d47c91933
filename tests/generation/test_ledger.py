"""The call ledger: no call without its row, nothing bought twice but by the rules, the truth about money."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from generation.domain.states import JobStatus
from generation.jobs import ledger, runner, services, sweeper
from generation.jobs.registry import NoOutput, Waiting
from generation.jobs.run import JobRun
from generation.models import Job, ProviderCall
from generation.providers.base import (
    BAD_ANSWER,
    CONNECTION_LOST,
    CONTENT_REFUSED,
    OVERLOADED,
    TIMEOUT,
    ProviderError,
    Usage,
)
from generation.providers.llm.base import ChatRequest
from tests.generation.factories import (
    calls,
    events,
    expire_lease,
    fetch,
    make_due,
    run_until_over,
    scripted_job,
    text_job,
)
from tests.support import scripted_llm
from tests.support.kinds.handlers import text_request

pytestmark = pytest.mark.django_db

#: 1000 tokens in and 500 out at DeepSeek's list price, in millionths of a dollar.
COST = 820


def lost() -> ProviderError:
    return ProviderError(CONNECTION_LOST, "lost after acceptance", retryable=True, charged=None)


def not_charged(code: str = OVERLOADED) -> ProviderError:
    return ProviderError(code, "refused", retryable=True, charged=False)


def statuses(job: Job) -> list[str]:
    return [call.status for call in calls(job)]


def ask(run: JobRun, step: str = "text", prompt: str = "写 🙂") -> str:
    return run.chat(step, text_request(prompt), feature="test").text


# -- every call has its row ----------------------------------------------------------------------------------------


def test_the_row_is_committed_as_sent_before_the_call_leaves(alice: User, providers: Any) -> None:
    job = text_job(alice)
    seen: list[ProviderCall] = []
    scripted_llm.plays["deepseek"].append(lambda _: seen.extend(calls(job)) or "好")
    runner.run(job.pk)
    assert [(call.status, call.step, call.attempt) for call in seen] == [("sent", "text-1", 1)]
    assert seen[0].sent_at is not None
    assert seen[0].cost_micros is None
    assert seen[0].reserved_micros == 2000 * 270_000 // 10**6 + 200 * 1_100_000 // 10**6


def test_a_settled_row_tells_what_was_bought_from_whom_for_how_much(alice: User, providers: Any) -> None:
    job = text_job(alice)
    runner.run(job.pk)
    (call,) = calls(job)
    assert (call.status, call.cost_micros, call.currency, call.price_version) == (
        "settled", COST, "USD", "2026-11",
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


# -- what may be bought again --------------------------------------------------------------------------------------


def test_a_lost_text_is_repeated_once_and_both_rows_are_shown(alice: User, providers: Any) -> None:
    job = text_job(alice)
    scripted_llm.plays["deepseek"].append(lost())
    assert run_until_over(job).status == JobStatus.SUCCEEDED
    first, second = calls(job)
    assert (first.status, second.status) == ("uncertain", "settled")
    assert second.repeats_id == first.pk
    assert first.cost_micros is None
    assert first.reserved_micros > 0
    assert len(scripted_llm.calls) == 2


def test_a_text_that_is_lost_twice_waits_for_a_person(alice: User, providers: Any) -> None:
    job = text_job(alice)
    scripted_llm.plays["deepseek"] += [lost(), lost()]
    failed = run_until_over(job)
    assert (failed.status, failed.error_code, failed.error["charged"]) == ("failed", "CALL_UNCERTAIN", None)
    assert len(scripted_llm.calls) == 2
    assert statuses(job) == ["uncertain", "uncertain"]


def test_a_third_attempt_after_two_losses_says_call_uncertain(alice: User, providers: Any) -> None:
    """Two workers died in the middle of the call: there was no error that could have ended the job."""
    job = text_job(alice)

    def dies(_: ChatRequest) -> str:
        expire_lease(job)
        sweeper.sweep()
        raise_(GeneratorExit())

    scripted_llm.plays["deepseek"] += [dies, dies]
    for _ in range(2):
        make_due(job)
        with pytest.raises(GeneratorExit):
            runner.run(job.pk)
    make_due(job)
    runner.run(job.pk)
    failed = fetch(job)
    assert (failed.status, failed.error_code, failed.error["charged"]) == ("failed", "CALL_UNCERTAIN", None)
    assert failed.error["details"] == {"calls": [str(call.pk) for call in calls(job)]}
    assert len(scripted_llm.calls) == 2

    services.job_retry(job=failed)
    assert run_until_over(job).status == JobStatus.SUCCEEDED
    assert statuses(job) == ["uncertain", "uncertain", "settled"]
    assert [bool(call.resolution) for call in calls(job)] == [True, True, False]


def raise_(error: BaseException) -> None:
    raise error


def test_without_leave_not_even_a_text_is_repeated(alice: User, providers: Any, settings: Any) -> None:
    settings.REPEAT_UNCERTAIN_TEXT = False
    job = text_job(alice)
    scripted_llm.plays["deepseek"].append(lost())
    run_until_over(job)
    assert (fetch(job).status, len(scripted_llm.calls)) == ("failed", 1)


def test_a_handler_that_asks_again_in_the_same_attempt_is_bound_by_the_same_rule(
    alice: User, providers: Any
) -> None:
    def run(run: JobRun) -> NoOutput:
        for _ in range(5):
            try:
                ask(run)
            except ProviderError:
                continue
        return NoOutput()

    job = scripted_job(alice, run)
    scripted_llm.plays["deepseek"] += [lost() for _ in range(5)]
    runner.run(job.pk)
    first, second = calls(job)
    assert second.repeats_id == first.pk
    assert (fetch(job).status, fetch(job).error_code) == ("failed", "CALL_UNCERTAIN")


def test_a_step_is_bought_once_however_often_its_handler_runs(alice: User, providers: Any) -> None:
    spent: list[tuple[int, int]] = []

    def run(run: JobRun) -> NoOutput:
        texts = [ask(run, step) for step in ("一", "二", "一")]
        assert texts == ["first", "second", "first"]
        spent.append((run.spent_micros, run.usage.input_tokens))
        if len(spent) == 1:
            raise ProviderError(OVERLOADED, "later", retryable=True, charged=False)
        return NoOutput()

    job = scripted_job(alice, run)
    scripted_llm.plays["deepseek"] += ["first", "second"]
    assert run_until_over(job).status == JobStatus.SUCCEEDED
    assert [call.step for call in calls(job)] == ["一", "二"]
    assert len(scripted_llm.calls) == 2


# -- a worker dies, or is late -------------------------------------------------------------------------------------


def test_a_call_that_was_never_sent_is_released(alice: User, providers: Any) -> None:
    job = text_job(alice)
    runner.transitions.claim(job.pk, worker="dead", lease=runner.this_worker().lease)
    ledger.reserve(fetch(job), "text-1", feature="test", capability="llm", provider="p", model="m", micros=9)
    expire_lease(job)
    sweeper.sweep()
    assert [(call.status, call.cost_micros, call.error_code) for call in calls(job)] == [
        ("released", 0, "JOB_WORKER_LOST")
    ]
    assert fetch(job).error["charged"] is False
    runner.run(job.pk)
    assert statuses(job) == ["released", "settled"]


def test_the_answer_of_a_late_worker_is_recorded_and_used(alice: User, providers: Any) -> None:
    """Its lease ran out during the call, nobody else has bought the step yet."""
    job = text_job(alice)

    def late(_: ChatRequest) -> str:
        expire_lease(job)
        sweeper.sweep()
        assert statuses(job) == ["uncertain"]
        return "迟到的回答 🙂"

    scripted_llm.plays["deepseek"].append(late)
    runner.run(job.pk)
    assert fetch(job).status == JobStatus.QUEUED
    assert [(call.status, call.cost_micros) for call in calls(job)] == [("settled", COST)]
    runner.run(job.pk)
    assert fetch(job).output == {"text": "迟到的回答 🙂"}
    assert len(scripted_llm.calls) == 1


def test_two_answers_for_one_step_are_both_paid_for_and_one_is_used(alice: User, providers: Any) -> None:
    """The slow worker's call was given up and repeated; then its answer arrives after all."""
    job = text_job(alice)

    def late(_: ChatRequest) -> str:
        expire_lease(job)
        sweeper.sweep()
        runner.run(job.pk)
        return "迟到"

    scripted_llm.plays["deepseek"] += [late, "及时"]
    runner.run(job.pk)
    assert fetch(job).output == {"text": "及时"}
    first, second = calls(job)
    assert (first.status, first.cost_micros, first.error_code) == ("released", COST, "CALL_REPEATED")
    assert (second.status, second.cost_micros, second.repeats_id) == ("settled", COST, first.pk)
    assert events(job) == ["queued", "started", "retrying", "started", "succeeded"]


def test_the_late_answer_may_come_while_the_repetition_is_under_way(alice: User, providers: Any) -> None:
    job = text_job(alice)
    runner.transitions.claim(job.pk, worker="slow", lease=runner.this_worker().lease)
    slow = ledger.reserve(
        fetch(job), "text-1", feature="test", capability="llm", provider="deepseek", model="m", micros=9
    )
    assert ledger.mark_sent(slow)
    expire_lease(job)
    sweeper.sweep()

    def meanwhile(_: ChatRequest) -> str:
        assert ledger.settle(slow, micros=7, usage=Usage(1, 1), result={"text": "迟到"})
        return "及时"

    scripted_llm.plays["deepseek"].append(meanwhile)
    runner.run(job.pk)
    assert fetch(job).output == {"text": "及时"}
    assert [(call.status, call.cost_micros) for call in calls(job)] == [("released", 7), ("settled", COST)]


def test_a_reservation_that_was_taken_away_is_not_sent(alice: User, providers: Any, monkeypatch: Any) -> None:
    job = text_job(alice)
    reserve = ledger.reserve

    def slow_reserve(*args: Any, **kwargs: Any) -> ProviderCall:
        call = reserve(*args, **kwargs)
        expire_lease(job)
        sweeper.sweep()
        return call

    monkeypatch.setattr(ledger, "reserve", slow_reserve)
    runner.run(job.pk)
    assert scripted_llm.calls == []
    assert statuses(job) == ["released"]
    assert fetch(job).status == JobStatus.QUEUED


# -- orders that can be looked up, and those that can't ------------------------------------------------------------


def order_job(alice: User, order: Callable[[str], str], *, is_blind: bool = False) -> Job:
    def run(run: JobRun) -> Any:
        ref = run.purchase(
            "order",
            capability="image",
            provider="sandbox",
            model="m",
            micros=5000,
            feature="test",
            order=order,
        )
        return finish(run) if is_blind else Waiting("sandbox", ref)

    def finish(run: JobRun) -> NoOutput:
        run.settle_purchase("order", micros=4000, result={"文件": "a.glb"})
        return NoOutput()

    return scripted_job(alice, run, poll=finish)


def test_an_order_is_looked_up_and_settled(alice: User) -> None:
    keys: list[str] = []
    job = order_job(alice, lambda key: keys.append(key) or "task-1")
    runner.run(job.pk)
    assert [(call.status, call.provider_ref) for call in calls(job)] == [("sent", "task-1")]
    make_due(job)
    runner.poll(job.pk)
    assert [(call.status, call.cost_micros, call.result) for call in calls(job)] == [
        ("settled", 4000, {"文件": "a.glb"})
    ]
    assert fetch(job).status == JobStatus.SUCCEEDED
    assert keys == [f"{job.pk}:order"]


def test_an_order_with_an_id_is_resumed_by_look_up_and_never_placed_again(alice: User) -> None:
    """The process died after the id was stored and before the job was waiting."""
    keys: list[str] = []

    def order(key: str) -> str:
        keys.append(key)
        return "task-1"

    job = order_job(alice, order)
    claimed = runner.transitions.claim(job.pk, worker="dead", lease=runner.this_worker().lease)
    call = ledger.reserve(
        claimed, "order", feature="test", capability="image", provider="sandbox", model="m", micros=5000
    )
    ledger.mark_sent(call)
    ledger.mark_accepted(call, "task-1")
    expire_lease(job)
    sweeper.sweep()
    assert statuses(job) == ["sent"]
    runner.run(job.pk)
    make_due(job)
    runner.poll(job.pk)
    assert (fetch(job).status, keys, statuses(job)) == ("succeeded", [], ["settled"])


def test_an_order_without_an_answer_is_never_placed_again_unasked(alice: User) -> None:
    keys: list[str] = []

    def order(key: str) -> str:
        keys.append(key)
        if len(keys) == 1:
            raise lost()
        return "task-2"

    job = order_job(alice, order, is_blind=True)
    failed = run_until_over(job)
    assert (failed.status, failed.error_code, failed.error["charged"]) == ("failed", "CALL_UNCERTAIN", None)
    assert len(keys) == 1
    sweeper.sweep()
    runner.run(job.pk)
    assert len(keys) == 1

    services.job_retry(job=failed, resolution="alice 再次下单")
    assert run_until_over(job).status == JobStatus.SUCCEEDED
    assert len(keys) == 2
    assert [(call.status, call.resolution) for call in calls(job)] == [
        ("uncertain", "alice 再次下单"), ("settled", ""),
    ]  # fmt: skip


def test_an_order_whose_worker_died_before_its_id_was_stored_fails_with_call_uncertain(alice: User) -> None:
    keys: list[str] = []
    job = order_job(alice, lambda key: keys.append(key) or "task-1", is_blind=True)
    claimed = runner.transitions.claim(job.pk, worker="dead", lease=runner.this_worker().lease)
    ledger.mark_sent(
        ledger.reserve(
            claimed, "order", feature="test", capability="image", provider="sandbox", model="m", micros=5000
        )
    )
    expire_lease(job)
    sweeper.sweep()
    runner.run(job.pk)
    failed = fetch(job)
    assert (failed.status, failed.error_code, failed.error["charged"]) == ("failed", "CALL_UNCERTAIN", None)
    assert keys == []

    (call,) = calls(job)
    services.call_resolve(call_id=call.pk, outcome="charged", resolution="供应商确认已扣费")
    services.job_retry(job=failed)
    assert run_until_over(job).status == JobStatus.SUCCEEDED
    assert [(c.status, c.cost_micros) for c in calls(job)] == [("released", 5000), ("settled", 4000)]


def test_an_id_that_arrives_after_the_order_was_given_up_makes_it_resumable(alice: User) -> None:
    keys: list[str] = []
    job = order_job(alice, lambda key: keys.append(key) or late(), is_blind=False)

    def late() -> str:
        expire_lease(job)
        sweeper.sweep()
        assert statuses(job) == ["uncertain"]
        return "task-1"

    runner.run(job.pk)
    assert [(call.status, call.provider_ref) for call in calls(job)] == [("sent", "task-1")]
    runner.run(job.pk)
    make_due(job)
    runner.poll(job.pk)
    assert (fetch(job).status, len(keys), statuses(job)) == ("succeeded", 1, ["settled"])


def test_an_id_that_arrives_after_the_step_was_bought_again_is_kept_for_the_person(alice: User) -> None:
    job = order_job(alice, lambda key: "task-2")
    claimed = runner.transitions.claim(job.pk, worker="slow", lease=runner.this_worker().lease)
    slow = ledger.reserve(
        claimed, "order", feature="test", capability="image", provider="sandbox", model="m", micros=5000
    )
    ledger.mark_sent(slow)
    expire_lease(job)
    sweeper.sweep()
    runner.run(job.pk)
    services.job_retry(job=fetch(job))
    runner.run(job.pk)
    assert ledger.mark_accepted(slow, "task-1")
    assert [(call.status, call.provider_ref) for call in calls(job)] == [
        ("uncertain", "task-1"), ("sent", "task-2"),
    ]  # fmt: skip


def test_an_order_that_failed_there_for_free_is_released_and_may_be_placed_again(alice: User) -> None:
    def run(run: JobRun) -> Waiting:
        ref = run.purchase(
            "order", capability="image", provider="sandbox", model="m", micros=5, feature="test",
            order=lambda key: f"task-{len(calls(run.job))}",
        )  # fmt: skip
        return Waiting("sandbox", ref)

    def poll(run: JobRun) -> NoOutput:
        run.release_purchase("order", code=OVERLOADED)
        raise ProviderError(OVERLOADED, "failed there", retryable=False, charged=False)

    job = scripted_job(alice, run, poll=poll)
    runner.run(job.pk)
    make_due(job)
    runner.poll(job.pk)
    assert (fetch(job).status, fetch(job).error["charged"]) == ("failed", False)
    services.job_retry(job=fetch(job))
    runner.run(job.pk)
    assert [(call.status, call.provider_ref) for call in calls(job)] == [
        ("released", "task-1"), ("sent", "task-2"),
    ]  # fmt: skip


def test_the_order_of_a_cancelled_job_stays_visible_as_uncertain(alice: User) -> None:
    job = order_job(alice, lambda key: "task-1")
    runner.run(job.pk)
    services.job_cancel(job=fetch(job))
    runner.poll(job.pk)
    assert fetch(job).status == JobStatus.CANCELLED
    assert [(call.status, call.provider_ref, call.reserved_micros) for call in calls(job)] == [
        ("uncertain", "task-1", 5000)
    ]


def test_calls_left_open_by_a_process_that_died_late_are_closed(alice: User, providers: Any) -> None:
    """A fenced-off worker reserved or sent something and died, while another attempt ended the job."""
    job = text_job(alice)
    runner.run(job.pk)
    late = fetch(job)
    for step, is_sent in (("a", False), ("b", True)):
        call = ledger.reserve(late, step, feature="test", capability="llm", provider="p", model="m", micros=1)
        if is_sent:
            ledger.mark_sent(call)
    assert sweeper.sweep()["calls"] == 2
    assert statuses(job) == ["settled", "released", "uncertain"]
    assert sweeper.sweep()["calls"] == 0


def test_the_order_of_a_failed_job_stays_open_for_a_retry_to_look_it_up(alice: User) -> None:
    job = order_job(alice, lambda key: "task-1")
    runner.run(job.pk)
    Job.objects.filter(pk=job.pk).update(
        status=JobStatus.FAILED, error_code="JOB_WORKER_LOST", finished_at=fetch(job).started_at
    )
    sweeper.sweep()
    assert statuses(job) == ["sent"]
    services.job_retry(job=fetch(job))
    runner.run(job.pk)
    make_due(job)
    runner.poll(job.pk)
    assert (fetch(job).status, statuses(job)) == ("succeeded", ["settled"])
