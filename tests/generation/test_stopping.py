"""A stream stops soon after its job was cancelled or taken away, also while the provider says nothing."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from queue import SimpleQueue
from threading import Event
from typing import Any

import pytest
from django.db import OperationalError

from accounts.models import User
from config import waiting
from generation.errors import JobCancelledError
from generation.jobs import runner, worker
from generation.jobs.registry import NoOutput
from generation.jobs.run import JobRun
from generation.jobs.services import job_cancel
from generation.models import Job, ProviderCall
from generation.providers import rules
from generation.providers.llm.base import ChatDelta
from tests.generation.factories import events, fetch, scripted_job
from tests.support import scripted_llm
from tests.support.kinds.handlers import text_request
from tests.support.patience import PATIENCE

pytestmark = pytest.mark.django_db

#: More than any test waits: who isn't told to stop runs into the test's own time limit.
FOR_EVER = 3600.0


def streaming(
    owner: User, monkeypatch: pytest.MonkeyPatch, happens: Callable[[Job], None], **options: Any
) -> Job:
    """A job whose provider says something, after which something happens, and then nothing more comes."""

    def stream(self: Any, request: Any) -> Any:
        yield ChatDelta(text="写了一半")
        happens(job)
        waiting.sleep(FOR_EVER)

    def work(run: JobRun) -> NoOutput:
        on_delta = options.get("on_delta", lambda delta: None)
        run.chat("text", text_request("写"), feature="test", on_delta=on_delta)
        return NoOutput()

    monkeypatch.setattr(scripted_llm.ScriptedLLM, "stream", stream)
    job = scripted_job(owner, work)
    return job


def cancel(job: Job) -> None:
    job_cancel(job=Job.objects.get(pk=job.pk))


def test_who_cancels_doesnt_wait_for_the_provider(
    alice: User, providers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = streaming(alice, monkeypatch, cancel)
    runner.run(job.pk)
    assert fetch(job).status == "cancelled"
    assert events(job)[-1] == "cancelled"
    call = ProviderCall.objects.get(job_id=job.pk)
    assert (call.status, call.error_code, call.is_estimate) == ("released", "JOB_CANCELLED", True)
    assert call.output_tokens > 0


def test_who_cancels_before_anything_was_sent_pays_nothing(
    alice: User, providers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(self: Any, request: Any) -> Any:
        cancel(job)
        try:
            waiting.sleep(FOR_EVER)
        except waiting.GivenUpError:
            raise rules.NOT_CONNECTED.error("deepseek") from None
        yield ChatDelta(text="never")

    job = streaming(alice, monkeypatch, cancel)
    monkeypatch.setattr(scripted_llm.ScriptedLLM, "stream", connect)
    runner.run(job.pk)
    assert fetch(job).status == "cancelled"
    call = ProviderCall.objects.get(job_id=job.pk)
    assert (call.status, call.cost_micros, call.input_tokens) == ("released", 0, 0)


def test_what_comes_when_nobody_waits_any_more_is_put_away() -> None:
    may_come, put_away = Event(), SimpleQueue[str]()

    def work() -> str:
        may_come.wait(FOR_EVER)
        return "late"

    with waiting.giving_up(lambda: True), pytest.raises(waiting.GivenUpError):
        waiting.in_thread(work, forget=put_away.put)
    may_come.set()
    assert put_away.get(timeout=PATIENCE) == "late"


def test_a_job_that_was_taken_away_writes_nothing(
    alice: User, providers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take_away(job: Job) -> None:
        Job.objects.filter(pk=job.pk).update(attempt=7, worker="another")

    job = streaming(alice, monkeypatch, take_away)
    runner.run(job.pk)
    found = fetch(job)
    assert (found.status, found.attempt) == ("running", 7)


def test_who_reads_along_may_stop_it_in_a_silence(
    alice: User, providers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(delta: ChatDelta) -> None:
        if not delta.text:
            raise JobCancelledError

    job = streaming(alice, monkeypatch, lambda job: None, on_delta=stop)
    runner.run(job.pk)
    assert fetch(job).status == "cancelled"


def test_a_database_that_is_away_for_a_moment_stops_nothing(
    alice: User, providers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([OperationalError("gone"), OperationalError("gone")])
    notice = worker.Worker._notice

    def unwell(self: worker.Worker, entries: Any) -> None:
        failure = next(failures, None)
        if failure is not None:
            raise failure
        notice(self, entries)

    monkeypatch.setattr(worker, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(worker.Worker, "_notice", unwell)
    job = streaming(alice, monkeypatch, cancel)
    runner.run(job.pk)
    assert fetch(job).status == "cancelled"


def test_one_look_is_for_all(alice: User, django_assert_num_queries: Any) -> None:
    one = worker.Worker()
    with ExitStack() as stack:
        for job in [scripted_job(alice, lambda run: NoOutput()) for _ in range(5)]:
            stack.enter_context(one.holding(job))
        with django_assert_num_queries(1):
            for _ in range(100):
                one.look()


def test_nobody_is_asked_where_nobody_can_give_up() -> None:
    began = time.monotonic()
    waiting.sleep(0.01)
    waiting.check()
    assert not waiting.can_be_given_up()
    assert time.monotonic() >= began
