"""Batches: rehearse one, make one, look at it, steer it."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import Q
from rest_framework.request import Request

from accounts.errors import BudgetExceededError
from accounts.selectors.budgets import budget_get
from config.api.lists.filters import AnyOf, BoolFilter, ChoiceFilter, UuidFilter, time_range
from config.api.lists.views import DetailApi, ListApi, ResourceApi
from config.api.schema import OneOf, operation
from config.api.shapes import ESTIMATE_EXAMPLE
from config.api.views import Accepted, Answer, Detail
from config.languages import Language
from generation.domain.states import JobStatus
from generation.errors import (
    JobLiveError,
    ModelEndedError,
    ModelUnavailableError,
    ModelUnknownError,
    PriceMissingError,
)
from generation.jobs.services import check_mode
from generation.models.items import ItemState
from generation.models.jobs import is_paused
from templates.api.serializers.batches import (
    BatchEstimateCreateIn,
    BatchEstimateOut,
    BatchGenerateIn,
    BatchItemOut,
    TemplateBatchOut,
)
from templates.errors import (
    BatchStateError,
    BatchTooLargeError,
    CategoryUnknownError,
    ProjectUnknownError,
    TemplateUnknownError,
)
from templates.models import TemplateBatch
from templates.models.batches import ITEM_STATE
from templates.selectors import batch_item_list_for, batch_list_for
from templates.services.batches import batch_cancel, batch_create, batch_pause, batch_resume, batch_retry
from templates.services.plans import BatchOptions, batch_plan
from templates.services.quotes import batch_quote

PLAN_ERRORS = (
    BatchTooLargeError,
    CategoryUnknownError,
    TemplateUnknownError,
    ProjectUnknownError,
    PriceMissingError,
    ModelUnknownError,
    ModelEndedError,
    ModelUnavailableError,
)
REQUEST_EXAMPLE = {"languages": ["zh", "en"], "category_code": "product", "limit": 5}


class BatchesApi(ResourceApi):
    scope = "templates"
    read_model = TemplateBatchOut
    selector = batch_list_for
    route = "batch"

    def asked_for(self, asked: dict[str, Any]) -> BatchOptions:
        """The validated body as options; a test token's calls all go to the sandbox."""
        wanted: Any = {
            name: tuple(value) if isinstance(value, list) else value for name, value in asked.items()
        }
        for name in ("dry_run", "all"):
            wanted.pop(name, None)
        translated = wanted.pop("mode") == "translated"
        demo_mode = bool(wanted.pop("demo_mode") or self.caller.is_test)
        return BatchOptions(**wanted, translated=translated, demo_mode=demo_mode)

    def estimate(self, asked: dict[str, Any]) -> dict[str, Any]:
        options = self.asked_for(asked)
        planned = batch_plan(owner_id=self.caller.pk, options=options)
        quote = batch_quote(owner_id=self.caller.pk, planned=planned, options=options)
        return {
            "dry_run": True,
            "total": len(planned.items),
            "to_run": len(planned.to_run),
            "skipped": planned.skipped,
            "cost": quote.shown(),
            "budget": budget_get(self.caller.pk, is_test=quote.is_test).shown(),
        }


class BatchGenerateApi(BatchesApi):
    waits = True

    @operation(
        "Generate documents in a batch",
        description=(
            "Makes an item for each project × template × language and answers at once; follow the job, or the batch, "
            'which have the same id. The body says what the batch is about, or `"all": true`. A batch that the budget '
            "can't pay for, however cheap it gets, is refused with 402; one that gets dearer than what is left stops "
            "item by item. `dry_run` answers 200 with what `…/estimate` says, and nothing is made."
        ),
        request=BatchGenerateIn,
        request_example=REQUEST_EXAMPLE,
        status=202,
        finished=OneOf("BatchOrEstimate", TemplateBatchOut, BatchEstimateOut),
        errors=(*PLAN_ERRORS, BudgetExceededError),
        operation_id="generateBatch",
    )
    def post(self, request: Request) -> Answer:
        asked = self.read(BatchGenerateIn)
        if asked["dry_run"]:
            return Answer(self.estimate(asked))
        batch = batch_create(owner_id=self.caller.pk, options=self.asked_for(asked))
        return Accepted(self.row_json(batch.pk), job_id=batch.pk)


