"""Turns, circuits and streams, as jobs meet them."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import ProviderKey, User
from accounts.selectors.keys import provider_keys_forget_all
from config.crypto import Secret
from generation.errors import JobCancelledError
from generation.jobs import gateway, runner
from generation.jobs.registry import NoOutput
from generation.jobs.run import JobRun
from generation.jobs.turns import others_wait
from generation.models import Job
from generation.providers.base import (
    AUTH_FAILED,
    CONNECTION_LOST,
    RATE_LIMITED,
    UNAVAILABLE,
    ProviderError,
    Usage,
)
from generation.providers.breaker import State
from generation.providers.llm.base import ChatDelta
from tests.generation.factories import calls, events, fetch, run_until_over, scripted_job, text_job
from tests.generation.ledger.shorthand import not_charged
from tests.support import scripted_llm
from tests.support.kinds.handlers import text_request
from tests.support.patience import PATIENCE
from tests.support.queues import waiting

pytestmark = pytest.mark.django_db


def fail_often(times: int, provider: str = "deepseek") -> None:
    for _ in range(times):
        scripted_llm.plays[provider].append(not_charged(UNAVAILABLE))


# -- circuits ------------------------------------------------------------------------------------------------------


def test_a_provider_that_keeps_failing_is_left_alone_and_the_next_one_is_asked(
    alice: User, providers: Any
) -> None:
    providers("deepseek", "openai")
    fail_often(5)
    for _ in range(7):
        assert run_until_over(text_job(alice)).status == "succeeded"
    asked = [name for name, _ in scripted_llm.calls]
    assert asked.count("deepseek") == 5
    assert asked.count("openai") == 7
    # A refusal of our own reserves nothing and leaves no row.
    assert [call.provider for call in calls(Job.objects.order_by("-created_at").first())] == ["openai"]


def test_without_another_one_the_job_comes_again_when_the_circuit_lets_a_probe_through(
    alice: User, providers: Any
) -> None:
    fail_often(5)
    for _ in range(5):
        runner.run(text_job(alice).pk)
    job = text_job(alice)
    runner.run(job.pk)
    waiting = fetch(job)
    assert (waiting.status, waiting.error["code"], waiting.error["charged"]) == ("queued", UNAVAILABLE, False)
    assert 10 < (waiting.not_before - timezone.now()).total_seconds() < 30
    assert len(scripted_llm.calls) == 5


def test_the_circuit_of_one_key_is_not_that_of_another(
    alice: User, bob: User, providers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ProviderKey.objects.create(owner=alice, provider="deepseek", secret=Secret("sk-alice-123456"))
    provider_keys_forget_all()
    monkeypatch.setattr(
        "generation.providers.registry.own_llm",
        lambda provider, **o: scripted_llm.ScriptedLLM(name="own", model=o["model"]),
    )
    fail_often(5, "own")
    for _ in range(5):
        assert run_until_over(text_job(alice)).status == "succeeded"  # by the operator's key
    assert run_until_over(text_job(bob)).status == "succeeded"
    assert gateway.breakers.state(gateway.lane_of("deepseek", ProviderKey.objects.get().pk)) is State.OPEN


def test_a_refused_key_says_so_where_its_owner_looks_and_the_operators_is_asked(
    alice: User, providers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ProviderKey.objects.create(owner=alice, provider="deepseek", secret=Secret("sk-alice-123456"))
    provider_keys_forget_all()
    monkeypatch.setattr(
        "generation.providers.registry.own_llm",
        lambda provider, **o: scripted_llm.ScriptedLLM(name="own", model=o["model"]),
    )
    scripted_llm.plays["own"].append(not_charged(AUTH_FAILED))
    job = run_until_over(text_job(alice))
    assert [(c.status, c.is_own_key) for c in calls(job)] == [("released", True), ("settled", False)]
    key.refresh_from_db()
    assert key.error_code

    provider_keys_forget_all()
    assert run_until_over(text_job(alice)).status == "succeeded"
    key.refresh_from_db()
    assert key.error_code == ""


def test_an_own_key_that_cant_be_decrypted_is_made_up_for(
    alice: User, providers: Any, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    ProviderKey.objects.create(owner=alice, provider="deepseek", secret=Secret("sk-alice-123456"))
    ProviderKey.objects.update(secret=Secret(stored="00000000:gone"))
    provider_keys_forget_all()
    job = run_until_over(text_job(alice))
    assert [(c.status, c.is_own_key) for c in calls(job)] == [("settled", False)]
    assert "provider_key.unreadable" in caplog.text


# -- turns ---------------------------------------------------------------------------------------------------------


def test_a_rate_limit_that_names_a_time_closes_the_lane_for_everybody(
    alice: User, bob: User, providers: Any
) -> None:
    scripted_llm.plays["deepseek"].append(
        ProviderError(RATE_LIMITED, "slow", retryable=True, charged=False, retry_after=300)
    )
    runner.run(text_job(alice).pk)
    job = text_job(bob)
    runner.run(job.pk)
    waiting = fetch(job)
    assert len(scripted_llm.calls) == 1
    # Waiting for a turn isn't a failure of the job, and nothing is in the ledger.
    assert (waiting.status, waiting.failures, waiting.error, calls(job)) == ("queued", 0, None, [])
    assert 250 < (waiting.not_before - timezone.now()).total_seconds() <= 300


def test_no_more_calls_are_in_flight_than_allowed(alice: User, providers: Any, settings: Any) -> None:
    settings.LLM_MAX_IN_FLIGHT = 1
    held: list[str] = []

    def while_one_is_in_flight(_: Any) -> str:
        with (
            pytest.raises(gateway.TurnMissedError),
            gateway.passage(
                gateway.lane_of("deepseek", None), owner=alice.pk, timeout_s=0.01, is_cancelled=lambda: False
            ),
        ):
            held.append("a second one")
        return "好"

    scripted_llm.plays["deepseek"].append(while_one_is_in_flight)
    assert run_until_over(text_job(alice)).output == {"text": "好"}
    assert held == []


def test_a_chat_behind_a_batch_waits_for_one_turn(alice: User, bob: User, settings: Any) -> None:
    """Twenty of alice's wait; bob comes last and is the first but one to go."""
    settings.LLM_MAX_IN_FLIGHT = 1
    gateway.reset()
    lane, order, ready = gateway.lane_of("deepseek", None), [], threading.Event()

    def go(owner: User, name: str) -> None:
        with gateway.passage(lane, owner=owner.pk, timeout_s=PATIENCE, is_cancelled=lambda: False):
            order.append(name)

    def wait_for(number: int) -> None:
        while waiting(gateway.limiter, lane) < number:
            ready.wait(0.002)

    with gateway.passage(lane, owner=alice.pk, timeout_s=1, is_cancelled=lambda: False):
        crew = [threading.Thread(target=go, args=(alice, f"batch {n}")) for n in range(20)]
        for number, thread in enumerate(crew, start=1):
            thread.start()
            wait_for(number)
        crew.append(threading.Thread(target=go, args=(bob, "chat")))
        crew[-1].start()
        wait_for(21)
    for thread in crew:
        thread.join(PATIENCE)
    assert order.index("chat") == 1


