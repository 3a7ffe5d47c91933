"""Jobs over HTTP: seen by their owner only, followed, waited for, cancelled and retried."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from config.api.lists.plain import plain_queryset, plain_serializer
from config.api.lists.reading import read_row
from config.api.lists.views import row_source
from generation.api.serializers.jobs import JobDetailOut
from generation.domain.states import CallStatus, JobStatus
from generation.jobs import runner, transitions
from generation.jobs.services import children_submit, job_pause, job_submit
from generation.models import Job, ProviderCall
from generation.selectors.jobs import job_list_for
from tests.support.kinds.handlers import TextInput

ClientFor = Callable[[User], APIClient]


def submit(owner: User, **options: Any) -> Job:
    return job_submit(kind="test.text", input=TextInput(prompt="你好，世界 🌏"), owner_id=owner.pk, **options)


def batch(owner: User, items: int) -> tuple[Job, list[Job]]:
    parent = job_submit(kind="test.parent", input={}, owner_id=owner.pk)
    return parent, children_submit(parent=parent, kind="test.text", inputs=[TextInput()] * items)


def make_failed(job: Job) -> None:
    error = {
        "code": "PROVIDER_AUTH_FAILED",
        "message": "no",
        "message_zh": "不",
        "retryable": False,
        "charged": None,
    }
    assert transitions.fail(Job.objects.filter(pk=job.pk), error)


def make_call(job: Job, step: str, **fields: Any) -> ProviderCall:
    defaults = {"feature": "test", "capability": "llm", "provider": "deepseek", "model": "deepseek-chat"}
    return ProviderCall.objects.create(owner=job.owner, job=job, step=step, **{**defaults, **fields})


class TestList:
    def test_shows_own_top_level_jobs_newest_first(
        self, alice: User, bob: User, client_for: ClientFor
    ) -> None:
        first = submit(alice)
        parent, _ = batch(alice, items=2)
        submit(bob)
        rows = client_for(alice).get("/api/v1/jobs").json()["data"]
        assert [row["id"] for row in rows] == [str(parent.pk), str(first.pk)]
        assert rows[1]["status"] == "queued"
        assert rows[1]["is_paused"] is False

    def test_items_are_listed_by_their_parent(self, alice: User, bob: User, client_for: ClientFor) -> None:
        parent, items = batch(alice, items=3)
        url = f"/api/v1/jobs?parent_id={parent.pk}&sort=created_at"
        rows = client_for(alice).get(url).json()["data"]
        assert [row["position"] for row in rows] == [1, 2, 3]
        assert {row["parent_id"] for row in rows} == {str(parent.pk)}
        assert client_for(bob).get(url).json()["data"] == []

    def test_filters_and_pages_by_cursor(self, alice: User, client_for: ClientFor) -> None:
        jobs = [submit(alice) for _ in range(5)]
        make_failed(jobs[0])
        client = client_for(alice)
        failed = client.get("/api/v1/jobs?status=failed&kind=test.text").json()["data"]
        assert [row["id"] for row in failed] == [str(jobs[0].pk)]
        assert (failed[0]["error"]["message"], "message_zh" in failed[0]["error"]) == ("no", False)
        chinese = client.get("/api/v1/jobs?status=failed", headers={"Accept-Language": "zh"}).json()["data"]
        assert chinese[0]["error"] == {**failed[0]["error"], "message": "不"}
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = client.get("/api/v1/jobs", {"cursor": cursor, "limit": 2}).json()
            seen += [row["id"] for row in page["data"]]
            cursor = page["meta"]["next_cursor"]
        assert seen == [str(job.pk) for job in reversed(jobs)]

    @pytest.mark.parametrize("query", ["status=done", "sort=progress", "parent=1", "parent_id=x", "limit=0"])
    def test_an_unknown_question_is_an_error(self, alice: User, client_for: ClientFor, query: str) -> None:
        answer = client_for(alice).get(f"/api/v1/jobs?{query}")
        assert answer.status_code == 422
        assert answer.json()["data"]["details"]["fields"][0]["field"] == query.partition("=")[0]

    def test_costs_one_query_however_many_rows(self, alice: User, client_for: ClientFor) -> None:
        client = client_for(alice)
        counts = []
        for number in (1, 30):
            for _ in range(number):
                submit(alice)
            client.get("/api/v1/jobs")
            with CaptureQueriesContext(
                connection,
            ) as queries:
                client.get("/api/v1/jobs?limit=100")
            counts.append(len(queries))
        assert counts == [1, 1]


class TestDetail:
    def test_shows_what_went_in_what_came_out_and_what_it_cost(
        self, alice: User, client_for: ClientFor
    ) -> None:
        job = submit(alice)
        runner.run(job.pk)
        shown = client_for(alice).get(f"/api/v1/jobs/{job.pk}").json()["data"]
        assert shown["status"] == "succeeded"
        assert shown["progress"] == 100
        assert shown["input"]["prompt"] == "你好，世界 🌏"
        assert shown["output"]["text"]
        assert shown["cost"]["calls"] == 1
        assert shown["cost"]["output_tokens"] > 0
        (call,) = shown["calls"]
        assert (call["step"], call["status"], call["provider"]) == ("text-1", "settled", "sandbox")

    def test_sums_the_ledger_of_the_job_and_its_items(self, alice: User, client_for: ClientFor) -> None:
        parent, (item, _) = batch(alice, items=2)
        lost = make_call(item, "text-1", status=CallStatus.UNCERTAIN, reserved_micros=700)
        make_call(
            item,
            "text-1",
            status=CallStatus.SETTLED,
            reserved_micros=700,
            cost_micros=420,
            input_tokens=10,
            output_tokens=20,
            repeats=lost,
        )
        make_call(
            parent, "plan", status=CallStatus.RELEASED, reserved_micros=900, cost_micros=5, input_tokens=1
        )
        client = client_for(alice)
        expected = {"cost_micros": 425, "reserved_micros": 700, "currency": "USD", "input_tokens": 11,
                    "output_tokens": 20, "calls": 3, "uncertain_calls": 1}  # fmt: skip
        assert client.get(f"/api/v1/jobs/{parent.pk}").json()["data"]["cost"] == expected
        shown = client.get(f"/api/v1/jobs/{item.pk}").json()["data"]
        assert [call["repeats_id"] for call in shown["calls"]] == [None, str(lost.pk)]
        assert "result" not in shown["calls"][1]

    def test_shows_the_first_hundred_calls_only(self, alice: User, client_for: ClientFor) -> None:
        job = submit(alice)
        for number in range(103):
            make_call(job, f"step-{number}")
        shown = client_for(alice).get(f"/api/v1/jobs/{job.pk}").json()["data"]
        assert [call["step"] for call in shown["calls"]] == [f"step-{number}" for number in range(100)]
        assert shown["cost"]["calls"] == 103

    def test_is_paused_is_told(self, alice: User, client_for: ClientFor) -> None:
        parent, _ = batch(alice, items=1)
        job_pause(job=parent)
        assert client_for(alice).get(f"/api/v1/jobs/{parent.pk}").json()["data"]["is_paused"] is True

    def test_is_equal_to_the_plain_serializer(self, alice: User) -> None:
        job = submit(alice)
        runner.run(job.pk)
        make_call(job, "extra", status=CallStatus.UNCERTAIN, reserved_micros=3)
        instance = plain_queryset(JobDetailOut, job_list_for(alice.pk).filter(pk=job.pk)).get()
        fast = read_row(row_source(JobDetailOut, job_list_for), owner_id=alice.pk, pk=job.pk)
        slow = plain_serializer(JobDetailOut)(instance).data
        assert orjson.loads(fast.data_json) == orjson.loads(orjson.dumps(slow, default=dict))

    def test_has_an_etag(self, alice: User, client_for: ClientFor) -> None:
        job, client = submit(alice), client_for(alice)
        etag = client.get(f"/api/v1/jobs/{job.pk}").headers["ETag"]
        assert client.get(f"/api/v1/jobs/{job.pk}", headers={"If-None-Match": etag}).status_code == 304
        runner.run(job.pk)
        assert client.get(f"/api/v1/jobs/{job.pk}", headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", ""), ("get", "/events"), ("post", "/cancel"), ("post", "/retry")],
)
class TestStranger:
    def test_finds_nothing(
        self, alice: User, charlie: User, staff: User, client_for: ClientFor, method: str, path: str
    ) -> None:
        job = submit(alice)
        make_failed(job)
        for stranger in (charlie, staff):
            answer = getattr(client_for(stranger), method)(f"/api/v1/jobs/{job.pk}{path}")
            assert answer.status_code == 404
            assert answer.json()["data"]["code"] == "JOB_NOT_FOUND"
        missing = getattr(client_for(alice), method)(f"/api/v1/jobs/{uuid4()}{path}")
        assert missing.status_code == 404
        job.refresh_from_db()
        assert job.status == JobStatus.FAILED

    def test_has_to_log_in(self, alice: User, anonymous: APIClient, method: str, path: str) -> None:
        assert getattr(anonymous, method)(f"/api/v1/jobs/{submit(alice).pk}{path}").status_code == 401


class TestCancel:
    def test_a_queued_job_stops_at_once_and_twice_is_no_error(
        self, alice: User, client_for: ClientFor
    ) -> None:
        job, client = submit(alice), client_for(alice)
        for _ in range(2):
            answer = client.post(f"/api/v1/jobs/{job.pk}/cancel")
            assert answer.status_code == 200
            assert answer.json()["data"]["status"] == "cancelled"

    def test_a_running_job_is_asked_to_stop(self, alice: User, client_for: ClientFor) -> None:
        job = submit(alice)
        assert transitions.claim(job.pk, worker="w", lease=timedelta(minutes=1))
        answer = client_for(alice).post(f"/api/v1/jobs/{job.pk}/cancel")
        assert answer.status_code == 202
        assert answer.headers["Location"] == f"/api/v1/jobs/{job.pk}"
        assert answer.json()["data"]["status"] == "running"
        assert answer.json()["data"]["is_cancel_requested"] is True

    def test_items_go_with_their_batch(self, alice: User, client_for: ClientFor) -> None:
        parent, _ = batch(alice, items=3)
        runner.run(parent.pk)
        assert client_for(alice).post(f"/api/v1/jobs/{parent.pk}/cancel").status_code == 200
        assert set(Job.objects.values_list("status", flat=True)) == {JobStatus.CANCELLED}

    def test_what_is_over_cant_be_cancelled(self, alice: User, client_for: ClientFor) -> None:
        job = submit(alice)
        runner.run(job.pk)
        answer = client_for(alice).post(f"/api/v1/jobs/{job.pk}/cancel", headers={"Accept-Language": "zh-CN"})
        assert answer.status_code == 409
        assert answer.json()["data"]["code"] == "JOB_WRONG_STATE"
        assert "任务" in answer.json()["data"]["message"]

    def test_the_same_key_gets_the_same_answer(self, alice: User, client_for: ClientFor) -> None:
        job, client = submit(alice), client_for(alice)
        key = {"Idempotency-Key": "stop-1"}
        first = client.post(f"/api/v1/jobs/{job.pk}/cancel", headers=key)
        again = client.post(f"/api/v1/jobs/{job.pk}/cancel", headers=key)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.content == first.content


class TestRetry:
    def test_a_failed_job_is_queued_again(
        self, alice: User, client_for: ClientFor, enqueued: list[Any], django_capture_on_commit_callbacks: Any
    ) -> None:
        job = submit(alice)
        make_failed(job)
        with django_capture_on_commit_callbacks(execute=True):
            answer = client_for(alice).post(f"/api/v1/jobs/{job.pk}/retry")
        assert answer.status_code == 202
        shown = answer.json()["data"]
        assert (shown["status"], shown["failures"], shown["error"]) == ("queued", 0, None)
        assert ("generation.run_job", {"job_id": str(job.pk)}) in enqueued

    @pytest.mark.parametrize("state", ["queued", "succeeded", "cancelled"])
    def test_only_what_failed_is_retried(self, alice: User, client_for: ClientFor, state: str) -> None:
        job, client = submit(alice), client_for(alice)
        if state == "succeeded":
            runner.run(job.pk)
        if state == "cancelled":
            client.post(f"/api/v1/jobs/{job.pk}/cancel")
        answer = client.post(f"/api/v1/jobs/{job.pk}/retry")
        assert answer.status_code == 409
        assert answer.json()["data"]["details"] == {"status": state, "wanted": "failed"}


class TestWait:
    @pytest.mark.django_db(transaction=True)
    def test_the_finished_job_comes_in_the_same_answer(self, alice: User, client_for: ClientFor) -> None:
        job = submit(alice)
        make_failed(job)
        client = client_for(alice)

        def work() -> None:
            while not Job.objects.filter(pk=job.pk, status=JobStatus.QUEUED).exists():
                time.sleep(0.01)
            runner.run(job.pk)
            connection.close()

        worker = threading.Thread(target=work)
        worker.start()
        answer = client.post(f"/api/v1/jobs/{job.pk}/retry?wait=20")
        worker.join()
        assert answer.status_code == 200
        assert answer.json()["data"]["status"] == "succeeded"
        assert answer.headers["Location"] == f"/api/v1/jobs/{job.pk}"
        assert answer.json() == client.get(f"/api/v1/jobs/{job.pk}").json()

    def test_what_takes_longer_is_promised(self, alice: User, client_for: ClientFor) -> None:
        job = submit(alice)
        make_failed(job)
        began = time.monotonic()
        answer = client_for(alice).post(f"/api/v1/jobs/{job.pk}/retry?wait=0.2")
        assert time.monotonic() - began >= 0.2
        assert answer.status_code == 202
        assert answer.json()["data"]["status"] == "queued"

    @pytest.mark.parametrize("wait", ["61", "-1", "soon", ""])
    def test_a_bad_wait_changes_nothing(self, alice: User, client_for: ClientFor, wait: str) -> None:
        job = submit(alice)
        answer = client_for(alice).post(f"/api/v1/jobs/{job.pk}/cancel?wait={wait}")
        assert answer.status_code == 422
        job.refresh_from_db()
        assert job.status == JobStatus.QUEUED
