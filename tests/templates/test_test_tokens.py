"""What a test token sets going asks the sandbox, whatever is configured; it sets nothing live going."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from generation.domain.states import JobStatus
from generation.jobs import runner
from generation.models import Job, ProviderCall
from generation.providers.base import ProviderError
from generation.providers.llm.base import ChatRequest
from templates.models import TemplateBatch
from tests.support.access_tokens import machine
from tests.templates import writer
from tests.templates.factories import batch_of, finish, generate

GENERATE = "/api/v1/templates/batch-generate"
SCOPES = ("templates:write", "templates:read", "jobs:write", "jobs:read")

pytestmark = pytest.mark.usefixtures("tea", "library")


@pytest.fixture
def robot(alice: User) -> APIClient:
    return machine(alice, *SCOPES, is_test=True)


@pytest.fixture
def live(alice: User) -> APIClient:
    return machine(alice, *SCOPES)


def fail(request: ChatRequest) -> ProviderError:
    return ProviderError("PROVIDER_BAD_REQUEST", "No.", retryable=False, charged=False)


def failed_batch(owner: User) -> TemplateBatch:
    """A live batch of one item that has failed."""
    writer.says(fail)
    batch = generate(owner, limit=1)
    finish(batch)
    batch.job.refresh_from_db()
    assert (batch.job.status, batch.job.is_test) == (JobStatus.FAILED, False)
    writer.reset()
    return batch


def states() -> list[Any]:
    return list(Job.objects.order_by("pk").values("pk", "status", "event_seq", "paused_at"))


def test_a_batch_of_it_asks_the_sandbox(robot: APIClient, paid: Any) -> None:
    answer = robot.post(GENERATE, {"demo_mode": False, "all": True})
    assert answer.status_code == 202
    batch = TemplateBatch.objects.get(pk=answer.json()["data"]["id"])
    runner.run(batch.job_id)
    assert finish(batch) == {"succeeded": 4}
    assert set(Job.objects.values_list("is_test", flat=True)) == {True}
    assert set(ProviderCall.objects.values_list("provider", flat=True)) == {"sandbox"}
    assert writer.said == []


def test_a_live_token_asks_the_provider(live: APIClient, paid: Any) -> None:
    """So that the test above fails for its reason."""
    batch = TemplateBatch.objects.get(pk=live.post(GENERATE, {"limit": 1}).json()["data"]["id"])
    runner.run(batch.job_id)
    finish(batch)
    assert set(ProviderCall.objects.values_list("provider", flat=True)) == {"deepseek"}
    assert writer.said


def test_a_preview_of_it_costs_nothing(robot: APIClient, paid: Any) -> None:
    cost = robot.post(GENERATE, {"dry_run": True}).json()["data"]["cost"]
    assert cost["most_micros"] == 0
    assert [route["provider"] for route in cost["routes"]] == ["sandbox"]


@pytest.mark.parametrize(
    "address",
    [
        lambda batch: f"/api/v1/templates/batches/{batch.pk}/retry",
        lambda batch: f"/api/v1/jobs/{batch.job_id}/retry",
        lambda batch: f"/api/v1/jobs/{Job.objects.get(parent_id=batch.job_id).pk}/retry",
    ],
    ids=["batch", "its job", "its item"],
)
def test_it_retries_nothing_live(
    robot: APIClient, live: APIClient, alice: User, paid: Any, address: Callable[[TemplateBatch], str]
) -> None:
    batch = failed_batch(alice)
    before = states()
    answer = robot.post(address(batch))
    assert (answer.status_code, answer.json()["data"]["code"]) == (403, "JOB_LIVE")
    assert states() == before
    assert live.post(address(batch)).status_code in {200, 202}


def test_it_resumes_nothing_live(robot: APIClient, live: APIClient, alice: User, paid: Any) -> None:
    batch = batch_of(alice, limit=1)
    address = f"/api/v1/templates/batches/{batch.pk}"
    assert robot.post(f"{address}/pause").status_code == 200
    before = states()
    answer = robot.post(f"{address}/resume", headers={"Accept-Language": "zh"})
    assert (answer.status_code, answer.json()["data"]["code"]) == (403, "JOB_LIVE")
    assert "测试令牌" in answer.json()["data"]["message"]
    assert states() == before
    assert live.post(f"{address}/resume").status_code == 200


def test_what_it_began_stays_a_test_whoever_goes_on(robot: APIClient, live: APIClient, paid: Any) -> None:
    batch = TemplateBatch.objects.get(pk=robot.post(GENERATE, {"limit": 1}).json()["data"]["id"])
    address = f"/api/v1/templates/batches/{batch.pk}"
    live.post(f"{address}/pause")
    assert live.post(f"{address}/resume").status_code == 200
    runner.run(batch.job_id)
    assert finish(batch) == {"succeeded": 1}
    assert set(ProviderCall.objects.values_list("provider", flat=True)) == {"sandbox"}


def test_it_does_not_get_the_answer_that_a_live_token_got(robot: APIClient, live: APIClient) -> None:
    key = {"Idempotency-Key": "nightly"}
    assert live.post(GENERATE, {"limit": 1}, headers=key).status_code == 202
    assert live.post(GENERATE, {"limit": 1}, headers=key).headers["Idempotent-Replayed"] == "true"
    answer = robot.post(GENERATE, {"limit": 1}, headers=key)
    assert (answer.status_code, answer.json()["data"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_a_test_is_one_on_the_job_its_calls_and_in_usage(alice: User, live: APIClient, settings: Any) -> None:
    """Without a key only the sandbox can answer, whoever asks: that is play money like any other."""
    settings.PROVIDERS = {"llm": {}}
    settings.PROVIDER_ORDER = {"llm": ["sandbox"]}
    told = live.post(GENERATE, {"all": True}).json()["data"]
    assert told["is_test"] is True
    batch = TemplateBatch.objects.get(pk=told["id"])
    runner.run(batch.job_id)
    finish(batch)
    assert set(Job.objects.values_list("is_test", flat=True)) == {True}
    assert set(ProviderCall.objects.values_list("is_test", flat=True)) == {True}


def test_a_call_that_is_paid_for_is_none_anywhere(alice: User, live: APIClient, paid: Any) -> None:
    told = live.post(GENERATE, {"all": True}).json()["data"]
    assert told["is_test"] is False
    batch = TemplateBatch.objects.get(pk=told["id"])
    runner.run(batch.job_id)
    finish(batch)
    assert set(Job.objects.values_list("is_test", flat=True)) == {False}
    assert set(ProviderCall.objects.values_list("is_test", flat=True)) == {False}
