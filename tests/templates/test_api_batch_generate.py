"""Batches over HTTP: generate; and every bad question."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from accounts.domain.principal import Principal
from accounts.models import User
from accounts.selectors.budgets import budget_get
from accounts.services.budgets import budget_set
from generation.jobs import runner
from generation.models import Job, ProviderCall
from templates.models import ContentTemplate, Project, TemplateBatch
from tests.support.catalogue import model_make
from tests.templates import writer
from tests.templates.factories import (
    batch_of,
    category_make,
    documents_of,
    finish,
    generate,
    project_of,
    run_items,
    template_of,
)

pytestmark = pytest.mark.django_db

BASE = "/api/v1/templates"
GENERATE = f"{BASE}/batch-generate"
ClientFor = Callable[[User], APIClient]
Library = list[ContentTemplate]


def fault(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["data"]["code"]


def fields(answer: Any) -> set[str]:
    assert fault(answer) == (422, "VALIDATION_FAILED")
    return {detail["field"].partition(".")[0] for detail in answer.json()["data"]["details"]["fields"]}


class TestGenerate:
    def test_answers_at_once_with_the_batch(
        self,
        client: APIClient,
        tea: Project,
        library: Library,
        enqueued: Any,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        body = {"languages": ["en", "zh"], "category_code": "product", "limit": 5, "concurrency": 3}
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post(GENERATE, body)
        assert answer.status_code == 202
        row = answer.json()["data"]
        assert answer.headers["Location"] == f"/api/v1/jobs/{row['job_id']}"
        assert (row["status"], row["total"], row["error"], row["paused_at"]) == ("queued", 2, None, None)
        assert row["counts"] == {
            "pending": 2,
            "running": 0,
            "succeeded": 0,
            "skipped": 0,
            "failed": 0,
            "cancelled": 0,
        }
        assert row["params"]["languages"] == ["en", "zh"]
        assert (row["params"]["limit"], row["params"]["concurrency"]) == (5, 3)
        assert ("generation.run_job", {"job_id": row["job_id"]}) in enqueued
        assert Job.objects.get(pk=row["job_id"]).max_parallel == 3
        assert client.get(f"{BASE}/batches/{row['id']}").json()["data"] == row

    def test_everything_is_made_only_if_somebody_says_so(
        self, client: APIClient, tea: Project, library: Library
    ) -> None:
        for body in ({}, {"languages": ["zh"]}, {"all": False, "skip_existing": False}):
            answer = client.post(GENERATE, body, headers={"Accept-Language": "zh"})
            assert fields(answer) == {"all"}
            assert '"all": true' in answer.json()["data"]["details"]["fields"][0]["message"]
        assert not TemplateBatch.objects.exists()
        assert client.post(GENERATE, {"all": True}).json()["data"]["total"] == 4

    def test_an_estimate_says_what_a_dry_run_says(
        self, client: APIClient, tea: Project, library: Library
    ) -> None:
        asked = {"languages": ["zh"], "limit": 1}
        estimate = client.post(f"{GENERATE}/estimate", asked)
        assert (estimate.status_code, estimate.json()["data"]["to_run"]) == (200, 1)
        assert client.post(GENERATE, {**asked, "dry_run": True}).json() == estimate.json()
        assert client.post(f"{GENERATE}/estimate").json()["data"]["total"] == 4
        assert fields(client.post(f"{GENERATE}/estimate", {"dry_run": True})) == {"dry_run"}
        assert not TemplateBatch.objects.exists()

    def test_a_batch_has_its_job_s_id(self, client: APIClient, tea: Project, library: Library) -> None:
        row = client.post(GENERATE, {"limit": 1}).json()["data"]
        assert row["id"] == row["job_id"]
        assert client.get(f"/api/v1/jobs/{row['id']}").json()["data"]["kind"] == "templates.batch"

    def test_a_dry_run_writes_nothing(
        self, client: APIClient, tea: Project, library: Library, paid: Any
    ) -> None:
        generate(tea.owner, limit=1)
        before = (Job.objects.count(), TemplateBatch.objects.count())
        answer = client.post(GENERATE, {"dry_run": True})
        assert answer.status_code == 200
        row = answer.json()["data"]
        cost, budget = row.pop("cost"), row.pop("budget")
        assert row == {"dry_run": True, "total": 4, "to_run": 3, "skipped": {"fresh": 1}}
        assert cost["currency"] == "USD"
        assert cost["routes"] == [
            {
                "provider": "deepseek", "model": "deepseek-chat", "price_version": "test-1", "is_own_key": False,
            }
        ]  # fmt: skip
        assert budget["left_micros"] == 50_000_000 - writer.CALL_MICROS
        assert 0 < cost["least_micros"] <= 3 * writer.CALL_MICROS <= cost["most_micros"]
        assert (Job.objects.count(), TemplateBatch.objects.count()) == before
        free = client.post(GENERATE, {"dry_run": True, "demo_mode": True}).json()["data"]
        assert (free["cost"]["most_micros"], free["budget"]["is_test"]) == (0, True)
        assert [route["provider"] for route in free["cost"]["routes"]] == ["sandbox"]

    def test_a_rehearsal_in_play_money_settles_within_its_quote(
        self, client: APIClient, alice: User, tea: Project, library: Library
    ) -> None:
        body = {"all": True, "model": "sandbox-priced", "mode": "translated"}
        quoted = client.post(GENERATE, {**body, "dry_run": True}).json()["data"]
        row = client.post(GENERATE, body).json()["data"]
        batch = TemplateBatch.objects.get(pk=row["id"])
        runner.run(batch.job_id)
        assert finish(batch) == {"succeeded": 4}
        cost = sum(ProviderCall.objects.values_list("cost_micros", flat=True))
        assert 0 < quoted["cost"]["least_micros"] <= cost <= quoted["cost"]["most_micros"]
        left = client.post(GENERATE, {**body, "dry_run": True, "skip_existing": False}).json()["data"][
            "budget"
        ]
        assert left["used_micros"] == cost
        assert left["left_micros"] == quoted["budget"]["left_micros"] - cost
        assert budget_get(alice.pk).used_micros == 0

    @pytest.mark.parametrize("model", ["sandbox-priced", "deepseek-chat"])
    def test_what_the_budget_cant_pay_for_is_refused_at_once(
        self, client: APIClient, alice: User, tea: Project, library: Library, paid: Any, model: str
    ) -> None:
        budget_set(user=alice, limit_micros=3)
        answer = client.post(GENERATE, {"model": model, "all": True})
        assert answer.status_code == 402
        told = answer.json()["data"]
        assert (told["code"], told["retryable"], told["charged"]) == ("BUDGET_EXCEEDED", False, False)
        assert told["details"].keys() == {
            "limit_micros", "used_micros", "reserved_micros", "needed_micros", "currency", "renews_at", "is_test",
        }  # fmt: skip
        assert told["details"]["is_test"] == (model == "sandbox-priced")
        assert not Job.objects.exists()

    @pytest.mark.parametrize(
        ("model", "code"),
        [
            ("deepsek-chat", "MODEL_UNKNOWN"),
            ("gpt-4o-mini", "MODEL_UNAVAILABLE"),
            ("old-chat", "MODEL_ENDED"),
            ("new-chat", "PRICE_MISSING"),
        ],
    )
    def test_a_model_that_cant_be_called_is_refused_at_once(
        self, client: APIClient, tea: Project, library: Library, paid: Any, model: str, code: str
    ) -> None:
        long_ago = timezone.now() - timedelta(days=9)
        model_make("deepseek", "old-chat", price=(1, 1, 1), ends_at=long_ago, successor="deepseek-chat")
        model_make("deepseek", "new-chat", price=None)
        answer = client.post(GENERATE, {"model": model, "all": True})
        assert (answer.status_code, answer.json()["data"]["code"]) == (422, code)
        assert not Job.objects.exists()

    def test_demo_mode_and_translation_are_passed_on(
        self, client: APIClient, alice: User, tea: Project, library: Library, paid: Any
    ) -> None:
        body = {
            "mode": "translated",
            "demo_mode": True,
            "template_codes": ["plan"],
            "project_ids": [str(tea.pk)],
        }
        row = client.post(GENERATE, body).json()["data"]
        batch = TemplateBatch.objects.get(pk=row["id"])
        runner.run(batch.job_id)
        assert finish(batch) == {"succeeded": 2}
        assert writer.said == []
        assert {d.source_language for d in documents_of(alice).values()} == {"zh"}

    def test_a_test_token_reaches_the_sandbox_only(
        self, alice: User, tea: Project, library: Library, paid: Any
    ) -> None:
        client = APIClient()
        principal = Principal(alice.pk, alice.username, is_staff=False, language="zh", is_test=True)
        client.force_authenticate(user=principal)  # type: ignore[arg-type]
        row = client.post(GENERATE, {"demo_mode": False, "all": True}).json()["data"]
        batch = TemplateBatch.objects.get(pk=row["id"])
        runner.run(batch.job_id)
        assert finish(batch) == {"succeeded": 4}
        assert writer.said == []
        preview = client.post(GENERATE, {"dry_run": True, "skip_existing": False}).json()["data"]
        assert [route["provider"] for route in preview["cost"]["routes"]] == ["sandbox"]

    def test_the_same_key_makes_one_batch(self, client: APIClient, tea: Project, library: Library) -> None:
        key = {"Idempotency-Key": "一次就好".encode().hex()}
        first = client.post(GENERATE, {"limit": 1}, headers=key)
        again = client.post(GENERATE, {"limit": 1}, headers=key)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert (again.status_code, again.content) == (202, first.content)
        assert TemplateBatch.objects.count() == 1
        assert fault(client.post(GENERATE, {"limit": 2}, headers=key)) == (422, "IDEMPOTENCY_KEY_REUSED")

    @pytest.mark.django_db(transaction=True)
    def test_wait_brings_the_finished_batch(self, client: APIClient, tea: Project, library: Library) -> None:
        def work() -> None:
            while (batch := TemplateBatch.objects.first()) is None:
                time.sleep(0.01)
            runner.run(batch.job_id)
            run_items(batch)
            connection.close()

        worker = threading.Thread(target=work)
        worker.start()
        answer = client.post(f"{GENERATE}?wait=20", {"limit": 1})
        worker.join()
        assert answer.status_code == 200
        batch = answer.json()["data"]
        assert (batch["status"], batch["total"], batch["counts"]["succeeded"]) == ("succeeded", 1, 1)


class TestBadInput:
    @pytest.mark.parametrize(
        ("body", "wrong"),
        [
            ({"languages": ["zh", "fr"]}, {"languages"}),
            ({"languages": ["zh", "zh"]}, {"languages"}),
            ({"languages": []}, {"languages"}),
            ({"languages": "zh"}, {"languages"}),
            ({"limit": 0}, {"limit"}),
            ({"limit": 10_001}, {"limit"}),
            ({"concurrency": 0}, {"concurrency"}),
            ({"concurrency": 101}, {"concurrency"}),
            ({"mode": "both"}, {"mode"}),
            ({"project_ids": ["tea-house"]}, {"project_ids"}),
            ({"template_codes": ["产品"]}, {"template_codes"}),
            ({"dry_run": "maybe"}, {"dry_run"}),
            ({"budget": 5, "语言": "zh"}, {"budget", "语言"}),
        ],
    )
    def test_wrong_and_unknown_fields_are_named(
        self, client: APIClient, tea: Project, library: Library, body: Any, wrong: set[str]
    ) -> None:
        answer = client.post(GENERATE, body, headers={"Accept-Language": "zh"})
        assert fields(answer) == wrong
        assert not TemplateBatch.objects.exists()

    def test_unknown_rows_are_named(
        self, client: APIClient, bob: User, tea: Project, library: Library
    ) -> None:
        bobs = project_of(bob)
        template_of(bob, code="bobs")
        for body, code, named in (
            ({"project_ids": [str(tea.pk), str(bobs.pk)]}, "PROJECT_UNKNOWN", str(bobs.pk)),
            ({"template_codes": ["brief", "bobs"]}, "TEMPLATE_UNKNOWN", "bobs"),
            ({"category_code": "vanished"}, "CATEGORY_UNKNOWN", "vanished"),
        ):
            for dry_run in (False, True):
                answer = client.post(GENERATE, {**body, "dry_run": dry_run})
                assert fault(answer) == (422, code)
                assert named in answer.json()["data"]["message"]
        assert not TemplateBatch.objects.exists()

    def test_nothing_is_too_little_and_ten_thousand_and_one_too_much(
        self, client: APIClient, alice: User, library: Library
    ) -> None:
        answer = client.post(GENERATE, {"all": True}, headers={"Accept-Language": "zh"})
        assert fault(answer) == (422, "BATCH_TOO_LARGE")
        assert "0 个条目" in answer.json()["data"]["message"]
        project, shelf = project_of(alice), category_make()
        names = ("name_zh", "fingerprint_zh", "fingerprint_en")
        Project.objects.bulk_create(
            Project(owner=alice, code=f"copy-{n}", **{name: getattr(project, name) for name in names})
            for n in range(72)
        )
        ContentTemplate.objects.bulk_create(
            ContentTemplate(code=f"copy-{n}", category=shelf, prompt_zh="写。", prompt_en="Write.")
            for n in range(137)
        )
        answer = client.post(GENERATE, {"languages": ["zh"], "category_code": shelf.code})
        assert fault(answer) == (422, "BATCH_TOO_LARGE")
        assert answer.json()["data"]["details"] == {"total": 10_001, "limit": 10_000}
        assert not Job.objects.exists()

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            (b'{"languages": ["zh"', (400, "MALFORMED_REQUEST")),
            (b"languages=zh", (400, "MALFORMED_REQUEST")),
            ("语言".encode("gbk"), (400, "MALFORMED_REQUEST")),
            (b"[" * 100_000, (400, "MALFORMED_REQUEST")),
            (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, (400, "MALFORMED_REQUEST")),
            (b'{"limit": ' + b"9" * 5_000 + b"}", (400, "MALFORMED_REQUEST")),
            (b'{"x": "' + b"y" * 3_000_000 + b'"}', (413, "BODY_TOO_LARGE")),
        ],
        ids=["cut", "form", "GBK", "brackets", "deep", "huge number", "too large"],
    )
    def test_bodies_that_cant_be_read(
        self, client: APIClient, tea: Project, library: Library, body: bytes, expected: tuple[int, str]
    ) -> None:
        answer = client.post(GENERATE, body, content_type="application/json")
        assert fault(answer) == expected, answer.content[:300]
        assert not TemplateBatch.objects.exists()

    def test_another_content_type(self, client: APIClient, tea: Project, library: Library) -> None:
        answer = client.post(GENERATE, b"a=1", content_type="application/x-www-form-urlencoded")
        assert fault(answer) == (415, "UNSUPPORTED_MEDIA_TYPE")

    def test_expired_forged_and_missing_tokens(
        self, anonymous: APIClient, alice: User, tea: Project, library: Library, client_for: ClientFor
    ) -> None:
        good = client_for(alice)._credentials["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
        expired = AccessToken(good)
        expired.set_exp(lifetime=-timedelta(seconds=1))
        foreign = AccessToken(good)
        foreign["sub"] = str(uuid4())
        head, _, signature = good.split(".")
        swapped = f"{head}.{str(foreign).split('.')[1]}.{signature}"
        for token in (str(expired), str(foreign), swapped, good[:-3], "null", ""):
            answer = anonymous.post(GENERATE, {}, headers={"Authorization": f"Bearer {token}"})
            assert fault(answer) == (401, "TOKEN_INVALID")
        assert fault(anonymous.post(GENERATE, {})) == (401, "NOT_AUTHENTICATED")
        assert not TemplateBatch.objects.exists()

    @pytest.mark.parametrize(
        "path",
        [
            "batches?sort=total",
            "batches?state=failed",
            "batches?status=done",
            "batches/{id}/items?sort=language",
            "batches/{id}/items?status=exists",
            "batches/{id}/items?language=fr",
            "documents?sort=content",
            "documents?is_stale=maybe",
            "documents?语言=zh",
            "list?categorie=x",
            "documents/export?format=pdf",
            "documents/export?since=2026",
            "documents/export?language=de",
        ],
    )
    def test_unknown_sorts_and_filters_are_errors(
        self, client: APIClient, alice: User, tea: Project, library: Library, path: str
    ) -> None:
        batch = batch_of(alice)
        assert fields(client.get(f"{BASE}/{path.format(id=batch.pk)}"))
