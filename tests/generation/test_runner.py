"""One attempt at one job: claimed once, fenced, retried, polled; and every way in which it can end."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError
from django.utils import timezone
from structlog.testing import capture_logs

from accounts.models import User
from generation.domain.states import JobStatus
from generation.errors import JobTimeoutError
from generation.jobs import runner, services, sweeper, transitions
from generation.jobs.attempts import AttemptLostError
from generation.jobs.registry import Later, NoOutput, Waiting
from generation.jobs.run import JobRun
from generation.jobs.worker import this_worker
from generation.models import Job
from generation.providers.base import OVERLOADED, RATE_LIMITED, ProviderError
from tests.generation.factories import (
    calls,
    events,
    expire_lease,
    fetch,
    run_until_over,
    scripted_job,
    text_job,
)
from tests.support import scripted_llm
from tests.support.kinds.models import StoredText

pytestmark = pytest.mark.django_db


def overloaded(**fields: Any) -> ProviderError:
    return ProviderError(OVERLOADED, "busy", retryable=True, charged=False, **fields)


# -- claim, lease, fencing -----------------------------------------------------------------------------------------


def test_a_job_runs_to_its_output(alice: User, providers: Any) -> None:
    job = text_job(alice, steps=2)
    scripted_llm.plays["deepseek"] += ["第一段", "第二段 🙂"]
    runner.run(job.pk)
    done = fetch(job)
    assert (done.status, done.output, done.progress) == ("succeeded", {"text": "第一段\n第二段 🙂"}, 100)
    assert (done.attempt, done.failures, done.worker, done.lease_expires_at) == (1, 0, "", None)
    assert done.started_at is not None
    assert done.finished_at is not None
    assert events(job) == ["queued", "started", "succeeded"]
    assert StoredText.objects.get(job_id=job.pk).text == "第一段\n第二段 🙂"


def test_a_message_that_comes_twice_finds_nothing_to_claim(alice: User, providers: Any) -> None:
    job = text_job(alice)
    scripted_llm.plays["deepseek"].append(lambda _: runner.run(job.pk) or "一次")  # while it runs
    runner.run(job.pk)
    runner.run(job.pk)  # after its end
    assert events(job) == ["queued", "started", "succeeded"]
    assert len(scripted_llm.calls) == StoredText.objects.filter(job_id=job.pk).count() == 1


def test_a_claim_takes_the_job_once_with_a_lease_and_the_next_attempt(alice: User) -> None:
    job = text_job(alice)
    before = timezone.now()
    claimed = transitions.claim(job.pk, worker="w1", lease=timedelta(seconds=60))
    assert claimed is not None
    assert (claimed.status, claimed.attempt, claimed.worker) == ("running", 1, "w1")
    assert claimed.lease_expires_at >= before + timedelta(seconds=60)
    assert transitions.claim(job.pk, worker="w2", lease=timedelta(seconds=60)) is None


def test_a_job_that_is_not_due_is_not_claimed(alice: User) -> None:
    job = text_job(alice)
    Job.objects.filter(pk=job.pk).update(not_before=timezone.now() + timedelta(minutes=5))
    runner.run(job.pk)
    assert fetch(job).status == JobStatus.QUEUED


def test_a_worker_whose_lease_ran_out_writes_nothing_more(alice: User) -> None:
    """Every write names its attempt. The late worker's progress, answer and failure all meet a job of another."""
    late: list[str] = []

    def run(run: JobRun) -> NoOutput:
        if run.job.attempt > 1:
            return NoOutput()
        expire_lease(run.job)
        sweeper.sweep()
        runner.run(run.job.pk)
        for write in (run.check, lambda: run.progress(50, "迟到")):
            with pytest.raises(AttemptLostError):
                write()
            late.append("refused")
        return NoOutput()

    job = scripted_job(alice, run, store=lambda job, result: {"attempt": job.attempt})
    runner.run(job.pk)
    assert late == ["refused", "refused"]
    assert fetch(job).output == {"attempt": 2}
    assert events(job) == ["queued", "started", "retrying", "started", "succeeded"]


@pytest.mark.parametrize("late_answer", [KeyError("bug"), overloaded(), Waiting("sandbox", "t"), Later(1)])
def test_a_late_worker_changes_nothing_whatever_it_brings(alice: User, late_answer: Any) -> None:
    def run(run: JobRun) -> Any:
        if run.job.attempt > 1:
            return NoOutput()
        expire_lease(run.job)
        sweeper.sweep()
        runner.run(run.job.pk)
        if isinstance(late_answer, Exception):
            raise late_answer
        return late_answer

    job = scripted_job(alice, run)
    runner.run(job.pk)
    assert (fetch(job).status, fetch(job).failures) == ("succeeded", 1)
    assert events(job) == ["queued", "started", "retrying", "started", "succeeded"]


