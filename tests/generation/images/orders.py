"""Jobs that buy one picture, and the time until they have it."""

from accounts.models import User
from generation.domain.states import JobStatus
from generation.jobs import polling, runner, services
from generation.models import Job
from tests.generation.factories import fetch, lose_messages, make_due
from tests.support.kinds.handlers import ImageInput

PROMPT = "一只红色的陶瓷猫 🐈"


def image_job(owner: User, prompt: str = PROMPT, *, model: str | None = None) -> Job:
    """Buys one picture, copies it, and is done."""
    return services.job_submit(kind="test.image", input=ImageInput(prompt, model), owner_id=owner.pk)


def run_to_the_end(job: Job, rounds: int = 8) -> Job:
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
