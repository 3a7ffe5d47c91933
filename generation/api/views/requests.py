"""Image requests: ask for one, look at it, choose an image, have one made again, stop, delete."""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from rest_framework.request import Request

from accounts.errors import BudgetExceededError
from accounts.selectors.budgets import budget_get
from config.api.lists.filters import AnyOf, BoolFilter, ChoiceFilter, SearchFilter, UuidFilter, time_range
from config.api.lists.views import DetailApi, LinkedApi, ListApi
from config.api.schema import operation
from config.api.shapes import ESTIMATE_EXAMPLE, EstimateOut
from config.api.views import Accepted, Answer, ApiView, NoContent
from config.errors import PreconditionFailedError
from generation.api.pictures import link_pictures
from generation.api.serializers.requests import (
    PROMPT,
    ImageRequestCreateIn,
    ImageRequestOut,
    ImageSelectIn,
    RequestConfigOut,
)
from generation.domain.requests import RequestOptions, RequestPhase, RequestStatus
from generation.errors import (
    JobLiveError,
    ModelEndedError,
    ModelUnavailableError,
    ModelUnknownError,
    PriceMissingError,
    RequestImageStateError,
    RequestImageUnknownError,
    RequestSelectionFixedError,
    RequestStateError,
)
from generation.selectors.requests import REQUEST_PHASE, REQUEST_STATUS, request_list_for
from generation.services.request_quotes import request_config, request_quote
from generation.services.requests import (
    request_cancel,
    request_create,
    request_delete,
    request_image_retry,
    request_select,
)

MODEL_ERRORS = (PriceMissingError, ModelUnknownError, ModelEndedError, ModelUnavailableError)
EXAMPLE = {"prompt": PROMPT, "size": "square", "count": 4}
CONFIG_EXAMPLE = {
    "styles": [{"name": "realistic", "title": "写实"}],
    "sizes": [{"name": "square", "title": "方形", "width": 1024, "height": 1024}],
    "qualities": [{"name": "standard", "title": "标准"}],
    "models": [{"name": "sandbox:sandbox-priced", "provider": "sandbox", "title": "Sandbox"}],
    "routes": [{"provider": "sandbox", "model": "sandbox", "price_version": "built-in", "is_own_key": False}],
    "limits": {
        "prompt_characters": 500,
        "negative_prompt_characters": 500,
        "images": 4,
        "seed": 2_147_483_647,
    },
}


class RequestsApi(LinkedApi):
    scope = "requests"
    read_model = ImageRequestOut
    selector = request_list_for
    route = "request"
    link_rows = staticmethod(link_pictures)


class RequestListApi(RequestsApi, ListApi):
    waits = True
    filters = {
        "status": AnyOf(ChoiceFilter(RequestStatus, expression=REQUEST_STATUS)),
        "phase": AnyOf(ChoiceFilter(RequestPhase, expression=REQUEST_PHASE)),
        "search": SearchFilter(help="Words anywhere in the prompt."),
        "is_test": BoolFilter(Q(job__is_test=True)),
        "job_id": UuidFilter("job"),
        **time_range("created_at"),
    }
    summary = "List image requests"

    @operation(
        "Ask for images",
        description=(
            "A text model writes a prompt in another style for each image, and the images are made side by side. "
            "Answers at once; follow the job, or the request, which have the same id. Each image has a status and a "
            "job of its own (`job_id`); one that failed is made again by `…/images/{image_number}/retry`. Where the "
            "text model fails, all images are made of your prompt, and `prompts_error` says why."
        ),
        request=ImageRequestCreateIn,
        request_example=EXAMPLE,
        status=202,
        errors=(*MODEL_ERRORS, BudgetExceededError),
        operation_id="createRequest",
    )
    def post(self, request: Request) -> Accepted:
        options = RequestOptions(**self.read(ImageRequestCreateIn))
        made = request_create(owner_id=self.caller.pk, options=options, is_test=self.caller.is_test)
        return self.accepted(made.pk, made.pk)


