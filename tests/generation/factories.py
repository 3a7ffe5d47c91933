"""Jobs in every state, by the doors that the product uses; and the passing of time."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from accounts.models import User
from generation.domain.states import JobStatus
from generation.jobs import polling, runner, services, transitions
from generation.jobs.registry import Answer, NoInput, NoOutput
from generation.jobs.run import JobRun
from generation.models import Job, JobEvent, ProviderCall
from tests.support.kinds.handlers import Script, ScriptInput, TextInput, scripts

TERMINAL_EVENTS = {"succeeded", "failed", "cancelled"}

_names = count(1)


def text_job(owner: User, prompt: str = "写一份文档 🙂", *, steps: int = 1, **fields: Any) -> Job:
    return services.job_submit(kind="test.text", input=TextInput(prompt, steps), owner_id=owner.pk, **fields)


def scripted_job(owner: User, run: Callable[[JobRun], Answer], **script: Any) -> Job:
    """A job whose handler is the function `run`; `poll`, `store` and `stop` likewise."""
    name = f"script-{next(_names)}"
    scripts[name] = Script(run=run, **script)
    return services.job_submit(kind="test.script", input=ScriptInput(name), owner_id=owner.pk)


def batch(
    owner: User,
    size: int,
    run: Callable[[JobRun], Answer] = lambda run: NoOutput(),
    *,
    max_parallel: int = 0,
    begin: bool = True,
    **script: Any,
) -> Job:
    """A parent with children that do `run`; with `begin` its own step has run already."""
    name = f"script-{next(_names)}"
    scripts[name] = Script(run=run, **script)
    parent = services.job_submit(
        kind="test.parent", input=NoInput(), owner_id=owner.pk, max_parallel=max_parallel, publish=False
    )
    services.children_submit(parent=parent, kind="test.script", inputs=[ScriptInput(name)] * size)
    if begin:
        runner.run(parent.pk, publish=False)
    return fetch(parent)


def fetch(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def children(parent: Job) -> list[Job]:
    return list(Job.objects.filter(parent_id=parent.pk).order_by("position"))


def calls(job: Job) -> list[ProviderCall]:
    return list(ProviderCall.objects.filter(job_id=job.pk).order_by("created_at", "pk"))


def events(job: Job) -> list[str]:
    """The types of a job's events, after a look at their numbers."""
    rows = list(JobEvent.objects.filter(job_id=job.pk).order_by("seq").values_list("seq", "type"))
    assert [seq for seq, _ in rows] == list(range(1, len(rows) + 1)), rows
    assert fetch(job).event_seq == len(rows)
    return [type_ for _, type_ in rows]


def items_total(parent: Job) -> int:
    """The sum of the children's states as the engine counts them."""
    return sum(transitions.child_counts(parent.pk).values())


def run_until_over(job: Job, rounds: int = 10) -> Job:
    """Run a job and its retries, each as soon as it may."""
    for _ in range(rounds):
        make_due(job)
        runner.run(job.pk)
        if fetch(job).is_terminal:
            break
    return fetch(job)


def run_children(parent: Job) -> None:
    """Run the children that may start, one after the other."""
    while runner.run_next_child(parent.pk):
        assert items_total(parent) == len(children(parent))


# -- time passes ---------------------------------------------------------------------------------------------------


def make_due(job: Job) -> None:
    """The wait until the next attempt, or the next poll, is over."""
    Job.objects.filter(pk=job.pk, status__in=[JobStatus.QUEUED, JobStatus.WAITING]).update(
        not_before=timezone.now()
    )


def expire_lease(job: Job) -> None:
    """The worker has not been heard of for longer than its lease."""
    Job.objects.filter(pk=job.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def lose_messages() -> None:
    """All published messages are older than a message gets."""
    Job.objects.exclude(published_at=None).update(published_at=timezone.now() - timedelta(hours=1))


def order_to_the_end(job: Job, rounds: int = 8) -> Job:
    """What worker and poller do, each as soon as it may."""
    for _ in range(rounds):
        make_due(job)
        if fetch(job).status == JobStatus.WAITING:
            lose_messages()
            polling.poll_due()
            runner.poll(job.pk)
        else:
            runner.run(job.pk)
        if fetch(job).is_terminal:
            break
    return fetch(job)
