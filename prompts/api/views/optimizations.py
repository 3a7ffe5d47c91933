"""Optimizations: ask for one, look at the history, go on, judge, keep."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db import transaction
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from accounts.errors import BudgetExceededError
from accounts.selectors.budgets import budget_get
from config.api.lists.filters import AnyOf, ChoiceFilter, IntFilter, UuidFilter, time_range
from config.api.lists.read_models import ReadModel
from config.api.lists.views import DetailApi, ListApi, ResourceApi
from config.api.schema import operation
from config.api.shapes import ESTIMATE_EXAMPLE, EstimateOut
from config.api.views import Accepted, ApiView, Detail, NoContent
from config.errors import PreconditionFailedError
from generation.domain.states import JobStatus
from generation.errors import ModelEndedError, ModelUnavailableError, ModelUnknownError, PriceMissingError
from prompts.api.serializers.optimizations import (
    OptimizationIterateIn,
    OptimizationOut,
    OptimizationRateIn,
    OptimizationRow,
    OptimizationSaveIn,
    OptimizeConfigOut,
    OptimizeIn,
)
from prompts.domain.modes import Mode
from prompts.domain.optimizing import Task
from prompts.errors import (
    FolderInvalidError,
    OptimizationBusyError,
    OptimizationNotReadyError,
    OptimizationTooLongError,
    PromptUnknownError,
    PromptVersionUnknownError,
    TagUnknownError,
)
from prompts.models import PromptVersion
from prompts.selectors import optimization_list_for
from prompts.services.optimizations import (
    check_length,
    optimization_create,
    optimization_delete,
    optimization_iterate,
    optimization_rate,
    optimization_save,
    prompt_version_find,
)
from prompts.services.quotes import optimization_config, optimization_quote

MODEL_ERRORS = (PriceMissingError, ModelUnknownError, ModelEndedError, ModelUnavailableError)
ASK_ERRORS = (*MODEL_ERRORS, OptimizationTooLongError, PromptUnknownError, PromptVersionUnknownError)
ASK_EXAMPLE = {"prompt": "写一个周报", "mode": "writing", "wish": "更短"}
CONFIG_EXAMPLE = {
    "modes": [{"name": "general", "title": "通用"}],
    "default_mode": "general",
    "providers": ["sandbox"],
    "models": [
        {"name": "sandbox:sandbox-priced", "provider": "sandbox", "title": "Sandbox", "context_tokens": None}
    ],
    "routes": [{"provider": "sandbox", "model": "sandbox", "price_version": "built-in", "is_own_key": False}],
    "limits": {
        "prompt_characters": 10_000,
        "wish_characters": 2_000,
        "response_characters": 20_000,
        "reason_characters": 2_000,
        "lowest_rating": 1,
        "highest_rating": 5,
    },
}


class OptimizationsApi(ResourceApi):
    scope = "prompts"
    tag = "optimize"
    read_model: ClassVar[type[ReadModel]] = OptimizationOut
    selector = optimization_list_for
    route = "optimization"

    def asked_for(self, asked: dict[str, Any]) -> tuple[Task, PromptVersion | None]:
        """The validated body as a task, and the version of the library's that it names."""
        source = None
        if "prompt_id" in asked:
            source = prompt_version_find(
                owner_id=self.caller.pk, prompt_id=asked["prompt_id"], number=asked.get("version")
            )
        text = source.content if source else asked["prompt"]
        return Task(text, Mode(asked["mode"]), asked.get("wish", ""), asked.get("response", "")), source


class OptimizeApi(OptimizationsApi):
    waits = True

    @operation(
        "Optimize a prompt",
        description=(
            "Answers at once; follow the job, or the optimization, which have the same id. What a model sends is "
            "judged before it is kept: a candidate that loses, adds or renames a variable or an include, changes the "
            "language, answers the prompt, repeats the optimizer's own instructions, is empty or breaks off is asked "
            "for once more, with the reason; then the job fails with a code that names it (`OPTIMIZATION_…`)."
        ),
        request=OptimizeIn,
        request_example=ASK_EXAMPLE,
        status=202,
        errors=(*ASK_ERRORS, BudgetExceededError),
        operation_id="optimizePrompt",
    )
    def post(self, request: Request) -> Accepted:
        asked = self.read(OptimizeIn)
        task, source = self.asked_for(asked)
        made = optimization_create(
            owner_id=self.caller.pk,
            task=task,
            model=asked.get("model", ""),
            is_test=self.caller.is_test,
            source=source,
        )
        return Accepted(self.row_json(made.pk), job_id=made.pk)


