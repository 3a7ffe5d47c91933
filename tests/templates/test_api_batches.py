"""Batches over HTTP: look and steer."""

from collections.abc import Callable
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
from generation.jobs import runner
from generation.models import Job
from generation.models.items import ItemState
from generation.providers.base import CONTENT_REFUSED, ProviderError
from templates.api.serializers.batches import TemplateBatchOut
from templates.models import BatchItem, ContentTemplate, Document, Project, TemplateBatch
from templates.selectors import batch_list_for
from tests.support.rows import make_rows
from tests.templates import writer
from tests.templates.factories import (
    batch_of,
    errors_of,
    finish,
    generate,
    project_of,
    run_items,
)

pytestmark = pytest.mark.django_db

BASE = "/api/v1/templates"
GENERATE = f"{BASE}/batch-generate"
ClientFor = Callable[[User], APIClient]
Library = list[ContentTemplate]


def fault(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["data"]["code"]


class TestLook:
    def test_a_batch_without_items_counts_none(self, client: APIClient, alice: User) -> None:
        batch = make_rows(TemplateBatch, 1, alice)
        batch.items.all().delete()
        for path in (f"batches/{batch.pk}", "batches"):
            data = client.get(f"{BASE}/{path}").json()["data"]
            shown = data if isinstance(data, dict) else data[0]
            assert shown["counts"] == dict.fromkeys(ItemState.values, 0)

    def test_items_tell_what_came_of_them(
        self, client: APIClient, alice: User, tea: Project, library: Library, paid: Any
    ) -> None:
        generate(alice, languages=("zh",), template_codes=("brief",))
        refused = ProviderError(CONTENT_REFUSED, "no", retryable=False, charged=False)
        writer.says(lambda request: refused if request.context["template"]["code"] == "plan" else None)
        batch = generate(alice, languages=("zh", "en"))
        url = f"{BASE}/batches/{batch.pk}/items"
        rows = client.get(url).json()["data"]
        assert [
            (row["position"], row["content_template"]["code"], row["language"], row["status"]) for row in rows
        ] == [
            (1, "brief", "zh", "skipped"),
            (2, "brief", "en", "succeeded"),
            (3, "plan", "zh", "failed"),
            (4, "plan", "en", "failed"),
        ]
        skipped, done, broken, _ = rows
        assert (skipped["skip_reason"], skipped["job_id"]) == ("fresh", None)
        assert skipped["document_id"] == str(Document.objects.get(language="zh").pk)
        assert done["document_id"] == str(Document.objects.get(language="en").pk)
        assert (broken["document_id"], broken["status"]) == (None, "failed")
        assert done["project"]["name_zh"] == "云上茶馆"
        assert (done["attempt"], done["error"]) == (1, None)
        assert broken["error"]["code"] == "PROVIDER_CONTENT_REFUSED"
        assert "message_zh" not in broken["error"]
        [_, _, chinese, _] = client.get(url, headers={"Accept-Language": "zh"}).json()["data"]
        assert "服务商" in chinese["error"]["message"] != broken["error"]["message"]
        assert broken["finished_at"]

        def positions(query: str) -> list[int]:
            return [row["position"] for row in client.get(f"{url}?{query}").json()["data"]]

        assert positions("status=failed&sort=-position") == [4, 3]
        assert positions("language=zh") == [1, 3]
        assert positions(f"content_template_id={library[0].pk}") == [1, 2]
        shown = client.get(f"{BASE}/batches/{batch.pk}").json()["data"]
        assert shown["status"] == "failed"
        assert shown["counts"]["failed"] + shown["counts"]["succeeded"] + shown["counts"]["skipped"] == 4
        assert shown["error"]["code"] == "JOB_ITEMS_FAILED"
        assert shown["error"]["retryable"] is False, "no item's error says that trying again may help"
        assert shown["progress"] == 33, "one of three was done"

    def test_a_batch_leads_to_what_it_wrote_and_to_what_it_cost(
        self, client: APIClient, alice: User, tea: Project, library: Library, paid: Any
    ) -> None:
        generate(alice, languages=("zh",), template_codes=("brief",))
        batch = generate(alice, languages=("en",))
        mine = {row["id"] for row in client.get(f"{BASE}/documents?batch_id={batch.pk}").json()["data"]}
        assert mine == {str(pk) for pk in Document.objects.filter(language="en").values_list("pk", flat=True)}
        item = BatchItem.objects.filter(batch=batch).first()
        [one] = client.get(f"{BASE}/documents?job_id={item.job_id}").json()["data"]
        assert one["id"] in mine
        [found] = client.get(f"{BASE}/batches?job_id={batch.pk}").json()["data"]
        assert found["id"] == str(batch.pk)
        [found] = client.get(f"{BASE}/batches/{batch.pk}/items?job_id={item.job_id}").json()["data"]
        assert found["id"] == str(item.pk)
        calls = client.get(f"/api/v1/usage/calls?job_id={batch.pk}").json()["data"]
        assert {call["job_id"] for call in calls} == {
            str(pk) for pk in BatchItem.objects.filter(batch=batch).values_list("job_id", flat=True)
        }
        events = client.get(f"/api/v1/jobs/{batch.pk}/events").json()["data"]
        output = client.get(f"/api/v1/jobs/{batch.pk}").json()["data"]["output"]
        assert output == {
            "total": 2,
            "counts": client.get(f"{BASE}/batches/{batch.pk}").json()["data"]["counts"],
        }
        assert events[-1]["data"] == output

    def test_each_status_has_its_word_and_its_filter(
        self, client: APIClient, alice: User, tea: Project, library: Library
    ) -> None:
        def status(batch: TemplateBatch) -> str:
            row = client.get(f"{BASE}/batches/{batch.pk}").json()["data"]
            asked = f"status={row['status']}&is_paused={str(row['is_paused']).lower()}"
            listed = client.get(f"{BASE}/batches?{asked}").json()["data"]
            assert str(batch.pk) in {one["id"] for one in listed}
            return "paused" if row["is_paused"] else str(row["status"])

        client.post(GENERATE, {"languages": ["en"], "all": True})
        waiting = TemplateBatch.objects.get()
        assert status(waiting) == "queued"
        runner.run(waiting.job_id)
        assert status(waiting) == "waiting"
        client.post(f"{BASE}/batches/{waiting.pk}/pause")
        assert status(waiting) == "paused"
        client.post(f"{BASE}/batches/{waiting.pk}/cancel")
        assert status(waiting) == "cancelled"
        assert status(generate(alice)) == "succeeded"

    def test_is_equal_to_the_plain_serializer(self, alice: User, tea: Project, library: Library) -> None:
        batch = generate(alice, limit=2)
        instance = plain_queryset(TemplateBatchOut, batch_list_for(alice.pk).filter(pk=batch.pk)).get()
        fast = read_row(row_source(TemplateBatchOut, batch_list_for), owner_id=alice.pk, pk=batch.pk)
        slow = plain_serializer(TemplateBatchOut)(instance).data
        assert orjson.loads(fast.data_json) == orjson.loads(orjson.dumps(slow, default=dict))

    @pytest.mark.parametrize("path", ["batches?limit=100", "batches/{id}", "batches/{id}/items?limit=100"])
    def test_costs_the_same_queries_however_many_rows(
        self, client: APIClient, alice: User, library: Library, path: str
    ) -> None:
        counted = []
        for number in (1, 30):
            rows = number if path.startswith("batches?") else 1
            items = 1 if rows > 1 else number
            projects = tuple(project_of(alice).pk for _ in range(items))
            for _ in range(rows):
                batch = batch_of(alice, project_ids=projects, languages=("zh",), template_codes=("brief",))
            url = f"{BASE}/{path.format(id=batch.pk)}"
            client.get(url)
            with CaptureQueriesContext(connection) as queries:
                client.get(url)
            counted.append(len(queries))
        assert counted[0] == counted[1] <= 2


class TestSteer:
    def test_pause_resume_cancel(
        self, client: APIClient, alice: User, tea: Project, library: Library
    ) -> None:
        batch = batch_of(alice)
        run_items(batch, most=1)
        url = f"{BASE}/batches/{batch.pk}"

        def steer(action: str) -> Any:
            answer = client.post(f"{url}/{action}", headers={"Accept-Language": "zh"})
            if answer.status_code == 200:
                shown = answer.json()["data"]
                assert sum(shown["counts"].values()) == shown["total"] == 4
                assert shown == client.get(url).json()["data"]
                return "paused" if shown["is_paused"] else shown["status"]
            return answer.json()["data"]

        assert steer("pause") == "paused"
        assert steer("pause")["code"] == "BATCH_WRONG_STATE"
        assert steer("resume") == "waiting"
        again = steer("resume")
        assert (again["code"], again["details"]) == (
            "BATCH_WRONG_STATE",
            {"status": "waiting", "wanted": "paused"},
        )
        assert "批次" in again["message"]
        assert steer("retry")["code"] == "BATCH_WRONG_STATE"
        assert steer("cancel") == "cancelled"
        assert steer("cancel") == "cancelled", "asking twice changes nothing"
        assert steer("retry")["details"]["status"] == "cancelled"
        assert steer("resume")["code"] == "BATCH_WRONG_STATE"

    def test_one_that_is_being_cancelled_says_so(
        self, client: APIClient, alice: User, tea: Project, library: Library
    ) -> None:
        batch = batch_of(alice)
        running = Job.objects.filter(parent_id=batch.pk).order_by("position")[:1]
        Job.objects.filter(pk__in=list(running.values_list("pk", flat=True))).update(
            status="running", attempt=1
        )
        url = f"{BASE}/batches/{batch.pk}"
        assert client.post(f"{url}/cancel").json()["data"]["status"] == "waiting"
        answer = client.post(f"{url}/pause", headers={"Accept-Language": "zh"}).json()["data"]
        assert answer["details"]["status"] == "cancelling"
        assert "取消中" in answer["message"]

    def test_conflicts_are_409(self, client: APIClient, alice: User, tea: Project, library: Library) -> None:
        batch = generate(alice)
        for action in ("pause", "resume", "cancel", "retry"):
            answer = client.post(f"{BASE}/batches/{batch.pk}/{action}")
            assert fault(answer) == (409, "BATCH_WRONG_STATE")
            assert answer.json()["data"]["details"]["status"] == "succeeded"

    def test_retry_runs_the_failed_ones_again(
        self, client: APIClient, alice: User, tea: Project, library: Library, paid: Any
    ) -> None:
        refused = ProviderError(CONTENT_REFUSED, "no", retryable=False, charged=False)
        writer.says(lambda request: refused)
        batch = generate(alice, limit=2)
        assert errors_of(batch) == ["PROVIDER_CONTENT_REFUSED"] * 2
        writer.says(lambda request: None)
        shown = client.post(f"{BASE}/batches/{batch.pk}/retry").json()["data"]
        assert (shown["status"], shown["counts"]["pending"], shown["error"]) == ("waiting", 2, None)
        assert finish(batch) == {"succeeded": 2}

    @pytest.mark.parametrize("action", ["", "/items", "/pause", "/resume", "/cancel", "/retry"])
    def test_a_stranger_finds_nothing(
        self,
        client_for: ClientFor,
        alice: User,
        charlie: User,
        staff: User,
        tea: Project,
        library: Library,
        action: str,
    ) -> None:
        batch = batch_of(alice)
        method = "get" if action in ("", "/items") else "post"
        for stranger in (charlie, staff):
            answer = getattr(client_for(stranger), method)(f"{BASE}/batches/{batch.pk}{action}")
            assert fault(answer) == (404, "NOT_FOUND")
        assert fault(getattr(client_for(alice), method)(f"{BASE}/batches/{uuid4()}{action}"))[0] == 404
        assert client_for(charlie).get(f"{BASE}/batches").json()["data"] == []
        assert not BatchItem.objects.exclude(job__status="queued").exists()
