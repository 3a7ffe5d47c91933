"""A process may die at any moment of a purchase in two steps: nothing is lost and nothing is bought twice."""

import pytest

from accounts.models import User
from generation.domain.prices import PLAIN, TEXTURES
from generation.domain.states import JobStatus
from generation.jobs import services
from tests.generation.deaths import deaths
from tests.generation.factories import calls, order_to_the_end
from tests.generation.meshes.conftest import MICROS
from tests.generation.meshes.test_buying import PROMPT, mesh_job
from tests.support.mesh_server import MeshServer

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_mesh_and_its_textures_are_bought_once_whenever_their_process_dies(
    alice: User, vendor: MeshServer
) -> None:
    number = 0
    for number, job in deaths(lambda number: mesh_job(alice, f"{PROMPT} {number}"), rounds=2):
        assert (job.status, job.error_code) == (JobStatus.SUCCEEDED, ""), number
        assert [prompt for prompt, _ in vendor.orders].count(job.input["prompt"]) == 2, number
        paid = [call.cost_micros for call in calls(job) if call.cost_micros]
        assert paid == [MICROS[PLAIN], MICROS[TEXTURES]], number
    assert number > 25, "two purchases have that many steps"


def test_where_nobody_finds_an_order_a_person_decides(alice: User, vendor: MeshServer) -> None:
    outcomes = set()
    for number, job in deaths(lambda number: mesh_job(alice, f"{PROMPT} {number}", model="hunyuan-3d-rapid")):
        assert [prompt for prompt, _ in vendor.orders].count(job.input["prompt"]) == 1, number
        outcomes.add((job.status, job.error_code))
        if job.status == JobStatus.FAILED:
            assert [call.status for call in calls(job)] == ["uncertain"], number
            services.job_retry(job=job, resolution="ordered again")
            assert order_to_the_end(job).status == JobStatus.SUCCEEDED
    assert outcomes == {(JobStatus.SUCCEEDED, ""), (JobStatus.FAILED, "CALL_UNCERTAIN")}
