"""A process may die at any moment of a purchase: nothing is lost and nothing is bought twice."""

import pytest

from accounts.models import User
from generation.domain.states import JobStatus
from generation.jobs import services
from generation.models import Job
from tests.generation.deaths import deaths
from tests.generation.factories import calls, fetch, order_to_the_end
from tests.generation.images.conftest import MICROS
from tests.generation.images.orders import PROMPT, image_job
from tests.support.image_server import ImageServer

pytestmark = pytest.mark.django_db(transaction=True)


def orders(vendor: ImageServer, job: Job) -> int:
    """How often the vendor was asked for the job's picture."""
    return [prompt for prompt, _ in vendor.orders].count(job.input["prompt"])


def test_a_task_is_found_again_whenever_its_process_dies(alice: User, vendor: ImageServer) -> None:
    number = 0
    for number, job in deaths(lambda number: image_job(alice, f"{PROMPT} {number}", model="qwen-image-plus")):
        assert (job.status, job.error_code) == (JobStatus.SUCCEEDED, ""), number
        assert orders(vendor, job) == 1, number
        paid = [call.cost_micros for call in calls(job) if call.cost_micros]
        assert paid == [MICROS["aliyun"]], number
    assert number > 15, "a purchase has that many steps"


def test_without_tasks_a_person_decides_about_what_nobody_can_tell(alice: User, vendor: ImageServer) -> None:
    outcomes = set()
    for number, job in deaths(lambda number: image_job(alice, f"{PROMPT} {number}", model="Qwen/Qwen-Image")):
        assert orders(vendor, job) == 1, number
        outcomes.add((job.status, job.error_code))
        if job.status == JobStatus.FAILED:
            assert job.error["charged"] is None
            assert [call.status for call in calls(job)] == ["uncertain"], number
            services.job_retry(job=job, resolution="made it again")
            assert order_to_the_end(job).status == JobStatus.SUCCEEDED
            assert orders(vendor, job) == 2, "asked for by a person"
        else:
            assert [call.cost_micros for call in calls(fetch(job)) if call.cost_micros] == [
                MICROS["siliconflow"]
            ], number
    assert outcomes == {(JobStatus.SUCCEEDED, ""), (JobStatus.FAILED, "CALL_UNCERTAIN")}
