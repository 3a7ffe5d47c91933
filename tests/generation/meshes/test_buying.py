"""Meshes are bought once per step, through the runner."""

import pytest

from accounts.models import User
from generation.domain.states import JobStatus
from generation.jobs import runner, services
from generation.jobs.registry import NoOutput
from generation.jobs.run import JobRun
from generation.providers.mesh.base import MeshAnswer, MeshOrder
from tests.generation.factories import calls, fetch, run_until_over, scripted_job

pytestmark = pytest.mark.django_db


def test_a_failed_storing_does_not_make_the_mesh_again(alice: User) -> None:
    meshes: list[bytes] = []

    def run(run: JobRun) -> NoOutput:
        answer = run.mesh("mesh", MeshOrder(prompt="一个杯子", size_mm=80), feature="test")
        assert isinstance(answer, MeshAnswer)
        assert (answer.provider, answer.unit) == ("sandbox", "m")
        with run.mesh_file(answer) as file:
            meshes.append(file.read())
        if len(meshes) == 1:
            raise OSError("the disk is full")
        return NoOutput()

    job = scripted_job(alice, run)
    runner.run(job.pk)
    assert fetch(job).status == JobStatus.FAILED
    services.job_retry(job=fetch(job))
    assert run_until_over(job).status == JobStatus.SUCCEEDED
    assert meshes[0].startswith(b"glTF")
    assert meshes[0] == meshes[1]
    assert [(call.capability, call.provider, call.status, call.cost_micros) for call in calls(job)] == [
        ("mesh", "sandbox", "settled", 0)
    ]