class RequestEstimateApi(RequestsApi):
    @operation(
        "Rehearse an image request",
        description="What prompts and images would cost, by whom, and what is left of your budget. Nothing is made.",
        request=ImageRequestCreateIn,
        request_example=EXAMPLE,
        response=EstimateOut,
        example=ESTIMATE_EXAMPLE,
        errors=MODEL_ERRORS,
        operation_id="estimateRequest",
    )
    def post(self, request: Request) -> dict[str, Any]:
        options = RequestOptions(**self.read(ImageRequestCreateIn))
        quote = request_quote(owner_id=self.caller.pk, options=options, is_test=self.caller.is_test)
        return {"cost": quote.shown(), "budget": budget_get(self.caller.pk, is_test=quote.is_test).shown()}


class RequestConfigApi(ApiView):
    scope = "requests"

    @operation(
        "Read what images can be asked for",
        description="Styles, shapes, qualities, the models that you may name, who is asked otherwise, and the limits.",
        response=RequestConfigOut,
        example=CONFIG_EXAMPLE,
        operation_id="getRequestConfig",
    )
    def get(self, request: Request) -> dict[str, Any]:
        return request_config(owner_id=self.caller.pk, is_test=self.caller.is_test)


class RequestApi(RequestsApi, DetailApi):
    summary = "Read an image request"

    @operation(
        "Delete an image request",
        description=(
            "With its images. What runs is stopped, at its provider too where that can be, and keeps nothing. A file "
            "that something else of yours shows stays among your files."
        ),
        status=204,
        errors=(PreconditionFailedError,),
    )
    def delete(self, request: Request, **keys: Any) -> NoContent:
        with self.changing() as found:
            request_delete(request=found)
        return NoContent()


class RequestActionApi(RequestsApi):
    """The base of what is done to a request; each answers with the request as it is then."""

    def act(self, service: Callable[..., Any], **given: Any) -> Answer:
        with self.changing() as found:
            service(request=found, **given)
        return self.shown()


class RequestSelectApi(RequestActionApi):
    @operation(
        "Select an image",
        description="The one that a model is to be made of. Another one can be selected until there is a model of it.",
        request=ImageSelectIn,
        request_example={"number": 2},
        errors=[
            RequestImageUnknownError,
            RequestImageStateError,
            RequestStateError,
            RequestSelectionFixedError,
            PreconditionFailedError,
        ],
        operation_id="selectRequestImage",
    )
    def post(self, request: Request, **keys: Any) -> Answer:
        return self.act(request_select, **self.read(ImageSelectIn))


class RequestCancelApi(RequestActionApi):
    @operation(
        "Cancel an image request",
        description=(
            "Images that haven't begun never will; those that are being made are stopped, at their provider too where "
            "that can be; those that are there stay. Cancelling twice is no error."
        ),
        errors=[RequestStateError, PreconditionFailedError],
    )
    def post(self, request: Request, **keys: Any) -> Answer:
        return self.act(request_cancel)


class RequestImageRetryApi(RequestsApi):
    waits = True

    @property
    def key(self) -> UUID:
        return cast(UUID, self.kwargs["image_request_id"])

    @operation(
        "Make an image again",
        description=(
            "One that failed. What was paid for isn't bought again, except a picture that couldn't be used, and calls "
            "whose outcome nobody knows: asking for the retry is your word that they may be bought once more."
        ),
        status=202,
        errors=[RequestImageUnknownError, RequestImageStateError, JobLiveError],
        operation_id="retryRequestImage",
    )
    def post(self, request: Request, **keys: Any) -> Accepted:
        with transaction.atomic():
            image = request_image_retry(
                request=self.row(lock=True), number=self.kwargs["image_number"], is_test=self.caller.is_test
            )
        return self.accepted(self.key, image.pk)

    def finished(self, job_id: UUID) -> Answer:  # type: ignore[override]
        """The image's job was waited for, and its request is shown."""
        return self.shown()
