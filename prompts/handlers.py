"""What it means to optimize a prompt, and to try one."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext_lazy as _

from generation.errors import AnswerRejectedError
from generation.jobs.registry import JobKind, NoInput, WaitForChildren
from generation.jobs.run import JobRun
from generation.jobs.texts import paid, text_order
from generation.models import Job
from generation.providers.llm.base import ChatRequest
from prompts.domain.assertions import verdicts
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
    TrialGoneError,
)
from prompts.models import Optimization, PromptTrial
from prompts.selectors import evaluation_job_titles, optimization_job_titles, trial_job_titles
from prompts.services.evaluations import (
    EVALUATION_KIND,
    TRIAL_KIND,
    TrialJobInput,
    trial_request,
    trial_store,
)
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


# -- evaluations -------------------------------------------------------------------------------------------------------


def run_evaluation(run: JobRun) -> WaitForChildren:
    """The trials were written down with it; nothing is left to do but let them run."""
    return WaitForChildren()


def run_trial(run: JobRun) -> dict[str, Any]:
    """Buy the answer to one case, and judge it."""
    wanted: TrialJobInput = run.input
    trial = PromptTrial.objects.filter(job_id=run.job.pk).first()
    if trial is None:
        raise TrialGoneError
    began = time.monotonic()
    answer = run.chat("answer", trial_request(trial.text, wanted.model), feature=TRIAL_KIND)
    milliseconds = round((time.monotonic() - began) * 1000)
    found = verdicts(trial.assertions, answer.text)
    return {
        "output": answer.text,
        "verdicts": [asdict(verdict) for verdict in found],
        "passed": all(verdict.passed for verdict in found),
        "provider": answer.provider,
        "answered_by": answer.model,
        "milliseconds": milliseconds,
        **paid(run),
    }


def store_trial(job: Job, found: dict[str, Any]) -> dict[str, Any]:
    return trial_store(job=job, found=found)


def evaluation_summary(job: Job, counts: Mapping[str, int]) -> dict[str, Any]:
    return {"total": sum(counts.values()), "counts": dict(counts)}


KINDS = (
    JobKind(
        name=EVALUATION_KIND,
        input=NoInput,
        run=run_evaluation,
        summary=evaluation_summary,
        title=_("evaluation of a prompt"),
        titles=evaluation_job_titles,
    ),
    JobKind(
        name=TRIAL_KIND,
        input=TrialJobInput,
        run=run_trial,
        store=store_trial,
        title=_("trial of a prompt"),
        titles=trial_job_titles,
        words={"model": _("model"), "passed": _("passed"), "characters": _("characters")},
    ),
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
