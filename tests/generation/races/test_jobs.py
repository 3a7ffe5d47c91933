"""Several at once at one job: one wins, the others let go, and the events stay numbered without a gap."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from generation.domain.states import JobStatus
from generation.errors import CallInFlightError, JobStateError
from generation.jobs import ledger, runner, services, sweeper, transitions
from generation.jobs.attempts import AttemptLostError
from generation.jobs.registry import NoOutput
from generation.jobs.run import JobRun
from generation.models import Job, ProviderCall
from generation.providers.base import Usage
from tests.generation.factories import (
    TERMINAL_EVENTS,
    calls,
    events,
    expire_lease,
    fetch,
    lose_messages,
    scripted_job,
    text_job,
)
from tests.generation.races.conftest import Together
from tests.support import scripted_llm

LEASE = timedelta(seconds=60)


def ends(job: Job) -> list[str]:
    return [type_ for type_ in events(job) if type_ in TERMINAL_EVENTS]


def test_one_of_many_workers_gets_the_job(alice: User, together: Together) -> None:
    job = text_job(alice)
    claimed = together(
        *(lambda n=n: transitions.claim(job.pk, worker=f"w{n}", lease=LEASE) for n in range(8))
    )
    winners = [found.worker for found in claimed if found is not None]
    assert len(winners) == 1
    assert (fetch(job).worker, fetch(job).attempt) == (winners[0], 1)
    assert events(job) == ["queued", "started"]


def test_one_job_whose_message_came_twice_runs_once(alice: User, together: Together, providers: Any) -> None:
    job = text_job(alice)
    together(*[lambda: runner.run(job.pk)] * 4)
    assert len(scripted_llm.calls) == len(calls(job)) == 1
    assert events(job) == ["queued", "started", "succeeded"]


def test_the_same_idempotency_key_at_the_same_moment_makes_one_job(alice: User, together: Together) -> None:
    jobs = together(*[lambda: text_job(alice, idempotency_key="同一把钥匙")] * 6)
    assert len({job.pk for job in jobs}) == Job.objects.count() == 1


def test_events_written_at_the_same_moment_are_numbered_without_a_gap(
    alice: User, together: Together
) -> None:
    job = text_job(alice)
    together(*[lambda: [transitions.note(job.pk, "note", {"文": "🙂"}) for _ in range(10)]] * 6)
    assert events(job).count("note") == 60


def test_a_job_is_cancelled_or_done_but_never_both(alice: User, together: Together) -> None:
    for _ in range(15):
        job = scripted_job(alice, lambda run: NoOutput())
        claimed = transitions.claim(job.pk, worker="w", lease=LEASE)
        assert claimed is not None

        def cancel(job: Job = job) -> None:
            try:
                services.job_cancel(job=fetch(job))
            except JobStateError:
                return

        together(cancel, lambda claimed=claimed: runner.run_claimed(claimed))
        sweeper.sweep()
        assert len(ends(job)) == 1
        assert fetch(job).status == ends(job)[0]


def test_a_queued_job_is_cancelled_or_claimed_but_never_both(alice: User, together: Together) -> None:
    for _ in range(15):
        job = text_job(alice)
        together(
            lambda job=job: services.job_cancel(job=job),
            lambda job=job: transitions.claim(job.pk, worker="w", lease=LEASE),
        )
        found = fetch(job)
        assert found.cancel_requested_at is not None
        assert (found.status == JobStatus.RUNNING) == ("started" in events(job))
        assert found.status in (JobStatus.RUNNING, JobStatus.CANCELLED)


def test_many_retries_of_one_job_revive_it_once(alice: User, together: Together) -> None:
    def run(run: JobRun) -> NoOutput:
        raise KeyError("a bug")

    job = scripted_job(alice, run)
    runner.run(job.pk)

    def retry() -> bool:
        try:
            services.job_retry(job=fetch(job))
        except JobStateError:
            return False
        return True

    assert sorted(together(*[retry] * 5)) == [False] * 4 + [True]
    assert events(job).count("replayed") == 1


def test_many_sweepers_give_a_lost_job_up_once(alice: User, together: Together, enqueued: Any) -> None:
    job = text_job(alice)
    transitions.claim(job.pk, worker="dead", lease=LEASE)
    expire_lease(job)
    moved = together(*[sweeper.sweep] * 4)
    assert sum(found["recovered"] for found in moved) == 1
    assert fetch(job).failures == 1
    assert events(job) == ["queued", "started", "retrying"]


def test_many_sweepers_publish_a_lost_message_once(alice: User, together: Together, enqueued: Any) -> None:
    jobs = [text_job(alice) for _ in range(20)]
    lose_messages()
    enqueued.clear()
    together(*[sweeper.sweep] * 4)
    assert sorted(kwargs["job_id"] for _, kwargs in enqueued) == sorted(str(job.pk) for job in jobs)


def test_a_worker_that_finishes_while_it_is_given_up_ends_on_one_side(
    alice: User, together: Together
) -> None:
    for _ in range(10):
        job = scripted_job(alice, lambda run: NoOutput())
        claimed = transitions.claim(job.pk, worker="slow", lease=LEASE)
        assert claimed is not None
        expire_lease(job)
        together(lambda claimed=claimed: runner.run_claimed(claimed), sweeper.sweep)
        found = fetch(job)
        assert found.status in (JobStatus.SUCCEEDED, JobStatus.QUEUED)
        assert ("succeeded" in events(job)) != ("retrying" in events(job))


# -- the ledger ----------------------------------------------------------------------------------------------------


def reserve(job: Job) -> ProviderCall | None:
    try:
        return ledger.reserve(
            job, "text", feature="test", capability="llm", provider="p", model="m", micros=5
        )
    except CallInFlightError:
        return None


def test_one_step_is_reserved_once(alice: User, together: Together) -> None:
    job = text_job(alice)
    held = together(*[lambda: reserve(job)] * 6)
    assert sum(call is not None for call in held) == len(calls(job)) == 1


def test_a_reservation_is_either_sent_or_taken_away(alice: User, together: Together) -> None:
    for _ in range(15):
        job = text_job(alice)
        claimed = transitions.claim(job.pk, worker="w", lease=LEASE)
        assert claimed is not None
        call = reserve(claimed)
        assert call is not None
        is_sent, _ = together(
            lambda call=call: ledger.mark_sent(call), lambda job=claimed: ledger.give_up_attempt(job)
        )
        assert calls(job)[0].status == ("uncertain" if is_sent else "released") or (
            is_sent and calls(job)[0].status == "sent"
        )


def test_an_answer_that_comes_while_its_attempt_is_given_up_is_kept(alice: User, together: Together) -> None:
    for _ in range(15):
        job = text_job(alice)
        claimed = transitions.claim(job.pk, worker="w", lease=LEASE)
        assert claimed is not None
        call = reserve(claimed)
        assert call is not None
        ledger.mark_sent(call)
        together(
            lambda call=call: ledger.settle(call, micros=3, usage=Usage(1, 1), result={"text": "答"}),
            lambda job=claimed: ledger.give_up_attempt(job),
        )
        (found,) = calls(job)
        assert (found.status, found.cost_micros) == ("settled", 3)


def test_a_late_answer_and_the_repetition_never_both_hold_the_step(alice: User, together: Together) -> None:
    for _ in range(15):
        job = text_job(alice)
        claimed = transitions.claim(job.pk, worker="w", lease=LEASE)
        assert claimed is not None
        late = reserve(claimed)
        assert late is not None
        ledger.mark_sent(late)
        ledger.give_up_attempt(claimed)
        _, again = together(
            lambda late=late: ledger.settle(late, micros=3, usage=Usage(1, 1), result={"text": "迟"}),
            lambda job=claimed: reserve(job),
        )
        found = {call.pk: (call.status, call.cost_micros) for call in calls(job)}
        if again is None:
            assert found == {late.pk: ("settled", 3)}
        else:
            assert found == {late.pk: ("released", 3), again.pk: ("reserved", None)}


def test_a_late_worker_and_the_new_one_store_one_result(alice: User, together: Together) -> None:
    stored: list[int] = []

    def run_late(claimed: Job) -> None:
        try:
            runner.run_claimed(claimed)
        except AttemptLostError:
            return

    for _ in range(10):
        job = scripted_job(alice, lambda run: NoOutput(), store=lambda job, result: {"attempt": job.attempt})
        late = transitions.claim(job.pk, worker="slow", lease=LEASE)
        assert late is not None
        expire_lease(job)
        sweeper.sweep()
        together(lambda late=late: run_late(late), lambda job=job: runner.run(job.pk))
        assert fetch(job).output == {"attempt": 2}
        assert ends(job) == ["succeeded"]
        stored.append(fetch(job).attempt)
    assert set(stored) == {2}


@pytest.mark.parametrize("threads", [2, 6])
def test_heartbeats_and_finishing_jobs_do_not_block_each_other(
    alice: User, together: Together, threads: int
) -> None:
    worker = runner.this_worker()
    jobs = [scripted_job(alice, lambda run: run.progress(50) or NoOutput()) for _ in range(threads * 4)]

    def finish(part: list[Job]) -> None:
        for job in part:
            runner.run(job.pk)

    together(
        *(lambda n=n: finish(jobs[n::threads]) for n in range(threads)),
        lambda: [worker.beat() for _ in range(10)],
    )
    assert {fetch(job).status for job in jobs} == {JobStatus.SUCCEEDED}
    assert all(ends(job) == ["succeeded"] for job in jobs)
