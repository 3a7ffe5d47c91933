"""Batches: what they promise about their items, and how they are steered."""

from typing import Any

import pytest

from accounts.models import User
from generation.jobs import runner
from generation.models import Job, JobEvent, ProviderCall
from generation.providers.base import CONTENT_REFUSED, OVERLOADED, ProviderError
from templates.errors import (
    BatchStateError,
    ProjectBusyError,
)
from templates.models import ContentTemplate, Document, Project, TemplateBatch
from templates.services.batches import (
    batch_cancel,
    batch_pause,
    batch_resume,
    batch_retry,
)
from templates.services.sources import project_delete
from tests.templates import writer
from tests.templates.factories import (
    batch_of,
    counts,
    documents_of,
    errors_of,
    finish,
    fresh,
    generate,
    run_items,
)

pytestmark = pytest.mark.django_db

Library = list[ContentTemplate]


class TestItems:
    def test_states_sum_to_the_total_at_every_step(
        self, alice: User, tea: Project, library: Library, paid: Any
    ) -> None:
        generate(alice, template_codes=("brief",), languages=("zh",))
        seen: list[dict[str, int]] = []
        batch: list[TemplateBatch] = []

        def watching(request: Any) -> ProviderError | None:
            seen.append(counts(batch[0]))
            if request.context["template"]["code"] == "plan":
                return ProviderError(CONTENT_REFUSED, "no", retryable=False, charged=False)
            return None

        writer.says(watching)
        batch.append(batch_of(alice))
        seen.append(counts(batch[0]))
        run_items(batch[0])
        seen.append(counts(batch[0]))
        assert seen[0] == {"pending": 3, "skipped": 1}
        assert {"running": 1, "pending": 2, "skipped": 1} in seen
        assert sum(seen[-1].values()) == 4
        assert seen[-1]["skipped"] == 1
        assert all(s.get("running", 0) <= 1 for s in seen)

    def test_a_document_knows_its_job_its_price_and_its_texts(
        self, alice: User, tea: Project, library: Library, paid: Any
    ) -> None:
        batch = generate(alice, languages=("zh",))
        for document in documents_of(alice).values():
            version = document.latest
            assert version is not None
            assert version.job is not None
            assert (version.number, document.version, version.title) == (1, 1, document.title)
            assert version.content.startswith("# ")
            assert "云上茶馆" in version.content
            assert document.characters == len(version.content)
            assert (version.input_tokens, version.output_tokens) == (1_000, 500)
            assert version.job.output == {
                "document_id": str(document.pk),
                "version": 1,
                "title": document.title,
                "language": "zh",
                "characters": document.characters,
            }
        calls = ProviderCall.objects.filter(job__parent_id=batch.job_id)
        assert [(c.status, c.cost_micros, c.feature) for c in calls] == [
            ("settled", writer.CALL_MICROS, "templates.document")
        ] * 2
        assert (
            sum(d.latest.cost_micros for d in documents_of(alice).values() if d.latest)
            == 2 * writer.CALL_MICROS
        )

    def test_a_second_version_leaves_the_first_as_it_was(
        self, alice: User, tea: Project, library: Library, paid: Any
    ) -> None:
        one = {"languages": ("en",), "template_codes": ("brief",), "skip_existing": False}
        generate(alice, **one)
        writer.says(lambda request: "# Second\n\nAnother text, shorter than the first.")
        generate(alice, **one)
        (document,) = documents_of(alice).values()
        versions = list(document.versions.order_by("number"))
        assert [v.number for v in versions] == [1, 2]
        assert document.latest == versions[1]
        assert (document.title, document.version) == ("Second", 2)
        assert versions[0].title != "Second"
        assert len({v.job_id for v in versions}) == 2

    def test_a_job_that_runs_twice_stores_one_version(
        self, alice: User, tea: Project, library: Library
    ) -> None:
        batch = generate(alice, languages=("zh",), template_codes=("brief",))
        job = Job.objects.get(parent_id=batch.job_id)
        runner.run(job.pk)
        assert Document.objects.get().versions.count() == 1

    def test_concurrency_is_what_was_asked_for_within_what_there_is(
        self, alice: User, tea: Project, library: Library, settings: Any
    ) -> None:
        settings.WORKER_CONCURRENCY, settings.BATCH_CONCURRENCY = 10, 4
        asked = {0: 4, 1: 1, 7: 7, 99: 10}
        for concurrency, allowed in asked.items():
            batch = batch_of(alice, concurrency=concurrency)
            assert fresh(batch).job.max_parallel == allowed
            batch_cancel(batch=batch)

    def test_no_more_run_at_once_than_allowed(
        self, alice: User, tea: Project, library: Library, paid: Any
    ) -> None:
        batch: list[TemplateBatch] = []
        nested: list[bool] = []

        def another(request: Any) -> None:
            if len(writer.said) <= 2:
                nested.append(runner.run_next_child(batch[0].job_id))

        writer.says(another)
        batch.append(batch_of(alice, concurrency=2))
        run_items(batch[0], most=1)
        # The second one may start while the first runs; a third may not while both do.
        assert nested == [False, True]

    def test_demo_mode_asks_the_sandbox_only(
        self, alice: User, tea: Project, library: Library, paid: Any
    ) -> None:
        generate(alice, demo_mode=True)
        assert writer.said == []
        assert {d.provider for d in documents_of(alice).values()} == {"sandbox"}
        assert set(ProviderCall.objects.values_list("provider", "cost_micros")) == {("sandbox", 0)}

    def test_a_busy_provider_is_asked_again_later(
        self, alice: User, tea: Project, library: Library, paid: Any
    ) -> None:
        busy = ProviderError(OVERLOADED, "busy", retryable=True, charged=False)
        writer.says(lambda request: busy if request.attempt < 3 else None)
        batch = batch_of(alice, languages=("zh",), template_codes=("brief",))
        assert finish(batch) == {"succeeded": 1}
        assert list(ProviderCall.objects.order_by("created_at").values_list("status", flat=True)) == [
            "released",
            "released",
            "settled",
        ]

    def test_a_template_that_was_deleted_fails_its_items_with_a_reason(
        self, alice: User, tea: Project, library: Library
    ) -> None:
        batch = batch_of(alice, template_codes=("plan",))
        library[1].delete()
        assert finish(batch) == {"failed": 2}
        assert errors_of(batch) == ["SOURCE_GONE", "SOURCE_GONE"]

    def test_a_project_is_kept_while_a_batch_writes_about_it(
        self, alice: User, tea: Project, library: Library
    ) -> None:
        batch = batch_of(alice)
        with pytest.raises(ProjectBusyError):
            project_delete(project=tea)
        finish(batch)
        project_delete(project=tea)
        assert not Document.objects.exists()
        assert counts(fresh(batch)) == {"succeeded": 4}