class OptimizeEstimateApi(OptimizationsApi):
    works_in_transaction = False  # nothing is made

    @operation(
        "Rehearse an optimization",
        description="What it would cost, by whom, and what is left of your budget. Nothing is made.",
        request=OptimizeIn,
        request_example=ASK_EXAMPLE,
        response=EstimateOut,
        example=ESTIMATE_EXAMPLE,
        errors=ASK_ERRORS,
    )
    def post(self, request: Request) -> dict[str, Any]:
        asked = self.read(OptimizeIn)
        task, _ = self.asked_for(asked)
        check_length(task)
        quote = optimization_quote(
            owner_id=self.caller.pk, task=task, model=asked.get("model", ""), is_test=self.caller.is_test
        )
        budget = budget_get(self.caller.pk, is_test=quote.is_test)
        return {"cost": quote.shown(), "budget": budget.shown()}


class OptimizeConfigApi(ApiView):
    scope = "prompts"
    tag = "optimize"

    @operation(
        "Read what can be optimized how",
        description="Modes, the providers and models that you may name, who is asked otherwise, and the limits.",
        response=OptimizeConfigOut,
        example=CONFIG_EXAMPLE,
        operation_id="getOptimizeConfig",
    )
    def get(self, request: Request) -> dict[str, Any]:
        return optimization_config(owner_id=self.caller.pk, is_test=self.caller.is_test)


class OptimizationListApi(OptimizationsApi, ListApi):
    read_model = OptimizationRow
    filters = {
        "mode": AnyOf(ChoiceFilter(Mode)),
        "status": AnyOf(ChoiceFilter(JobStatus, "job__status")),
        "rating": IntFilter("rating"),
        "prompt_id": UuidFilter("source__prompt_id", help="Made from a version of this prompt."),
        "job_id": UuidFilter("job"),
        "tree_id": UuidFilter(help="All of one tree."),
        **time_range("created_at"),
    }
    sorts = ("created_at", "rating")
    summary = "List optimizations"


class OptimizationApi(OptimizationsApi, DetailApi):
    summary = "Read an optimization"
    description = "With what was iterated from it."

    @operation(
        "Delete an optimization",
        description="With all that was iterated from it. What it was saved as stays.",
        status=204,
        errors=(OptimizationBusyError, PreconditionFailedError),
    )
    def delete(self, request: Request, **keys: Any) -> NoContent:
        with self.changing() as optimization:
            optimization_delete(optimization=optimization)
        return NoContent()


class OptimizationIterateApi(OptimizationsApi):
    waits = True

    @operation(
        "Go on from an optimization",
        description="Optimizes its result again, with a wish. Any number of times from the same one.",
        request=OptimizationIterateIn,
        request_example={"wish": "更短，面向新同事"},
        status=202,
        errors=(*MODEL_ERRORS, OptimizationTooLongError, OptimizationNotReadyError, BudgetExceededError),
        operation_id="iterateOptimization",
    )
    def post(self, request: Request, **keys: Any) -> Accepted:
        with transaction.atomic():
            optimization = self.row(lock=True)
            asked = self.read(OptimizationIterateIn)
            mode = asked.pop("mode", None)
            made = optimization_iterate(
                optimization=optimization,
                mode=Mode(mode) if mode else None,
                is_test=self.caller.is_test,
                **asked,
            )
        return Accepted(self.row_json(made.pk), job_id=made.pk)


class OptimizationActionApi(OptimizationsApi):
    """The base of what is said about a result; each answers with the optimization as it is then."""

    def act(self, service: Callable[..., Any], body: type[Serializer[Any]]) -> Detail:
        with self.changing() as optimization:
            service(optimization=optimization, **self.read(body))
        return self.shown()


class OptimizationRateApi(OptimizationActionApi):
    @operation(
        "Rate an optimization",
        description="Another rating takes its place.",
        request=OptimizationRateIn,
        request_example={"rating": 4, "reason": "结构清楚，但太长"},
        errors=[OptimizationNotReadyError, PreconditionFailedError],
    )
    def post(self, request: Request, **keys: Any) -> Detail:
        return self.act(optimization_rate, OptimizationRateIn)


class OptimizationSaveApi(OptimizationActionApi):
    @operation(
        "Save an optimization into the library",
        description="As a new version of a prompt, or as a prompt of its own. `saved` says where it is then.",
        request=OptimizationSaveIn,
        request_example={"title": "周报", "folder": "work"},
        errors=[
            OptimizationNotReadyError,
            PromptUnknownError,
            FolderInvalidError,
            TagUnknownError,
            PreconditionFailedError,
        ],
    )
    def post(self, request: Request, **keys: Any) -> Detail:
        return self.act(optimization_save, OptimizationSaveIn)