def test_a_late_worker_stores_nothing(alice: User) -> None:
    def run(run: JobRun) -> NoOutput:
        if run.job.attempt == 1:
            expire_lease(run.job)
            sweeper.sweep()
            runner.run(run.job.pk)
        return NoOutput()

    def store(job: Job, result: Any) -> dict[str, int]:
        StoredText.objects.create(job_id=job.pk, attempt=job.attempt, text="文")
        return {}

    job = scripted_job(alice, run, store=store)
    runner.run(job.pk)
    assert [stored.attempt for stored in StoredText.objects.filter(job_id=job.pk)] == [2]


def test_the_heartbeat_keeps_the_lease_and_tells_what_became_of_the_job(alice: User) -> None:
    seen: dict[str, bool] = {}

    def run(run: JobRun) -> NoOutput:
        worker = this_worker()
        expire_lease(run.job)
        worker.beat()
        seen["extended"] = fetch(run.job).lease_expires_at > timezone.now()
        services.job_cancel(job=fetch(run.job))
        worker.beat()
        seen["cancelled"] = run.entry.is_cancelled
        Job.objects.filter(pk=run.job.pk).update(attempt=99)
        worker.beat()
        seen["lost"] = run.entry.is_lost
        return NoOutput()

    runner.run(scripted_job(alice, run).pk)
    assert seen == {"extended": True, "cancelled": True, "lost": True}


def test_a_job_past_its_time_limit_loses_its_lease_although_its_process_lives(alice: User) -> None:
    def run(run: JobRun) -> NoOutput:
        run.entry.limit_seconds = 0
        expire_lease(run.job)
        this_worker().beat()
        assert sweeper.sweep()["recovered"] == 1
        with pytest.raises(AttemptLostError):
            run.check()
        return NoOutput()

    job = scripted_job(alice, run)
    runner.run(job.pk)
    assert (fetch(job).status, fetch(job).failures) == ("queued", 1)


def test_a_step_that_begins_with_no_time_left_is_a_timeout_that_is_retried(
    alice: User, providers: Any
) -> None:
    def run(run: JobRun) -> NoOutput:
        if run.job.attempt == 1:
            run.entry.limit_seconds = 0.5
            with pytest.raises(JobTimeoutError):
                run.check()
            run.check()
        return NoOutput()

    job = scripted_job(alice, run)
    runner.run(job.pk)
    assert fetch(job).error["code"] == "JOB_TIMEOUT"
    assert run_until_over(job).status == JobStatus.SUCCEEDED


def test_a_call_gets_no_more_time_than_its_attempt_has_left(
    alice: User, providers: Any, settings: Any
) -> None:
    job = text_job(alice)
    runner.run(job.pk)
    limit = settings.AGENT_BUILDS_LIMIT_SECONDS
    assert 1 <= scripted_llm.calls[0][1].timeout_s <= limit * 0.9


# -- retry ---------------------------------------------------------------------------------------------------------


def test_a_refused_call_is_tried_again_after_a_pause(alice: User, providers: Any) -> None:
    job = text_job(alice)
    scripted_llm.plays["deepseek"].append(overloaded(provider="deepseek"))
    runner.run(job.pk)
    waiting = fetch(job)
    assert (waiting.status, waiting.failures, waiting.published_at) == ("queued", 1, None)
    assert 0.9 <= (waiting.not_before - timezone.now()).total_seconds() <= 2.1
    assert waiting.error["code"] == "PROVIDER_OVERLOADED"
    assert waiting.error["charged"] is False
    assert waiting.error["message_zh"] == "AI 服务商负载过高，请稍后重试。"
    assert waiting.error["details"] == {"provider": "deepseek"}

    done = run_until_over(job)
    assert (done.status, done.error) == ("succeeded", None)
    assert events(job) == ["queued", "started", "retrying", "started", "succeeded"]


def test_a_vendor_that_names_a_time_is_not_asked_before_it(alice: User, providers: Any) -> None:
    job = text_job(alice)
    scripted_llm.plays["deepseek"].append(
        ProviderError(RATE_LIMITED, "wait", retryable=True, charged=False, retry_after=60)
    )
    runner.run(job.pk)
    assert 59 <= (fetch(job).not_before - timezone.now()).total_seconds() <= 76


