"""Batches: plan the grid, write it down as one parent job with a child per item, and steer it."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.services.activities import row_record
from accounts.services.locks import account_lock
from config.sql.writes import insert_all
from generation.domain.states import ACTIVE
from generation.errors import JobStateError
from generation.jobs import services as jobs
from generation.jobs.registry import NoInput
from generation.models import Job
from generation.models.items import ItemState
from templates.errors import BatchStateError
from templates.models import BatchItem, TemplateBatch
from templates.models.actions import Action
from templates.models.batches import ITEM_STATE
from templates.services.plans import BatchOptions, BatchPlan, batch_plan
from templates.services.quotes import batch_quote

BATCH_KIND = "templates.batch"
DOCUMENT_KIND = "templates.document"


@dataclass(frozen=True, slots=True)
class DocumentJobInput:
    """Input of a job that writes one document."""

    project_id: UUID
    content_template_id: UUID
    language: str
    source_language: str
    model: str = ""
    small_model_may_replace: bool = False
    overwrite_edited: bool = False


def batch_create(
    *, owner_id: UUID, options: BatchOptions, idempotency_key: str | None = None, publish: bool = True
) -> TemplateBatch:
    """Write a batch down, with a child job for each item that runs; workers hear of it on commit.

    With `publish=False` nobody is told: the caller runs it in its own process. Raises what `batch_plan` and
    `batch_quote` raise, and `BudgetExceededError` when what is left can't pay for it however cheap it gets.
    """
    with transaction.atomic():
        # One batch of an owner at a time: two that plan at the same moment would both buy what is missing.
        account_lock(owner_id)
        planned = batch_plan(owner_id=owner_id, options=options)
        is_test = options.demo_mode
        if planned.to_run:
            quote = batch_quote(owner_id=owner_id, planned=planned, options=options)
            quote.check()
            is_test = quote.is_test
        job = jobs.job_submit(
            kind=BATCH_KIND,
            input=NoInput(),
            owner_id=owner_id,
            idempotency_key=idempotency_key,
            is_test=is_test,
            max_parallel=min(options.concurrency or settings.BATCH_CONCURRENCY, settings.WORKER_CONCURRENCY),
            publish=publish,
        )
        known = TemplateBatch.objects.filter(job=job).first()
        if known is not None:
            return known
        batch = TemplateBatch.objects.create(
            id=job.pk, owner_id=owner_id, job=job, params=_params(options), total=len(planned.items)
        )
        _create_items(batch, job, planned, options)
        figures = {"total": len(planned.items), "to_run": len(planned.to_run)}
        row_record(batch, Action.GENERATE_DOCUMENTS, **figures, is_test=is_test)
    return batch


def _create_items(batch: TemplateBatch, job: Job, planned: BatchPlan, options: BatchOptions) -> None:
    children = iter(
        jobs.children_submit(
            parent=job,
            kind=DOCUMENT_KIND,
            inputs=[
                DocumentJobInput(
                    project_id=c.project_id,
                    content_template_id=c.content_template_id,
                    language=c.language,
                    source_language=c.source_language,
                    model=options.model,
                    small_model_may_replace=options.small_model_may_replace,
                    overwrite_edited=options.overwrite_edited,
                )
                for c in (item.cell for item in planned.to_run)
            ],
        )
    )
    insert_all(
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
    counts = dict.fromkeys(ItemState.values, 0)
    items = BatchItem.objects.filter(batch_id=batch.pk).annotate(state=ITEM_STATE).order_by()
    counts.update(Counter(items.values_list("state", flat=True)))
    return counts


def batch_summary(job: Job, counts: Mapping[str, int]) -> Any:
    """What the job's events and its output tell of its items; `counts` are those that have jobs."""
    total = TemplateBatch.objects.values_list("total", flat=True).get(pk=job.pk)
    kept = BatchItem.objects.filter(batch_id=job.pk, job__isnull=False).exclude(skip_reason="").count()
    counts = {**counts, ItemState.SUCCEEDED.value: counts[ItemState.SUCCEEDED] - kept}
    return {"total": total, "counts": {**counts, ItemState.SKIPPED.value: total - sum(counts.values())}}


# -- steering ------------------------------------------------------------------------------------------------------


def batch_pause(*, batch: TemplateBatch) -> TemplateBatch:
    """Start no further items; those that run end. Raises `BatchStateError`."""
    return _steer(batch, jobs.job_pause, Action.PAUSE_BATCH, "queued, running or waiting")


def batch_resume(*, batch: TemplateBatch, publish: bool = True) -> TemplateBatch:
    """Go on after a pause. Raises `BatchStateError` when it isn't paused.

    With `publish=False` nobody is told: the caller runs it in its own process.
    """
    return _steer(batch, partial(jobs.job_resume, publish=publish), Action.RESUME_BATCH, "paused")


def batch_cancel(*, batch: TemplateBatch) -> TemplateBatch:
    """Cancel what hasn't begun, ask what runs to stop. Documents that are finished stay. Raises `BatchStateError`."""
    return _steer(batch, jobs.job_cancel, Action.CANCEL_BATCH, "queued, running, waiting or paused")


def batch_retry(*, batch: TemplateBatch) -> TemplateBatch:
    """Run the failed items again, and only those. Raises `BatchStateError` unless the batch has failed."""
    return _steer(batch, jobs.job_retry, Action.RETRY_BATCH, "failed")


def _steer(batch: TemplateBatch, steer: Callable[..., Job], action: Action, wanted: str) -> TemplateBatch:
    try:
        with transaction.atomic():
            events = batch.job.event_seq
            batch.job = steer(job=batch.job)
            if batch.job.event_seq != events:  # cancelling twice changes nothing
                row_record(batch, action)
    except JobStateError as exc:
        raise BatchStateError(status=exc.params["status"], wanted=wanted) from exc
    return batch