def test_a_batch_makes_room_when_somebody_else_waits(alice: User, bob: User, charlie: User) -> None:
    job = text_job(bob)
    assert not others_wait(alice.pk)
    long_ago = timezone.now() - timedelta(seconds=5)
    Job.objects.filter(pk=job.pk).update(published_at=long_ago)
    assert not others_wait(bob.pk)  # nobody waits but bob himself
    assert others_wait(charlie.pk)


# -- streams -------------------------------------------------------------------------------------------------------


def streamed(run: JobRun, pieces: list[ChatDelta], **options: Any) -> str:
    return run.chat(
        "text", text_request("写 🙂"), feature="test", on_delta=options.get("on_delta", pieces.append)
    ).text


def stream_of(monkeypatch: pytest.MonkeyPatch, *plays: Any) -> None:
    """What the scripted model streams, call by call; an error breaks the stream off where it stands."""
    left = list(plays)

    def stream(self: Any, request: Any) -> Any:
        scripted_llm.calls.append((self.name, request))
        for piece in left.pop(0):
            if isinstance(piece, BaseException):
                raise piece
            yield piece

    monkeypatch.setattr(scripted_llm.ScriptedLLM, "stream", stream)


END = ChatDelta(finish_reason="stop", usage=Usage(input_tokens=1000, output_tokens=500))


def test_a_streamed_answer_is_handed_on_piece_by_piece_and_kept_whole(
    alice: User, providers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream_of(monkeypatch, [ChatDelta(reasoning="想"), ChatDelta(text="写好"), ChatDelta(text="了 🙂"), END])
    pieces: list[ChatDelta] = []
    texts: list[str] = []

    def work(run: JobRun) -> Any:
        texts.append(streamed(run, pieces))
        return NoOutput()

    job = run_until_over(scripted_job(alice, work))
    assert texts == ["写好了 🙂"]
    assert [piece.text for piece in pieces] == ["", "写好", "了 🙂", ""]
    (call,) = calls(job)
    assert (call.status, call.result["text"], call.result["reasoning"], call.cost_micros) == (
        "settled", "写好了 🙂", "想", 820,
    )  # fmt: skip


def test_another_provider_is_asked_before_the_first_piece_only(
    alice: User, providers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    providers("deepseek", "openai")
    stream_of(monkeypatch, [not_charged()], [ChatDelta(text="好"), END])
    pieces: list[ChatDelta] = []
    run_until_over(scripted_job(alice, lambda run: streamed(run, pieces) and NoOutput()))
    assert [name for name, _ in scripted_llm.calls] == ["deepseek", "openai"]

    scripted_llm.calls.clear()
    stream_of(monkeypatch, [ChatDelta(text="写了一半"), not_charged(CONNECTION_LOST)], [END])
    job = scripted_job(alice, lambda run: streamed(run, pieces) and NoOutput())
    runner.run(job.pk)
    assert [name for name, _ in scripted_llm.calls] == ["deepseek"]


def test_a_stream_that_its_reader_stops_counts_what_had_come(
    alice: User, providers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream_of(monkeypatch, [ChatDelta(text="写了一半"), ChatDelta(text="没人要的"), END])

    def stop(delta: ChatDelta) -> None:
        raise JobCancelledError

    job = scripted_job(alice, lambda run: streamed(run, [], on_delta=stop) and NoOutput())
    runner.run(job.pk)
    assert fetch(job).status == "cancelled"
    (call,) = calls(job)
    assert (call.status, call.error_code, call.is_estimate) == ("released", "JOB_CANCELLED", True)
    assert 0 < call.cost_micros < 100
    assert events(job)[-1] == "cancelled"
