"""Batches: plan the grid, write it down as one parent job with a child per item, and steer it."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.domain.actions import Action, ObjectType
from accounts.models import User
from accounts.services import activity_record
from config import statements
from generation.domain.states import ACTIVE
from generation.errors import JobStateError
from generation.jobs import services as jobs
from generation.jobs.registry import NoOutput
from generation.models import Job
from templates.domain.grid import (
    MAX_CELLS,
    MAX_ITEMS,
    CellKey,
    DocumentState,
    Existing,
    PlannedItem,
    cells,
    plan,
)
from templates.domain.inputs import Language, language_of
from templates.errors import (
    BatchStateError,
    BatchTooLargeError,
    CategoryUnknownError,
    ProjectUnknownError,
    TemplateUnknownError,
)
from templates.models import BatchItem, Category, ContentTemplate, Document, Project, TemplateBatch
from templates.models.batches import ITEM_STATUS
from templates.models.documents import STALE

BATCH_KIND = "templates.batch"
DOCUMENT_KIND = "templates.document"


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """What a batch is asked to make.

    `translated` writes the first language and translates it into the others. `limit` counts items that run.
    `demo_mode` lets the sandbox answer whatever is configured. `concurrency` is how many items run at once.
    """

    languages: tuple[Language, ...] = ("zh", "en")
    project_ids: tuple[UUID, ...] = ()
    template_codes: tuple[str, ...] = ()
    category_code: str = ""
    limit: int | None = None
    skip_existing: bool = True
    only_stale: bool = False
    translated: bool = False
    demo_mode: bool = False
    concurrency: int = 0


@dataclass(frozen=True, slots=True)
class DocumentJobInput:
    """Input of a job that writes one document."""

    project_id: UUID
    content_template_id: UUID
    language: str
    source_language: str


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """What a batch would do: its items, and the rows that they are made from."""

    items: list[PlannedItem]
    projects: list[Project]
    templates: list[ContentTemplate]

    @property
    def to_run(self) -> list[PlannedItem]:
        return [item for item in self.items if item.runs]

    @property
    def skipped(self) -> dict[str, int]:
        """Items that don't run, counted by reason."""
        return dict(Counter(item.skip_reason for item in self.items if not item.runs))


def batch_plan(*, owner_id: UUID, options: BatchOptions) -> BatchPlan:
    """Lay the grid out and decide what runs. Reads only.

    Raises `CategoryUnknownError`, `TemplateUnknownError`, `ProjectUnknownError`, and `BatchTooLargeError` for an empty
    grid and for more than 10,000 items that would run.
    """
    projects = _projects(owner_id, options.project_ids)
    templates = _templates(owner_id, options.category_code, options.template_codes)
    total = len(projects) * len(templates) * len(options.languages)
    if not 1 <= total <= MAX_CELLS:
        raise BatchTooLargeError(total=total, limit=MAX_ITEMS)
    grid = cells(
        [p.pk for p in projects], [t.pk for t in templates], options.languages, translated=options.translated
    )
    items = plan(
        grid,
        _states(owner_id, projects, templates),
        skip_existing=options.skip_existing,
        only_stale=options.only_stale,
        limit=options.limit,
    )
    if len(items) > MAX_ITEMS:
        raise BatchTooLargeError(total=total, limit=MAX_ITEMS)
    return BatchPlan(items, projects, templates)


def _projects(owner_id: UUID, ids: Sequence[UUID]) -> list[Project]:
    projects = Project.objects.owned_by(owner_id).order_by("created_at", "id")
    if ids:
        projects = projects.filter(pk__in=ids)
    found = list(projects[: MAX_ITEMS + 1])
    missing = set(ids) - {project.pk for project in found}
    if missing:
        raise ProjectUnknownError(project=str(sorted(missing, key=str)[0]))
    return found


def _templates(owner_id: UUID, category_code: str, codes: Sequence[str]) -> list[ContentTemplate]:
    templates = ContentTemplate.objects.visible_to(owner_id).runnable().select_related("category")
    templates = templates.order_by("category__order", "order", "id")
    if category_code:
        if not Category.objects.filter(code=category_code, is_shown=True).exists():
            raise CategoryUnknownError(category_code=category_code)
        templates = templates.filter(category__code=category_code)
    if codes:
        templates = templates.filter(code__in=codes)
    found = list(templates[: MAX_ITEMS + 1])
    missing = set(codes) - {template.code for template in found}
    if missing:
        raise TemplateUnknownError(template_code=sorted(missing)[0])
    return found


def _states(
    owner_id: UUID, projects: Sequence[Project], templates: Sequence[ContentTemplate]
) -> dict[CellKey, Existing]:
    """What there is already, and what an unfinished batch is going to write."""
    cell = ("project_id", "content_template_id", "language")
    which = {"project__in": [p.pk for p in projects], "content_template__in": [t.pk for t in templates]}
    documents = Document.objects.owned_by(owner_id).annotate(is_stale=STALE).filter(**which).order_by()
    states = {
        (project, template, language_of(language)): Existing(
            DocumentState.STALE if is_stale else DocumentState.FRESH, language_of(source)
        )
        for project, template, language, source, is_stale in documents.values_list(
            *cell, "source_language", "is_stale"
        ).iterator(chunk_size=2000)
    }
    unfinished = {"batch__job__status__in": ACTIVE, "batch__job__cancel_requested_at": None}
    items = BatchItem.objects.filter(batch__owner_id=owner_id, **unfinished, job__status__in=ACTIVE)
    for project, template, language in items.values_list(*cell).iterator(chunk_size=2000):
        states[project, template, language_of(language)] = Existing(
            DocumentState.PENDING, language_of(language)
        )
    return states


