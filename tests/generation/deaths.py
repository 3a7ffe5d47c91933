"""A process that dies at each moment of a purchase, and others that take up what it has left.

What is left of a process is what it has committed. So it dies before its first statement, before its second, and so on
until it lives: from then on none of its statements is carried out, and whatever it had begun is rolled back.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from generation.jobs import polling, runner, sweeper
from generation.models import Job
from tests.generation.factories import expire_lease, lose_messages, make_due, order_to_the_end

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
    """What worker and poller do for an order whose vendor is quick."""
    runner.run(job.pk)
    make_due(job)
    polling.poll_due()
    runner.poll(job.pk)


def take_up(job: Job) -> Job:
    """What other processes make of what a dead one has left."""
    expire_lease(job)
    lose_messages()
    sweeper.sweep()
    return order_to_the_end(job)


def deaths(submit: Callable[[int], Job], *, rounds: int = 1) -> Iterator[tuple[int, Job]]:
    """A job for each moment at which its process can die, taken up by others; the last one's lived. `rounds`: how many
    orders the job waits for, one after the other."""
    for number in range(MOST_STATEMENTS):
        job = submit(number)
        with dying_before(number) as carried_out:
            for _ in range(rounds):
                work(job)
        yield number, take_up(job)
        if carried_out[0] < number:
            return
    raise AssertionError("the process never lived to the end")
