"""Pictures are bought once per step, through the runner: at once or by a task that is looked up."""

import pytest

from accounts.models import User
from generation.domain.states import JobStatus
from generation.jobs import orders, polling, runner, services
from generation.jobs.registry import NoOutput
from generation.jobs.run import JobRun
from generation.models import ProviderCall
from generation.providers.image.base import ImageAnswer, ImageOrder
from tests.generation.factories import (
    calls,
    events,
    fetch,
    make_due,
    order_to_the_end,
    run_until_over,
    scripted_job,
)
from tests.generation.images.conftest import MICROS
from tests.generation.images.orders import PROMPT, image_job
from tests.support.image_server import ImageServer

pytestmark = pytest.mark.django_db


def bought(job: object) -> list[tuple[str, str, int | None]]:
    return [(call.provider, call.status, call.cost_micros) for call in calls(job)]  # type: ignore[arg-type]


def test_a_failed_storing_does_not_make_the_picture_again(alice: User) -> None:
    pictures: list[bytes] = []

    def run(run: JobRun) -> NoOutput:
        answer = run.image("image", ImageOrder(PROMPT, 64, 48), feature="test")
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
    assert bought(job) == [("sandbox", "settled", 0)]


def test_a_task_is_waited_for_and_paid_for_once(alice: User, vendor: ImageServer) -> None:
    vendor.is_done = False
    job = image_job(alice)
    runner.run(job.pk)
    assert (fetch(job).status, fetch(job).provider_ref) == (JobStatus.WAITING, "task-1")
    assert bought(job) == [("aliyun", "sent", None)]
    attempt = fetch(job).attempt
    make_due(job)
    assert polling.poll_due() == 1
    runner.poll(job.pk)
    assert fetch(job).attempt == attempt, "nobody takes it up before its order has an end"
    vendor.is_done = True
    assert order_to_the_end(job).status == JobStatus.SUCCEEDED
    assert bought(job) == [("aliyun", "settled", MICROS["aliyun"])]
    assert events(job) == ["queued", "started", "waiting", "succeeded"]
    assert (len(vendor.orders), vendor.copied) == (1, ["fine"])


def test_the_next_provider_makes_it_where_the_first_charged_nothing(alice: User, vendor: ImageServer) -> None:
    """At once when it refuses, and when its task has failed."""
    job = image_job(alice, f"{PROMPT} [[server:failed]]")
    assert order_to_the_end(job).status == JobStatus.SUCCEEDED
    assert bought(job) == [("aliyun", "released", 0), ("siliconflow", "settled", MICROS["siliconflow"])]
    refused = image_job(alice, f"{PROMPT} [[server:overloaded]]")
    runner.run(refused.pk)
    assert [call.provider for call in calls(refused)] == ["aliyun", "siliconflow"]


@pytest.mark.parametrize(
    ("scenario", "code", "charged", "rows"),
    [
        ("moderated", "PROVIDER_CONTENT_REFUSED", False, [("aliyun", "released", 0)]),
        ("no-picture", "PROVIDER_BAD_ANSWER", True, [("aliyun", "released", MICROS["aliyun"])]),
        ("forgotten", "CALL_UNCERTAIN", None, [("aliyun", "uncertain", None)]),
        ("html", "PROVIDER_BAD_ANSWER", True, [("aliyun", "settled", MICROS["aliyun"])]),
    ],
)
def test_what_fails_tells_whether_it_was_charged(
    alice: User,
    vendor: ImageServer,
    scenario: str,
    code: str,
    charged: bool | None,
    rows: list[tuple[str, str, int | None]],
) -> None:
    failed = order_to_the_end(image_job(alice, f"{PROMPT} [[server:{scenario}]]"))
    assert (failed.status, failed.error_code, failed.error["charged"]) == (JobStatus.FAILED, code, charged)
    assert bought(failed) == rows
    assert len(vendor.orders) <= 1


def test_a_picture_that_cannot_be_copied_now_is_copied_later(alice: User, vendor: ImageServer) -> None:
    job = image_job(alice, f"{PROMPT} [[server:down]]", model="Qwen/Qwen-Image")
    for _ in range(3):
        make_due(job)
        runner.run(job.pk)
    assert fetch(job).status == JobStatus.QUEUED
    assert vendor.copied == ["down"] * 3
    assert (len(vendor.orders), bought(job)) == (1, [("siliconflow", "settled", MICROS["siliconflow"])])


def test_a_lost_order_is_searched_for_and_not_placed_again(alice: User, vendor: ImageServer) -> None:
    """Its vendor tells the prompts of tasks that have an end; until then the job comes again."""
    vendor.is_done = False
    job = image_job(alice, f"{PROMPT} [[server:lost]]")
    runner.run(job.pk)
    assert (fetch(job).status, fetch(job).failures) == (JobStatus.QUEUED, 0)
    assert bought(job) == [("aliyun", "uncertain", None)]
    make_due(job)
    runner.run(job.pk)
    assert fetch(job).status == JobStatus.QUEUED
    vendor.is_done = True
    assert order_to_the_end(job).status == JobStatus.SUCCEEDED
    assert bought(job) == [("aliyun", "settled", MICROS["aliyun"])]
    assert len(vendor.orders) == 1


def test_without_tasks_a_lost_order_is_for_a_person_to_decide(alice: User, vendor: ImageServer) -> None:
    job = image_job(alice, f"{PROMPT} [[server:lost]]", model="Qwen/Qwen-Image")
    failed = order_to_the_end(job)
    assert (failed.error_code, failed.error["charged"]) == ("CALL_UNCERTAIN", None)
    assert len(vendor.orders) == 1


def test_a_task_that_never_ends_is_not_ordered_again(
    alice: User, vendor: ImageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.is_done = False
    job = image_job(alice)
    runner.run(job.pk)
    long_ago = ProviderCall.objects.get(job=job).sent_at - 2 * orders.LONGEST_WAIT
    ProviderCall.objects.filter(job=job).update(sent_at=long_ago)
    failed = order_to_the_end(job)
    assert (failed.error_code, failed.error["charged"]) == ("CALL_UNCERTAIN", None)
    vendor.is_done = True
    services.job_retry(job=failed)
    assert order_to_the_end(job).status == JobStatus.SUCCEEDED
    assert len(vendor.orders) == 1, "a person asks again: what was ordered is looked up first"


def test_cancelling_stops_the_task_where_its_vendor_can(alice: User, vendor: ImageServer) -> None:
    vendor.is_done = False
    for has_started, row in ((False, ("released", 0)), (True, ("uncertain", None))):
        vendor.has_started = has_started
        job = image_job(alice)
        runner.run(job.pk)
        services.job_cancel(job=fetch(job))
        assert order_to_the_end(job).status == JobStatus.CANCELLED
        assert [(call.status, call.cost_micros) for call in calls(job)] == [row]
    assert vendor.cancelled == ["task-1"]
    assert polling.resolve_cancelled() == 0, "it still runs"
    vendor.is_done = True
    assert polling.resolve_cancelled() == 1
    assert [(call.status, call.cost_micros) for call in calls(job)] == [("released", MICROS["aliyun"])]
    assert polling.resolve_cancelled() == 0
