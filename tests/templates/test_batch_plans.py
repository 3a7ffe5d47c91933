"""Batches: what they plan and what they would cost."""

import threading
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections

from accounts.models import User
from generation.jobs import runner
from generation.models import Job, JobEvent, ProviderCall
from templates.errors import (
    BatchTooLargeError,
    CategoryUnknownError,
    ProjectUnknownError,
    TemplateUnknownError,
)
from templates.models import BatchItem, Category, ContentTemplate, Project, TemplateBatch
from templates.services.batches import (
    batch_cancel,
    batch_create,
)
from templates.services.plans import batch_plan
from templates.services.quotes import batch_quote
from templates.services.sources import content_template_update
from tests.support.patience import PATIENCE
from tests.templates import writer
from tests.templates.factories import (
    batch_of,
    counts,
    documents_of,
    finish,
    fresh,
    generate,
    options,
    project_of,
    template_of,
)

pytestmark = pytest.mark.django_db

Library = list[ContentTemplate]


def plan_of(owner: User, **changes: Any) -> list[tuple[str, str, str]]:
    """Which cells would run: project, template, language."""
    planned = batch_plan(owner_id=owner.pk, options=options(**changes))
    projects = {p.pk: p.code for p in planned.projects}
    templates = {t.pk: t.code for t in planned.templates}
    return [
        (projects[i.cell.project_id], templates[i.cell.content_template_id], i.cell.language)
        for i in planned.to_run
    ]


class TestPlan:
    def test_projects_times_templates_times_languages(
        self, alice: User, tea: Project, library: Library
    ) -> None:
        project_of(alice, code="library")
        assert plan_of(alice) == [
            (project, template, language)
            for project in ("tea-house", "library")
            for template in ("brief", "plan")
            for language in ("zh", "en")
        ]

    def test_is_narrowed(self, alice: User, tea: Project, library: Library) -> None:
        other = project_of(alice, code="library")
        assert plan_of(alice, project_ids=(other.pk,), template_codes=("plan",), languages=("en",)) == [
            ("library", "plan", "en")
        ]
        assert plan_of(alice, category_code="launch", languages=("zh",)) == [
            ("tea-house", "plan", "zh"),
            ("library", "plan", "zh"),
        ]

    def test_own_templates_run_and_those_of_others_dont(
        self, alice: User, bob: User, tea: Project, library: Library
    ) -> None:
        template_of(alice, code="mine")
        template_of(bob, code="bobs")
        assert {cell[1] for cell in plan_of(alice)} == {"brief", "plan", "mine"}
        with pytest.raises(TemplateUnknownError, match="bobs"):
            plan_of(alice, template_codes=("brief", "bobs"))

    def test_switched_off_and_hidden_ones_dont_run(self, alice: User, tea: Project, library: Library) -> None:
        content_template_update(template=library[0], is_active=False)
        Category.objects.filter(code="launch").update(is_shown=False)
        shown = template_of(code="shown")
        assert {cell[1] for cell in plan_of(alice)} == {"shown"}
        with pytest.raises(TemplateUnknownError):
            plan_of(alice, template_codes=("brief",))
        with pytest.raises(CategoryUnknownError):
            plan_of(alice, category_code="launch")
        assert shown.is_active

    def test_limit_counts_what_runs(self, alice: User, tea: Project, library: Library) -> None:
        generate(alice, limit=1)
        batch = generate(alice, limit=2)
        assert counts(batch) == {"succeeded": 2, "skipped": 1}
        assert len(documents_of(alice)) == 3

    def test_a_limit_gets_past_any_number_of_finished_documents(
        self, alice: User, tea: Project, library: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("templates.domain.grid.MAX_ITEMS", 3)
        monkeypatch.setattr("templates.services.plans.MAX_ITEMS", 3)
        for _ in range(4):
            batch = generate(alice, limit=1)
            assert batch.total <= 3
            assert counts(batch)["succeeded"] == 1
        assert len(documents_of(alice)) == 4
        assert counts(generate(alice)) == {"skipped": 3}

    def test_existing_ones_are_made_again_only_if_asked(
        self, alice: User, tea: Project, library: Library
    ) -> None:
        generate(alice)
        assert counts(generate(alice)) == {"skipped": 4}
        again = generate(alice, skip_existing=False, languages=("en",))
        assert counts(again) == {"succeeded": 2}
        assert sorted(d.version for d in documents_of(alice).values()) == [1, 1, 2, 2]

    def test_what_an_unfinished_batch_will_write_isnt_bought_again(
        self, alice: User, tea: Project, library: Library
    ) -> None:
        first = batch_of(alice, languages=("zh",))
        second = batch_of(alice, translated=True, skip_existing=False)
        assert counts(second) == {"skipped": 4}
        reasons = BatchItem.objects.filter(batch=second).values_list("skip_reason", flat=True)
        assert set(reasons) == {"pending"}
        batch_cancel(batch=first)
        assert len(plan_of(alice)) == 4

    def test_another_users_batch_takes_nothing_away(
        self, alice: User, bob: User, tea: Project, library: Library
    ) -> None:
        project_of(bob, code="tea-house")
        batch_of(bob)
        assert len(plan_of(alice)) == 4

    def test_a_finished_batch_with_nothing_to_do_has_succeeded(
        self, alice: User, tea: Project, library: Library
    ) -> None:
        batch = batch_of(alice, only_stale=True)
        assert fresh(batch).job.status == "succeeded"
        assert fresh(batch).job.output == {
            "total": 4,
            "counts": {"pending": 0, "running": 0, "succeeded": 0, "skipped": 4, "failed": 0, "cancelled": 0},
        }

    def test_unknown_things_are_errors(self, alice: User, bob: User, tea: Project, library: Library) -> None:
        bobs = project_of(bob)
        with pytest.raises(ProjectUnknownError, match=str(bobs.pk)):
            plan_of(alice, project_ids=(tea.pk, bobs.pk))
        with pytest.raises(ProjectUnknownError):
            plan_of(alice, project_ids=(uuid4(),))
        with pytest.raises(CategoryUnknownError, match="消失"):
            plan_of(alice, category_code="消失")
        assert not TemplateBatch.objects.exists()

    def test_nothing_and_too_much_are_refused(self, alice: User, library: Library) -> None:
        with pytest.raises(BatchTooLargeError, match="0 items"):
            batch_create(owner_id=alice.pk, options=options())
        projects = [project_of(alice) for _ in range(3)]
        Project.objects.bulk_create(_copies(projects[0], 2_498))
        with pytest.raises(BatchTooLargeError, match="10004 items"):
            batch_create(owner_id=alice.pk, options=options())
        assert not Job.objects.exists()
        assert not TemplateBatch.objects.exists()
        assert len(plan_of(alice, limit=5)) == 5


def _copies(project: Project, number: int) -> list[Project]:
    fields = ("name_zh", "name_en", "description_zh", "description_en", "fingerprint_zh", "fingerprint_en")
    values = {name: getattr(project, name) for name in fields}
    return [Project(owner_id=project.owner_id, code=f"copy-{n}", **values) for n in range(number)]


class TestQuote:
    def test_what_a_batch_costs_lies_in_the_range(
        self, alice: User, tea: Project, library: Library, paid: Any
    ) -> None:
        for translated in (False, True):
            planned = batch_plan(
                owner_id=alice.pk, options=options(translated=translated, skip_existing=False)
            )
            quote = batch_quote(owner_id=alice.pk, planned=planned, options=options())
            ProviderCall.objects.all().delete()
            generate(alice, translated=translated, skip_existing=False)
            cost = sum(ProviderCall.objects.values_list("cost_micros", flat=True))
            assert cost == 4 * writer.CALL_MICROS
            assert quote.least_micros <= cost <= quote.most_micros
            assert [route.provider for route in quote.routes] == ["deepseek"]

    def test_the_sandbox_is_free(self, alice: User, tea: Project, library: Library, paid: Any) -> None:
        planned = batch_plan(owner_id=alice.pk, options=options())
        quote = batch_quote(owner_id=alice.pk, planned=planned, options=options(demo_mode=True))
        assert (quote.least_micros, quote.most_micros) == (0, 0)
        assert [route.provider for route in quote.routes] == ["sandbox"]

    def test_the_range_takes_in_every_provider(
        self, alice: User, tea: Project, library: Library, paid: Any
    ) -> None:
        planned = batch_plan(owner_id=alice.pk, options=options())
        quotes = []
        for names in (("deepseek",), ("openai",), ("openai", "deepseek")):
            paid(*names)
            quotes.append(batch_quote(owner_id=alice.pk, planned=planned, options=options()))
        *alone, both = quotes
        assert both.least_micros == min(quote.least_micros for quote in alone)
        assert both.most_micros == max(quote.most_micros for quote in alone)


@pytest.mark.django_db(transaction=True)
def test_two_batches_at_the_same_moment_share_the_work(alice: User, tea: Project, library: Library) -> None:
    together = threading.Barrier(2)

    def create() -> None:
        try:
            together.wait(PATIENCE)
            batch_create(owner_id=alice.pk, options=options())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=create) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert TemplateBatch.objects.count() == 2
    assert BatchItem.objects.filter(job__isnull=False).count() == 4
    assert BatchItem.objects.filter(skip_reason="pending").count() == 4


