"""What it means to run a job of the prompt library."""

from django.utils.translation import gettext_lazy as _

from generation.errors import AnswerRejectedError
from generation.jobs.registry import JobKind
from generation.jobs.run import JobRun
from generation.jobs.texts import paid, text_order
from generation.models import Job
from generation.providers.llm.base import ChatRequest
from prompts.domain.guard import Reason, Rejection, rejection
from prompts.domain.optimizing import SCHEMA, instructions, points
from prompts.errors import (
    CandidateAddedVariableError,
    CandidateAnsweredError,
    CandidateCutOffError,
    CandidateEmptyError,
    CandidateLanguageError,
    CandidateLeakedError,
    CandidateLostVariableError,
    CandidateRenamedVariableError,
    OptimizationGoneError,
)
from prompts.models import Optimization
from prompts.selectors import optimization_job_titles
from prompts.services.optimizations import (
    OPTIMIZE_KIND,
    FinishedOptimization,
    OptimizationJobInput,
    optimization_store,
    task_of,
)
from prompts.services.quotes import OPTIMIZE, optimization_request

FEATURE = "prompts.optimize"
REJECTIONS: dict[Reason, type[AnswerRejectedError]] = {
    Reason.EMPTY: CandidateEmptyError,
    Reason.CUT_OFF: CandidateCutOffError,
    Reason.VARIABLE_LOST: CandidateLostVariableError,
    Reason.VARIABLE_ADDED: CandidateAddedVariableError,
    Reason.VARIABLE_RENAMED: CandidateRenamedVariableError,
    Reason.LANGUAGE_CHANGED: CandidateLanguageError,
    Reason.LEAKED: CandidateLeakedError,
    Reason.ANSWERED: CandidateAnsweredError,
}


def run_optimization(run: JobRun) -> FinishedOptimization:
    """Buy a better prompt. What the guard turns down is asked for once more, with the reason, and never stored."""
    wanted: OptimizationJobInput = run.input
    optimization = Optimization.objects.filter(pk=run.job.pk).first()
    if optimization is None:
        raise OptimizationGoneError
    task = task_of(optimization)
    made_from = (task.prompt, task.mode, task.wish, task.response)
    with text_order(run, feature=FEATURE, language=task.language, made_from=made_from) as order:
        answer = order.data("optimize", optimization_request(task, wanted.model), SCHEMA)
        candidate = answer.value["optimized_prompt"].replace("\r\n", "\n").replace("\r", "\n").strip()
        rejected = rejection(task.prompt, candidate, instructions=instructions(task), given=task.given)
        if rejected is not None:
            raise _error(rejected)
    said = answer.results[-1]
    return FinishedOptimization(
        optimized_prompt=candidate,
        improvements=points(answer.value["improvements"]),
        expected_benefits=points(answer.value["expected_benefits"]),
        provider=said.provider,
        model=said.model,
        **paid(run),
    )


def _error(rejected: Rejection) -> AnswerRejectedError:
    error = REJECTIONS[rejected.reason]
    if not rejected.names:
        return error(charged=True)
    return error(charged=True, names=", ".join(rejected.names), details={"names": list(rejected.names)})


def store_optimization(job: Job, found: FinishedOptimization) -> dict[str, object]:
    return optimization_store(job=job, found=found)


KINDS = (
    JobKind(
        name=OPTIMIZE_KIND,
        input=OptimizationJobInput,
        run=run_optimization,
        store=store_optimization,
        title=_("optimization of a prompt"),
        titles=optimization_job_titles,
        words={
            "mode": _("mode"),
            "model": _("model"),
            "optimization_id": _("optimization"),
            "characters": _("characters"),
            "improvements": _("improvements"),
        },
        links={"optimization_id": "prompts.optimization"},
    ),
)


# -- the sandbox ---------------------------------------------------------------------------------------------------


def _answer_optimization(request: ChatRequest) -> str:
    """Imported when it is needed, because most processes never ask the sandbox."""
    from dataclasses import replace

    from generation.providers.llm.sandbox import without_inputs
    from prompts.domain.sandbox_answers import answer

    task = request.context["task"]
    plain = replace(task, prompt=without_inputs(task.prompt), wish=without_inputs(task.wish))
    return answer(plain, request.context.get("sandbox_inputs", ()))


#: What the sandbox answers to each kind of request.
SANDBOX_ANSWERS = {OPTIMIZE: _answer_optimization}
