"""Cases of a prompt, and evaluations: the proof that a candidate gains something."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from rest_framework.request import Request

from accounts.errors import BudgetExceededError
from accounts.selectors.budgets import budget_get
from config.api.lists.filters import BoolFilter, ChoiceFilter, UuidFilter, time_range
from config.api.lists.reading import JsonRow, read_row
from config.api.lists.views import DetailApi, ListApi, ResourceApi, row_source
from config.api.schema import operation
from config.api.shapes import ESTIMATE_EXAMPLE, EstimateOut
from config.api.views import Accepted, Created, Detail, NoContent
from config.errors import NotFoundError, PreconditionFailedError
from generation.domain.states import JobStatus
from prompts.api.serializers.cases import (
    EvaluationReportOut,
    PromptCaseCreateIn,
    PromptCaseOut,
    PromptCaseUpdateIn,
    PromptEvaluateIn,
    PromptEvaluationRow,
    PromptTrialOut,
)
from prompts.api.views.optimizations import MODEL_ERRORS
from prompts.api.views.prompts import INCLUDE_ERRORS, PromptsApi
from prompts.errors import (
    AssertionsInvalidError,
    CandidateMissingError,
    CaseLimitError,
    CasesMissingError,
    EvaluationTextTooLongError,
    EvaluationTooLargeError,
    OptimizationUnknownError,
    OptimizationUnratedError,
    PromptVersionUnknownError,
    VariableValuesInvalidError,
)
from prompts.models.cases import Side
from prompts.selectors import (
    case_list_for,
    evaluation_list_for,
    evaluation_trial_list_for,
    prompt_case_list_for,
    prompt_list_for,
)
from prompts.services.cases import case_create, case_delete, case_update
from prompts.services.evaluations import (
    EvaluationOptions,
    evaluation_create,
    evaluation_plan,
    evaluation_quote,
    evaluation_report,
)

CASE_ERRORS = (AssertionsInvalidError, VariableValuesInvalidError, *INCLUDE_ERRORS)
PLAN_ERRORS = (
    *(PromptVersionUnknownError, OptimizationUnknownError, CandidateMissingError, CasesMissingError),
    *(
        EvaluationTooLargeError,
        EvaluationTextTooLongError,
        VariableValuesInvalidError,
        *INCLUDE_ERRORS,
        *MODEL_ERRORS,
    ),
)
EVALUATE_EXAMPLE = {"version": 2, "original_version": 1, "runs": 3}
SIDE_EXAMPLE = {
    "passed": 5, "failed": 1, "unanswered": 0, "input_tokens": 812, "output_tokens": 1_204, "cost_micros": 0,
    "seconds": 4.2,
}  # fmt: skip
REPORT_EXAMPLE = {
    "wins": 2,
    "losses": 0,
    "ties": 4,
    "original": SIDE_EXAMPLE,
    "candidate": SIDE_EXAMPLE,
    "cases": [
        {
            "case_id": "019a6f5e-7c1d-7a40-9d55-2f0f3f1c5b11",
            "name": "提到补偿",
            "wins": 2,
            "losses": 0,
            "ties": 1,
        }
    ],
}


class PromptCaseListApi(ListApi):
    scope = "prompts"
    read_model = PromptCaseOut
    selector = prompt_case_list_for
    parent = prompt_list_for
    summary = "List a prompt's cases"

    @operation(
        "Add a case to a prompt",
        description=(
            "Values for its variables, and assertions about the answer, which rules decide. With an `optimization_id` "
            "it is made of a rating: the reason is its name."
        ),
        request=PromptCaseCreateIn,
        status=201,
        errors=(*CASE_ERRORS, CaseLimitError, OptimizationUnknownError, OptimizationUnratedError),
    )
    def post(self, request: Request, prompt_id: UUID) -> Created:
        with transaction.atomic():
            mine = prompt_list_for(self.caller.pk).filter(pk=prompt_id)
            prompt = mine.select_for_update(of=("self",)).first()
            if prompt is None:
                raise NotFoundError
            case = case_create(prompt=prompt, **self.read(PromptCaseCreateIn))
        return Created(self.row_json(case.pk), reverse("prompt-case", args=[case.pk]))


class CasesApi(ResourceApi):
    scope = "prompts"
    read_model = PromptCaseOut
    selector = case_list_for
    route = "prompt-case"


class CaseListApi(CasesApi, ListApi):
    filters = {"prompt_id": UuidFilter("prompt")}
    summary = "List cases of all prompts"


class CaseApi(CasesApi, DetailApi):
    summary = "Read a case of a prompt"

    @operation(
        "Change a case of a prompt",
        description="With other values or assertions, what was tried before says nothing of it any more.",
        request=PromptCaseUpdateIn,
        request_example={"assertions": [{"type": "length", "max": 300}]},
        errors=(*CASE_ERRORS, PreconditionFailedError),
    )
    def patch(self, request: Request, **keys: Any) -> Detail:
        changes = self.read(PromptCaseUpdateIn, partial=True)
        with self.changing() as case:
            case_update(case=case, **changes)
        return self.shown()

    @operation(
        "Delete a case of a prompt",
        description="Answers to it stay with their evaluations.",
        status=204,
        errors=(PreconditionFailedError,),
    )
    def delete(self, request: Request, **keys: Any) -> NoContent:
        with self.changing() as case:
            case_delete(case=case)
        return NoContent()


# -- evaluations -------------------------------------------------------------------------------------------------------

EVALUATION = row_source(PromptEvaluationRow, evaluation_list_for)


class PromptEvaluationsApi(PromptsApi):
    def asked_for(self) -> EvaluationOptions:
        asked: dict[str, Any] = self.read(PromptEvaluateIn)
        case_ids = tuple(asked.pop("case_ids", ()))
        return EvaluationOptions(**asked, case_ids=case_ids, is_test=self.caller.is_test)


class EvaluateApi(PromptEvaluationsApi):
    waits = True

    @operation(
        "Evaluate a prompt",
        description=(
            "Has a model answer the prompt's cases, once with the original and once with the candidate, `runs` times "
            "each, and judges the answers by the cases' assertions. Answers at once; follow the job, or the "
            "evaluation, which have the same id. `…/evaluate/estimate` says before what it would cost."
        ),
        request=PromptEvaluateIn,
        request_example=EVALUATE_EXAMPLE,
        response=PromptEvaluationRow,
        status=202,
        finished=PromptEvaluationRow,
        errors=(NotFoundError, *PLAN_ERRORS, BudgetExceededError),
        operation_id="evaluatePrompt",
    )
    def post(self, request: Request, **keys: Any) -> Accepted:
        prompt = self.row()
        made = evaluation_create(prompt=prompt, options=self.asked_for())
        return Accepted(self.evaluation_json(made.pk), job_id=made.pk)

    def finished(self, job_id: UUID) -> Detail:
        return Detail(self.evaluation_json(job_id))

    def evaluation_json(self, pk: UUID) -> JsonRow:
        return read_row(EVALUATION, owner_id=self.caller.pk, pk=pk)


class EvaluateEstimateApi(PromptEvaluationsApi):
    works_in_transaction = False  # nothing is made

    @operation(
        "Rehearse an evaluation",
        description="What it would cost, by whom, and what is left of your budget. Nothing is made.",
        request=PromptEvaluateIn,
        request_example=EVALUATE_EXAMPLE,
        response=EstimateOut,
        example=ESTIMATE_EXAMPLE,
        errors=(NotFoundError, *PLAN_ERRORS),
    )
    def post(self, request: Request, **keys: Any) -> dict[str, Any]:
        prompt = self.row()
        options = self.asked_for()
        plan = evaluation_plan(prompt=prompt, options=options)
        quote = evaluation_quote(owner_id=self.caller.pk, plan=plan, options=options)
        return {"cost": quote.shown(), "budget": budget_get(self.caller.pk, is_test=quote.is_test).shown()}


class EvaluationsApi(ResourceApi):
    scope = "prompts"
    read_model = PromptEvaluationRow
    selector = evaluation_list_for


class EvaluationListApi(EvaluationsApi, ListApi):
    filters = {
        "prompt_id": UuidFilter("prompt"),
        "status": ChoiceFilter(JobStatus, "job__status"),
        **time_range("created_at"),
    }
    summary = "List evaluations"


class EvaluationApi(EvaluationsApi, DetailApi):
    summary = "Read an evaluation"


class EvaluationReportApi(EvaluationsApi):
    @operation(
        "Read what came of an evaluation",
        description="Wins, losses and ties of the candidate, and what each side took: tokens, cost and seconds.",
        response=EvaluationReportOut,
        example=REPORT_EXAMPLE,
        errors=(NotFoundError,),
        operation_id="getEvaluationReport",
    )
    def get(self, request: Request, **keys: Any) -> dict[str, Any]:
        return evaluation_report(self.row())


class EvaluationTrialListApi(ListApi):
    scope = "prompts"
    read_model = PromptTrialOut
    selector = evaluation_trial_list_for
    parent = evaluation_list_for
    filters = {
        "side": ChoiceFilter(Side, help="Which text was tried."),
        "case_id": UuidFilter("case"),
        "passed": BoolFilter(Q(passed=True), help="false: those that failed or have no answer."),
    }
    sorts = ("position",)
    default_sort = "position"
    summary = "List an evaluation's answers"
