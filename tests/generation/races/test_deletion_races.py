"""An account goes while workers work for it: they find nothing, write nothing, and have nothing to complain about."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection

from accounts.models import User
from accounts.services.activities import activity_record
from accounts.services.deletion import account_delete, owned_counts
from generation.jobs import runner, sweeper
from generation.jobs.registry import NoOutput, Waiting
from generation.jobs.run import JobRun
from generation.models import Job, JobEvent, ProviderCall
from generation.providers.base import ProviderError
from tests.conftest import make_user
from tests.generation.factories import batch, children, make_due, scripted_job, text_job
from tests.generation.races.conftest import Together
from tests.support import scripted_llm
from tests.support.kinds.models import StoredText


@pytest.fixture(autouse=True)
def _no_complaints(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.INFO):
        yield
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def gone(user: User, *jobs: Job) -> bool:
    """Nothing is left of the account, nor of its jobs, nor anything that points at them."""
    connection.check_constraints()
    assert owned_counts(user.pk) == {}
    assert not User.objects.filter(pk=user.pk).exists()
    assert not Job.objects.filter(pk__in=[job.pk for job in jobs]).exists()
    return not JobEvent.objects.exists() and not ProviderCall.objects.exists()


def leave_during(user: User, then: Any) -> Callable[[Any], str]:
    """What a provider does: the account goes while it thinks; then it answers, or fails."""

    def play(request: Any) -> str:
        account_delete(user_id=user.pk)
        if isinstance(then, BaseException):
            raise then
        return str(then)

    return play


def provider_error(charged: bool | None) -> ProviderError:
    return ProviderError("PROVIDER_CONNECTION_LOST", "lost", retryable=True, charged=charged)


@pytest.mark.parametrize(
    "then", ["迟到的答案 🙂", provider_error(None), provider_error(False), provider_error(True)], ids=str
)
def test_a_worker_comes_back_from_a_provider(alice: User, providers: Any, then: Any) -> None:
    job = text_job(alice, steps=2)
    scripted_llm.plays["deepseek"].append(leave_during(alice, then))
    runner.run(job.pk)
    assert len(scripted_llm.calls) == 1
    assert not StoredText.objects.filter(job_id=job.pk).exists()
    assert gone(alice, job)


def test_it_buys_nothing_more(alice: User, providers: Any) -> None:
    """The account goes before the first call: nothing is set aside for nobody, and no provider is asked."""

    def run(run: JobRun) -> NoOutput:
        from tests.support.kinds.handlers import text_request

        account_delete(user_id=alice.pk)
        run.chat("text", text_request("茶"), feature="test")
        return NoOutput()

    job = scripted_job(alice, run)
    runner.run(job.pk)
    assert scripted_llm.calls == []
    assert gone(alice, job)


def test_a_child_of_a_batch(alice: User) -> None:
    def run(run: JobRun) -> NoOutput:
        account_delete(user_id=alice.pk)
        return NoOutput()

    parent = batch(alice, 3, run)
    items = children(parent)
    runner.run(items[0].pk)
    assert gone(alice, parent, *items)
    runner.run(items[1].pk)
    sweeper.sweep()
    assert gone(alice, parent, *items)


def test_a_job_that_waits_for_its_provider(alice: User) -> None:
    waiting = Waiting(provider="sandbox", provider_ref="t-1", poll_after=0)
    job = scripted_job(alice, lambda run: waiting)
    runner.run(job.pk)
    make_due(job)
    account_delete(user_id=alice.pk)
    runner.poll(job.pk)
    assert gone(alice, job)


def test_at_any_moment(arena: None, providers: Any, together: Together) -> None:
    for number in range(12):
        user = make_user(f"guest{number}")
        jobs = [text_job(user, steps=2) for _ in range(2)]
        together(
            *(lambda job=job: runner.run(job.pk) for job in jobs),
            lambda user=user: account_delete(user_id=user.pk),
        )
        sweeper.sweep()
        assert gone(user, *jobs)


def test_what_is_asked_for_at_the_same_moment_is_there_with_its_owner_or_not_at_all(
    arena: None, together: Together
) -> None:
    def submit(user: User) -> None:
        try:
            text_job(user)
            activity_record(owner_id=user.pk, action="login")
        except IntegrityError:
            return

    for number in range(10):
        user = make_user(f"guest{number}")
        together(
            lambda user=user: submit(user),
            lambda user=user: account_delete(user_id=user.pk),
            lambda user=user: submit(user),
        )
        assert gone(user)


def test_two_who_delete_it_at_the_same_moment(alice: User, together: Together) -> None:
    text_job(alice)
    assert sorted(together(*[lambda: account_delete(user_id=alice.pk)] * 3)) == [False, False, True]
    assert gone(alice)


def test_two_superusers_dont_both_go(arena: None, together: Together) -> None:
    from accounts.errors import LastSuperuserError

    def leave(user: User) -> bool:
        try:
            return account_delete(user_id=user.pk)
        except LastSuperuserError:
            return False

    for number in range(5):
        bosses = [make_user(f"boss{number}{n}", is_superuser=True) for n in range(2)]
        done = together(*(lambda boss=boss: leave(boss) for boss in bosses))
        assert sorted(done) == [False, True]
        User.objects.all().delete()