class BatchEstimateApi(BatchesApi):
    works_in_transaction = False  # nothing is made

    @operation(
        "Rehearse a batch",
        description=(
            "How many items would run, what they would cost, by whom, and what is left of your budget. Nothing is made."
        ),
        request=BatchEstimateCreateIn,
        request_example=REQUEST_EXAMPLE,
        response=BatchEstimateOut,
        example={"dry_run": True, "total": 12, "to_run": 5, "skipped": {"fresh": 7}, **ESTIMATE_EXAMPLE},
        errors=PLAN_ERRORS,
    )
    def post(self, request: Request) -> dict[str, Any]:
        return self.estimate(self.read(BatchEstimateCreateIn))


class BatchListApi(BatchesApi, ListApi):
    filters = {
        "status": AnyOf(ChoiceFilter(JobStatus, "job__status")),
        "is_paused": BoolFilter(is_paused("job__")),
        "is_test": BoolFilter(Q(job__is_test=True)),
        "job_id": UuidFilter("job"),
        **time_range("created_at"),
    }
    summary = "List batches"


class BatchApi(BatchesApi, DetailApi):
    summary = "Read a batch"
    description = "Its counts by state always sum to its total."


class BatchItemListApi(ListApi):
    scope = "templates"
    read_model = BatchItemOut
    selector = batch_item_list_for
    parent = batch_list_for
    filters = {
        "status": AnyOf(ChoiceFilter(ItemState, expression=ITEM_STATE)),
        "language": AnyOf(ChoiceFilter(Language)),
        "project_id": UuidFilter(),
        "content_template_id": UuidFilter(),
        "job_id": UuidFilter("job", help="What this job wrote."),
    }
    sorts = ("position",)
    default_sort = "position"
    summary = "List a batch's items"


class BatchActionApi(BatchesApi):
    """The base of the four ways to steer a batch; each answers with the batch as it is then."""

    service: ClassVar[Callable[..., TemplateBatch]]

    def steer(self, *, spends: bool = False) -> Detail:
        """`spends`: items may run that wouldn't have run otherwise, and cost money."""
        batch = self.row()
        if spends:
            check_mode(batch.job, is_test=self.caller.is_test)
        type(self).service(batch=batch)
        return self.shown()


class BatchPauseApi(BatchActionApi):
    service = staticmethod(batch_pause)

    @operation(
        "Pause a batch", description="Items that run end; no further ones start.", errors=[BatchStateError]
    )
    def post(self, request: Request, **keys: Any) -> Detail:
        return self.steer()


class BatchResumeApi(BatchActionApi):
    service = staticmethod(batch_resume)

    @operation(
        "Resume a batch",
        description="Goes on where the pause stopped.",
        errors=[BatchStateError, JobLiveError],
    )
    def post(self, request: Request, **keys: Any) -> Detail:
        return self.steer(spends=True)


class BatchCancelApi(BatchActionApi):
    service = staticmethod(batch_cancel)

    @operation(
        "Cancel a batch",
        description="What hasn't begun never will; what runs stops between two steps; documents stay.",
        errors=[BatchStateError],
    )
    def post(self, request: Request, **keys: Any) -> Detail:
        return self.steer()


class BatchRetryApi(BatchActionApi):
    service = staticmethod(batch_retry)

    @operation(
        "Retry a batch's failed items",
        description="Only those run again; what they have already bought isn't bought twice.",
        errors=[BatchStateError, JobLiveError],
    )
    def post(self, request: Request, **keys: Any) -> Detail:
        return self.steer(spends=True)
