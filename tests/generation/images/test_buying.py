"""Pictures are bought once per step, through the runner."""

import pytest

from accounts.models import User
from generation.domain.states import JobStatus
from generation.jobs import runner, services
from generation.jobs.registry import NoOutput
from generation.jobs.run import JobRun
from generation.providers.image.base import ImageAnswer, ImageOrder
from tests.generation.factories import calls, fetch, run_until_over, scripted_job

pytestmark = pytest.mark.django_db

ORDER = ImageOrder(prompt="一只红色的陶瓷猫 🐈", width=64, height=48, seed=7)
PNG = b"\x89PNG\r\n\x1a\n"


def test_a_failed_storing_does_not_make_the_picture_again(alice: User) -> None:
    pictures: list[bytes] = []

    def run(run: JobRun) -> NoOutput:
        answer = run.image("image", ORDER, feature="test")
        assert isinstance(answer, ImageAnswer)
        pictures.append(run.picture(answer))
        if len(pictures) == 1:
            raise OSError("the disk is full")
        return NoOutput()

    job = scripted_job(alice, run)
    runner.run(job.pk)
    assert fetch(job).status == JobStatus.FAILED
    services.job_retry(job=fetch(job))
    assert run_until_over(job).status == JobStatus.SUCCEEDED
    assert pictures[0] == pictures[1]
    assert pictures[0].startswith(PNG)
    assert [(call.status, call.capability, call.model, call.cost_micros) for call in calls(job)] == [
        ("settled", "image", "sandbox", 0)
    ]