def batch_create(
    *, owner_id: UUID, options: BatchOptions, idempotency_key: str | None = None, publish: bool = True
) -> TemplateBatch:
    """Write a batch down, with a child job for each item that runs; workers hear of it on commit.

    With `publish=False` nobody is told: the caller runs it in its own process. Raises what `batch_plan` raises.
    """
    with transaction.atomic():
        # One batch of an owner at a time: two that plan at the same moment would both buy what is missing.
        User.objects.select_for_update(no_key=True).get(pk=owner_id)
        planned = batch_plan(owner_id=owner_id, options=options)
        job = jobs.job_submit(
            kind=BATCH_KIND,
            input=NoOutput(),
            owner_id=owner_id,
            idempotency_key=idempotency_key,
            is_test=options.demo_mode,
            max_parallel=min(options.concurrency or settings.BATCH_CONCURRENCY, settings.WORKER_CONCURRENCY),
            publish=publish,
        )
        known = TemplateBatch.objects.filter(job=job).first()
        if known is not None:
            return known
        batch = TemplateBatch.objects.create(
            owner_id=owner_id, job=job, params=_params(options), total=len(planned.items)
        )
        _create_items(batch, job, planned)
        figures = {"total": len(planned.items), "to_run": len(planned.to_run)}
        _record(batch, Action.GENERATE_DOCUMENTS, **figures, is_test=options.demo_mode)
    return batch


def _create_items(batch: TemplateBatch, job: Job, planned: BatchPlan) -> None:
    children = iter(
        jobs.children_submit(
            parent=job,
            kind=DOCUMENT_KIND,
            inputs=[
                DocumentJobInput(c.project_id, c.content_template_id, c.language, c.source_language)
                for c in (item.cell for item in planned.to_run)
            ],
        )
    )
    statements.insert_all(
        [
            BatchItem(
                batch_id=batch.pk,
                position=position,
                project_id=item.cell.project_id,
                content_template_id=item.cell.content_template_id,
                language=item.cell.language,
                job_id=next(children).pk if item.runs else None,
                skip_reason=item.skip_reason,
            )
            for position, item in enumerate(planned.items, start=1)
        ]
    )


def _params(options: BatchOptions) -> dict[str, Any]:
    params = asdict(options)
    return {**params, "project_ids": [str(pk) for pk in options.project_ids]}


def batch_unfinished(*, owner_id: UUID, options: BatchOptions) -> TemplateBatch | None:
    """The owner's batch that was asked for the same and is neither over nor to be cancelled; the newest of several."""
    active = {"job__status__in": ACTIVE, "job__cancel_requested_at": None}
    batches = TemplateBatch.objects.owned_by(owner_id).filter(**active).select_related("job")
    wanted = _grid_of(json.loads(json.dumps(_params(options))))
    return next(
        (batch for batch in batches.order_by("-created_at") if _grid_of(batch.params) == wanted), None
    )


def _grid_of(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if name != "concurrency"}


def batch_item_counts(batch: TemplateBatch) -> dict[str, int]:
    """Items by state; the values always sum to `batch.total`."""
    counts = dict.fromkeys(("pending", "running", "succeeded", "skipped", "failed", "cancelled"), 0)
    items = BatchItem.objects.filter(batch_id=batch.pk).annotate(status=ITEM_STATUS).order_by()
    counts.update(Counter(items.values_list("status", flat=True)))
    return counts


def batch_summary(job: Job, counts: Mapping[str, int]) -> Any:
    """The parent job's output when its last item is done."""
    batch = TemplateBatch.objects.get(job_id=job.pk)
    return {"batch_id": str(batch.pk), "total": batch.total, "items": batch_item_counts(batch)}


# -- steering ------------------------------------------------------------------------------------------------------


def batch_pause(*, batch: TemplateBatch) -> TemplateBatch:
    """Start no further items; those that run end. Raises `BatchStateError`."""
    return _steer(batch, jobs.job_pause, Action.PAUSE_BATCH, "running")


def batch_resume(*, batch: TemplateBatch, publish: bool = True) -> TemplateBatch:
    """Go on after a pause. Raises `BatchStateError` when it isn't paused.

    With `publish=False` nobody is told: the caller runs it in its own process.
    """
    return _steer(batch, partial(jobs.job_resume, publish=publish), Action.RESUME_BATCH, "paused")


def batch_cancel(*, batch: TemplateBatch) -> TemplateBatch:
    """Cancel what hasn't begun, ask what runs to stop. Documents that are finished stay. Raises `BatchStateError`."""
    return _steer(batch, jobs.job_cancel, Action.CANCEL_BATCH, "pending, running or paused")


def batch_retry(*, batch: TemplateBatch) -> TemplateBatch:
    """Run the failed items again, and only those. Raises `BatchStateError` unless the batch has failed."""
    return _steer(batch, jobs.job_retry, Action.RETRY_BATCH, "failed")


#: A job's state in the words of a batch, which `templates.api.serializers.BATCH_STATUS` uses, too.
BATCH_WORDS = {"queued": "pending", "waiting": "running"}


def _steer(batch: TemplateBatch, steer: Callable[..., Job], action: Action, wanted: str) -> TemplateBatch:
    try:
        with transaction.atomic():
            events = batch.job.event_seq
            batch.job = steer(job=batch.job)
            if batch.job.event_seq != events:  # cancelling twice changes nothing
                _record(batch, action)
    except JobStateError as exc:
        status = exc.params["status"]
        raise BatchStateError(status=BATCH_WORDS.get(status, status), wanted=wanted) from exc
    return batch


def _record(batch: TemplateBatch, action: Action, **details: Any) -> None:
    activity_record(
        owner_id=batch.owner_id,
        action=action,
        object_type=ObjectType.BATCH,
        object_id=batch.pk,
        details=details,
    )
