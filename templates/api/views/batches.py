"""Batches: make one, look at it, steer it."""

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from rest_framework.request import Request

from accounts.errors import BudgetExceededError
from accounts.selectors import budget_get
from config.api.lists import ChoiceFilter, UuidFilter, read_row, time_range
from config.api.lists.views import DetailApi, ListApi
from config.api.schema import operation
from config.api.views import Accepted, Answer, ApiView, Detail
from config.errors import AppError, NotFoundError
from generation.errors import (
    JobLiveError,
    ModelEndedError,
    ModelUnavailableError,
    ModelUnknownError,
    PriceMissingError,
)
from generation.jobs.modes import check_mode
from templates.api.examples import BATCH, BATCH_IN, BATCH_ITEM, TAG
from templates.api.serializers import (
    BATCH_STATUS,
    BATCH_STATUSES,
    ITEM_STATUSES,
    LANGUAGES,
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
from templates.models.batches import ITEM_STATUS
from templates.selectors import batch_get_for, batch_item_list_for, batch_list_for
from templates.services import batch_cancel, batch_create, batch_pause, batch_resume, batch_retry
from templates.services.plans import BatchOptions, batch_plan
from templates.services.quotes import batch_quote


class BatchGenerateApi(ApiView):
    scope = "templates"
    waits = True

    @operation(
        "Generate documents in a batch",
        tag=TAG,
        description=(
            "Makes an item for each project × template × language and answers at once; follow the job, or the batch. "
            "With `dry_run` the answer (200) says how many items would run, what they would cost, by whom, and what "
            "is left of your budget, and nothing is made. A batch that the budget can't pay for, however cheap it "
            "gets, is refused with 402; one that gets dearer than what is left stops item by item."
        ),
        request=BatchGenerateIn,
        request_example=BATCH_IN,
        response=TemplateBatchOut,
        status=202,
        example=BATCH,
        errors=(
            BatchTooLargeError,
            CategoryUnknownError,
            TemplateUnknownError,
            ProjectUnknownError,
            PriceMissingError,
            ModelUnknownError,
            ModelEndedError,
            ModelUnavailableError,
            BudgetExceededError,
        ),
    )
    def post(self, request: Request) -> Answer:
        asked = self.read(BatchGenerateIn)
        is_dry_run = asked.pop("dry_run")
        options = batch_options(asked, is_test=self.caller.is_test)
        if is_dry_run:
            return Answer(_preview(self.caller.pk, options))
        batch = batch_create(owner_id=self.caller.pk, options=options)
        row = read_row(BatchApi.source, owner_id=self.caller.pk, batch_id=batch.pk)
        return Accepted(row, job_id=batch.job_id)


def batch_options(asked: dict[str, Any], *, is_test: bool) -> BatchOptions:
    """The validated body as options; a test token's calls all go to the sandbox."""
    mode = asked.pop("mode")
    for name in ("languages", "project_ids", "template_codes"):
        if name in asked:
            asked[name] = tuple(asked[name])
    return BatchOptions(
        **{**asked, "translated": mode == "translated", "demo_mode": asked["demo_mode"] or is_test}
    )


def _preview(owner_id: UUID, options: BatchOptions) -> dict[str, Any]:
    planned = batch_plan(owner_id=owner_id, options=options)
    quote = batch_quote(owner_id=owner_id, planned=planned, options=options)
    budget = budget_get(owner_id, is_test=quote.is_test)
    return {
        "dry_run": True,
        "total": len(planned.items),
        "to_run": len(planned.to_run),
        "skipped": planned.skipped,
        "cost": {
            "least_micros": quote.least_micros,
            "most_micros": quote.most_micros,
            "currency": quote.currency,
            "routes": [
                {
                    "provider": route.provider,
                    "model": route.model,
                    "price_version": route.price.version,
                    "is_own_key": route.key is not None,
                }
                for route in quote.routes
            ],
        },
        "budget": budget.shown(),
    }


class BatchListApi(ListApi):
    scope = "templates"
    read_model = TemplateBatchOut
    selector = batch_list_for
    filters = {"status": ChoiceFilter(BATCH_STATUSES, expression=BATCH_STATUS), **time_range("created_at")}
    summary = "List batches"
    tag = TAG
    example = BATCH


class BatchApi(DetailApi):
    scope = "templates"
    read_model = TemplateBatchOut
    selector = batch_get_for
    summary = "Read a batch"
    description = "Its counts by state always sum to its total."
    tag = TAG
    example = BATCH


class BatchItemListApi(ListApi):
    scope = "templates"
    read_model = BatchItemOut
    selector = batch_item_list_for
    parent = batch_get_for
    filters = {
        "status": ChoiceFilter(ITEM_STATUSES, expression=ITEM_STATUS),
        "language": ChoiceFilter(LANGUAGES),
        "project_id": UuidFilter(),
        "content_template_id": UuidFilter(),
    }
    sorts = ("position",)
    default_sort = "position"
    summary = "List a batch's items"
    tag = TAG
    example = BATCH_ITEM


class BatchActionApi(ApiView):
    """The base of the four ways to steer a batch; each answers with the batch as it is then."""

    scope = "templates"
    service: ClassVar[Callable[..., TemplateBatch]]
    #: Whether items may run that wouldn't have run otherwise, and cost money.
    spends: ClassVar[bool] = False

    @classmethod
    def actions(cls) -> dict[str, type["BatchActionApi"]]:
        """The actions by the last part of their path."""
        return {
            "pause": BatchPauseApi,
            "resume": BatchResumeApi,
            "cancel": BatchCancelApi,
            "retry": BatchRetryApi,
        }

    def steer(self, request: Request, batch_id: UUID) -> Detail:
        batch = batch_get_for(self.caller.pk, batch_id).select_related("job").first()
        if batch is None:
            raise NotFoundError
        if self.spends:
            check_mode(batch.job, is_test=self.caller.is_test)
        type(self).service(batch=batch)
        return Detail(read_row(BatchApi.source, owner_id=self.caller.pk, batch_id=batch_id))


def _action(
    summary: str, description: str, *errors: type[AppError]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return operation(
        summary,
        tag=TAG,
        description=description,
        response=TemplateBatchOut,
        example=BATCH,
        errors=(BatchStateError, *errors),
    )


class BatchPauseApi(BatchActionApi):
    service = staticmethod(batch_pause)

    @_action("Pause a batch", "Items that run end; no further ones start.")
    def post(self, request: Request, batch_id: UUID) -> Detail:
        return self.steer(request, batch_id)


class BatchResumeApi(BatchActionApi):
    service = staticmethod(batch_resume)
    spends = True

    @_action("Resume a batch", "Goes on where the pause stopped.", JobLiveError)
    def post(self, request: Request, batch_id: UUID) -> Detail:
        return self.steer(request, batch_id)


class BatchCancelApi(BatchActionApi):
    service = staticmethod(batch_cancel)

    @_action(
        "Cancel a batch", "What hasn't begun never will; what runs stops between two steps; documents stay."
    )
    def post(self, request: Request, batch_id: UUID) -> Detail:
        return self.steer(request, batch_id)


class BatchRetryApi(BatchActionApi):
    service = staticmethod(batch_retry)
    spends = True

    @_action(
        "Retry a batch's failed items",
        "Only those run again; what they have already bought isn't bought twice.",
        JobLiveError,
    )
    def post(self, request: Request, batch_id: UUID) -> Detail:
        return self.steer(request, batch_id)
