"""A process may die at any moment of a purchase: nothing is lost and nothing is bought twice.

What is left of a process is what it has committed. So each test lets it die before its first statement, before its
second, and so on until it lives: from then on none of its statements is carried out, and whatever it had begun is
rolled back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from generation.domain.states import JobStatus
from generation.jobs import polling, runner, services, sweeper
from generation.models import Job
from tests.generation.factories import calls, expire_lease, fetch, lose_messages, make_due
from tests.generation.images.conftest import MICROS
from tests.generation.images.orders import PROMPT, image_job, run_to_the_end
from tests.support.image_server import ImageServer

pytestmark = pytest.mark.django_db(transaction=True)
TRANSACTIONS = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT")
MOST_STATEMENTS = 200


class DeathError(BaseException):
    """Nobody handles it: the process is gone."""


@contextmanager
def dying_before(number: int) -> Iterator[list[int]]:
    """The process in the block dies before its statement of that number; yields how many were carried out."""
    carried_out = [0]

    def carry_out(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.startswith(TRANSACTIONS):
            if carried_out[0] >= number:
                raise DeathError
            carried_out[0] += 1
        return execute(sql, params, many, context)

    try:
        with connection.execute_wrapper(carry_out):
            yield carried_out
    except DeathError:
        pass


def work(job: Job) -> None:
    """What worker and poller do for a picture whose vendor is quick."""
    runner.run(job.pk)
    make_due(job)
    polling.poll_due()
    runner.poll(job.pk)


def take_up(job: Job) -> Job:
    """What other processes make of what a dead one has left."""
    expire_lease(job)
    lose_messages()
    sweeper.sweep()
    return run_to_the_end(job)


def orders(vendor: ImageServer, job: Job) -> int:
    """How often the vendor was asked for the job's picture."""
    return [prompt for prompt, _ in vendor.orders].count(job.input["prompt"])


def deaths(owner: User, **wanted: Any) -> Iterator[tuple[int, Job]]:
    """A job for each moment at which its process can die, taken up by others; the last one's lived."""
    for number in range(MOST_STATEMENTS):
        job = image_job(owner, f"{PROMPT} {number}", **wanted)
        with dying_before(number) as carried_out:
            work(job)
        yield number, take_up(job)
        if carried_out[0] < number:
            return
    raise AssertionError("the process never lived to the end")


def test_a_task_is_found_again_whenever_its_process_dies(alice: User, vendor: ImageServer) -> None:
    number = 0
    for number, job in deaths(alice, model="qwen-image-plus"):
        assert (job.status, job.error_code) == (JobStatus.SUCCEEDED, ""), number
        assert orders(vendor, job) == 1, number
        paid = [call.cost_micros for call in calls(job) if call.cost_micros]
        assert paid == [MICROS["aliyun"]], number
    assert number > 15, "a purchase has that many steps"


def test_without_tasks_a_person_decides_about_what_nobody_can_tell(alice: User, vendor: ImageServer) -> None:
    outcomes = set()
    for number, job in deaths(alice, model="Qwen/Qwen-Image"):
        assert orders(vendor, job) == 1, number
        outcomes.add((job.status, job.error_code))
        if job.status == JobStatus.FAILED:
            assert job.error["charged"] is None
            assert [call.status for call in calls(job)] == ["uncertain"], number
            services.job_retry(job=job, resolution="made it again")
            assert run_to_the_end(job).status == JobStatus.SUCCEEDED
            assert orders(vendor, job) == 2, "asked for by a person"
        else:
            assert [call.cost_micros for call in calls(fetch(job)) if call.cost_micros] == [
                MICROS["siliconflow"]
            ], number
    assert outcomes == {(JobStatus.SUCCEEDED, ""), (JobStatus.FAILED, "CALL_UNCERTAIN")}