def test_a_job_that_fails_too_often_is_dead_but_kept_and_can_be_replayed(alice: User, providers: Any) -> None:
    job = text_job(alice)
    scripted_llm.plays["deepseek"] += [overloaded() for _ in range(4)]
    dead = run_until_over(job)
    assert (dead.status, dead.failures, dead.error_code) == ("failed", 4, "PROVIDER_OVERLOADED")
    assert events(job) == ["queued", *["started", "retrying"] * 3, "started", "failed"]

    services.job_retry(job=dead)
    runner.run(job.pk)
    assert fetch(job).status == JobStatus.SUCCEEDED


def test_an_error_that_cannot_pass_is_not_retried(alice: User, providers: Any) -> None:
    job = text_job(alice)
    scripted_llm.plays["deepseek"].append(
        ProviderError("PROVIDER_CONTENT_REFUSED", "no", retryable=False, charged=False)
    )
    runner.run(job.pk)
    assert (fetch(job).status, fetch(job).error["retryable"]) == ("failed", False)


def test_a_bug_ends_the_job_at_once_and_is_logged_once(alice: User) -> None:
    def run(run: JobRun) -> NoOutput:
        raise ZeroDivisionError("ein Fehler mit geheimen Daten")

    job = scripted_job(alice, run)
    with capture_logs() as logs:
        runner.run(job.pk)
    failed = fetch(job)
    assert (failed.status, failed.error_code, failed.attempt) == ("failed", "JOB_INTERNAL_ERROR", 1)
    assert "geheim" not in str(failed.error)
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["job.broken"]


def test_a_database_that_was_away_for_a_moment_is_no_bug(alice: User) -> None:
    def run(run: JobRun) -> NoOutput:
        if run.job.attempt == 1:
            raise OperationalError("deadlock detected")
        return NoOutput()

    job = scripted_job(alice, run)
    runner.run(job.pk)
    assert (fetch(job).status, fetch(job).failures) == ("queued", 1)
    assert run_until_over(job).status == JobStatus.SUCCEEDED


def test_later_is_neither_a_failure_nor_an_end(alice: User) -> None:
    def run(run: JobRun) -> Any:
        return Later(30) if run.job.attempt == 1 else NoOutput()

    job = scripted_job(alice, run)
    runner.run(job.pk)
    postponed = fetch(job)
    assert (postponed.status, postponed.failures, postponed.error) == ("queued", 0, None)
    assert 29 <= (postponed.not_before - timezone.now()).total_seconds() <= 30
    assert run_until_over(job).status == JobStatus.SUCCEEDED


# -- what can't be run ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change", [{"kind": "gone.kind"}, {"input": {"prompt": ["not", "text"]}}, {"input": {"steps": "三"}}]
)
def test_a_job_that_no_handler_can_take_fails_instead_of_running_for_ever(
    alice: User, change: dict[str, Any]
) -> None:
    job = text_job(alice)
    Job.objects.filter(pk=job.pk).update(**change)
    with capture_logs() as logs:
        runner.run(job.pk)
    assert (fetch(job).status, fetch(job).error_code) == ("failed", "JOB_INTERNAL_ERROR")
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["job.unrunnable"]


# -- store ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [KeyError("bug"), OperationalError("disk full"), overloaded()])
def test_a_job_whose_result_cannot_be_stored_has_not_succeeded(alice: User, error: Exception) -> None:
    def store(job: Job, result: Any) -> None:
        StoredText.objects.create(job_id=job.pk, attempt=job.attempt, text="半")
        raise error

    job = scripted_job(alice, lambda run: NoOutput(), store=store)
    runner.run(job.pk)
    assert fetch(job).status in (JobStatus.QUEUED, JobStatus.FAILED)
    assert "succeeded" not in events(job)
    assert not StoredText.objects.filter(job_id=job.pk).exists()


def test_what_was_bought_is_stored_by_the_next_attempt_without_buying_it_again(
    alice: User, providers: Any
) -> None:
    texts: list[str] = []

    def run(run: JobRun) -> str:
        from tests.support.kinds.handlers import text_request

        return run.chat("text", text_request("写 🙂"), feature="test").text

    def store(job: Job, result: str) -> dict[str, str]:
        texts.append(result)
        if len(texts) == 1:
            raise IntegrityError("another job was quicker")
        return {"text": result}

    job = scripted_job(alice, run, store=store)
    assert run_until_over(job).output == {"text": scripted_llm.ANSWER}
    assert texts == [scripted_llm.ANSWER] * 2
    assert len(scripted_llm.calls) == len(calls(job)) == 1