class TestSteering:
    def test_pause_and_resume_by_another_process(
        self,
        alice: User,
        tea: Project,
        library: Library,
        enqueued: Any,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        batch = batch_of(alice)
        run_items(batch, most=1)
        batch_pause(batch=fresh(batch))
        assert not runner.run_next_child(batch.job_id)
        assert counts(batch) == {"succeeded": 1, "pending": 3}
        with pytest.raises(BatchStateError, match="paused"):
            batch_pause(batch=fresh(batch))
        with django_capture_on_commit_callbacks(execute=True):
            batch_resume(batch=fresh(batch))
        assert len(enqueued) == 3
        with pytest.raises(BatchStateError):
            batch_resume(batch=fresh(batch))
        assert finish(batch) == {"succeeded": 4}
        for steer in (batch_pause, batch_resume, batch_cancel, batch_retry):
            with pytest.raises(BatchStateError, match="succeeded"):
                steer(batch=fresh(batch))

    def test_cancel_keeps_what_is_finished(self, alice: User, tea: Project, library: Library) -> None:
        batch = batch_of(alice)
        run_items(batch, most=2)
        batch_cancel(batch=fresh(batch))
        assert counts(batch) == {"succeeded": 2, "cancelled": 2}
        assert len(documents_of(alice)) == 2
        assert not runner.run_next_child(batch.job_id)
        with pytest.raises(BatchStateError, match="cancelled"):
            batch_retry(batch=fresh(batch))
        with pytest.raises(BatchStateError):
            batch_resume(batch=fresh(batch))

    def test_cancel_while_a_document_is_written(
        self, alice: User, tea: Project, library: Library, paid: Any
    ) -> None:
        batch: list[TemplateBatch] = []
        writer.says(lambda request: batch_cancel(batch=fresh(batch[0])) and None)
        batch.append(batch_of(alice))
        run_items(batch[0])
        assert len(writer.said) == 1
        found = counts(batch[0])
        assert found in ({"cancelled": 4}, {"succeeded": 1, "cancelled": 3})
        assert fresh(batch[0]).job.status == "cancelled"
        assert ProviderCall.objects.get().status == "settled"

    def test_a_paused_batch_can_be_cancelled(self, alice: User, tea: Project, library: Library) -> None:
        batch = batch_of(alice)
        batch_pause(batch=fresh(batch))
        batch_cancel(batch=fresh(batch))
        assert counts(batch) == {"cancelled": 4}
        assert fresh(batch).job.status == "cancelled"

    def test_retry_runs_the_failed_ones_only(
        self, alice: User, tea: Project, library: Library, paid: Any
    ) -> None:
        refused = ProviderError(CONTENT_REFUSED, "no", retryable=False, charged=False)
        writer.says(lambda request: refused if request.context["template"]["code"] == "plan" else None)
        batch = batch_of(alice, languages=("en",))
        assert finish(batch) == {"succeeded": 1, "failed": 1}
        assert errors_of(batch) == ["PROVIDER_CONTENT_REFUSED"]
        assert fresh(batch).job.status == "failed"
        writer.reset()
        batch_retry(batch=fresh(batch))
        assert counts(batch) == {"succeeded": 1, "pending": 1}
        assert finish(batch) == {"succeeded": 2}
        assert len(writer.said) == 1
        assert fresh(batch).job.status == "succeeded"
        assert {d.version for d in documents_of(alice).values()} == {1}

    def test_steering_leaves_its_trace(self, alice: User, tea: Project, library: Library) -> None:
        batch = batch_of(alice)
        batch_pause(batch=fresh(batch))
        batch_resume(batch=fresh(batch))
        finish(batch)
        types = JobEvent.objects.filter(job_id=batch.job_id).order_by("seq").values_list("type", flat=True)
        assert [t for t in types if t != "progress"] == [
            "queued",
            "started",
            "waiting",
            "paused",
            "resumed",
            "succeeded",
        ]