def test_a_document_that_is_finished_while_another_batch_plans_is_not_bought_again(
    alice: User, tea: Project, library: Library
) -> None:
    """A worker finishes it between the two reads of the planner, of what there is and of what is being written."""
    first = batch_create(owner_id=alice.pk, options=options(limit=1))
    runner.run(first.job_id)
    reads: list[str] = []

    def finish_after_the_first_read(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        answer = execute(sql, params, many, context)
        if not reads and ('"templates_batchitem"' in sql or '"templates_document"' in sql):
            reads.append(sql)
            finish(first)
        return answer

    with connection.execute_wrapper(finish_after_the_first_read):
        planned = batch_plan(owner_id=alice.pk, options=options())
    assert reads
    (written,) = documents_of(alice)
    assert len(planned.to_run) == len(planned.items) - 1
    assert written is not None


@pytest.mark.parametrize("what", ["plan", "create"])
def test_thousands_of_items_take_a_bounded_number_of_statements(
    alice: User, library: Library, what: str, django_assert_max_num_queries: Any
) -> None:
    Project.objects.bulk_create(_copies(project_of(alice), 499))
    with django_assert_max_num_queries(24):
        if what == "plan":
            assert len(plan_of(alice)) == 2_000
        else:
            batch_create(owner_id=alice.pk, options=options())
    if what == "create":
        assert Job.objects.filter(kind="templates.document").count() == 2_000
        assert JobEvent.objects.filter(type="queued").count() == 2_001
