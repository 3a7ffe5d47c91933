"""Evaluations: two texts of a prompt, tried with its cases side by side."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.services.activities import row_record
from config.sql.writes import insert_all
from generation.jobs import services as jobs
from generation.jobs.registry import NoInput
from generation.jobs.routes import routes_for
from generation.jobs.run import INPUT_MARGIN
from generation.models import Job
from generation.providers.llm.base import ChatMessage, ChatRequest
from generation.services.quotes import Quote, offers_of
from prompts.domain.inclusion import Source
from prompts.domain.limits import TRIAL_TOKENS, TRIALS, TRIALS_TEXT
from prompts.domain.placeholders import parts_of
from prompts.domain.variables import Declaration, filled_in, texts_for
from prompts.errors import (
    CandidateMissingError,
    CasesMissingError,
    EvaluationTextTooLongError,
    EvaluationTooLargeError,
    OptimizationUnknownError,
)
from prompts.models import Optimization, Prompt, PromptCase, PromptEvaluation, PromptTrial, PromptVersion
from prompts.models.actions import Action
from prompts.models.cases import Side
from prompts.selectors import digest_of, expansion_for
from prompts.services.prompts import version_of

EVALUATION_KIND = "prompts.evaluation"
TRIAL_KIND = "prompts.trial"


@dataclass(frozen=True, slots=True)
class TrialJobInput:
    """Input of a job that answers one case. The text stands in its `PromptTrial`."""

    model: str = ""


@dataclass(frozen=True, slots=True)
class EvaluationOptions:
    """What is to be compared: a version or an optimization with a version, the latest unless one is named."""

    version: int | None = None
    optimization_id: UUID | None = None
    original_version: int | None = None
    case_ids: tuple[UUID, ...] = ()
    runs: int = 1
    model: str = ""
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """One answer to be bought."""

    case: PromptCase
    side: Side
    number: int
    digest: str
    text: str


@dataclass(frozen=True, slots=True)
class EvaluationPlan:
    original: PromptVersion
    candidate: PromptVersion | None
    optimization: Optimization | None
    trials: list[Planned]


@dataclass(slots=True)
class Tally:
    """How one side did."""

    passed: int = 0
    failed: int = 0
    unanswered: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micros: int = 0
    milliseconds: int = 0

    def shown(self) -> dict[str, Any]:
        figures = {name: getattr(self, name) for name in self.__slots__ if name != "milliseconds"}
        return {**figures, "seconds": self.milliseconds / 1000}


@dataclass(slots=True)
class Score:
    """Pairs of answers to the same case: which side passed alone."""

    wins: int = 0
    losses: int = 0
    ties: int = 0

    def count(self, original: bool | None, candidate: bool | None) -> None:
        if original is None or candidate is None:
            return
        self.wins += candidate and not original
        self.losses += original and not candidate
        self.ties += original == candidate

    def shown(self) -> dict[str, int]:
        return {"wins": self.wins, "losses": self.losses, "ties": self.ties}


@dataclass(slots=True)
class Report:
    sides: dict[str, Tally] = field(default_factory=lambda: {side.value: Tally() for side in Side})
    score: Score = field(default_factory=Score)
    cases: dict[UUID | None, Score] = field(default_factory=dict)


# -- before anything is bought -----------------------------------------------------------------------------------------


def evaluation_plan(*, prompt: Prompt, options: EvaluationOptions) -> EvaluationPlan:
    """Which answers would be bought. Without a version and an optimization, the candidate is the latest version and
    the original the one before.

    Raises `PromptVersionUnknownError`, `OptimizationUnknownError`, `CandidateMissingError`, `CasesMissingError`,
    `EvaluationTooLargeError`, `EvaluationTextTooLongError`, `VariableValuesInvalidError` and what `expansion_for`
    raises.
    """
    original, candidate, optimization = _sides(prompt, options)
    texts = {
        Side.ORIGINAL: (original.content, original.variables),
        Side.CANDIDATE: (candidate.content, candidate.variables)
        if candidate
        else (optimization.optimized_prompt if optimization else "", original.variables),
    }
    if texts[Side.ORIGINAL][0] == texts[Side.CANDIDATE][0]:
        raise CandidateMissingError
    cases = list(PromptCase.objects.filter(prompt=prompt).order_by("created_at", "pk"))
    if options.case_ids:
        cases = [case for case in cases if case.pk in options.case_ids]
    if not cases or len(cases) < len(set(options.case_ids)):
        raise CasesMissingError
    total = len(cases) * options.runs * len(Side)
    if total > TRIALS:
        raise EvaluationTooLargeError(total=total, limit=TRIALS)
    rendered: dict[tuple[Side, UUID], str] = {}
    characters = 0
    for side, (content, variables) in texts.items():
        for case, text in _rendered(prompt, content, variables, cases):
            rendered[side, case.pk] = text
            characters += len(text) * options.runs
            if characters > TRIALS_TEXT:
                raise EvaluationTextTooLongError(limit=TRIALS_TEXT)
    digests = {side: digest_of(content) for side, (content, _) in texts.items()}
    trials = [
        Planned(case, side, number, digests[side], rendered[side, case.pk])
        for case in cases
        for number in range(1, options.runs + 1)
        for side in Side
    ]
    return EvaluationPlan(original, candidate, optimization, trials)


def _sides(
    prompt: Prompt, options: EvaluationOptions
) -> tuple[PromptVersion, PromptVersion | None, Optimization | None]:
    if options.optimization_id is not None:
        mine = Optimization.objects.owned_by(prompt.owner_id).filter(pk=options.optimization_id)
        optimization = mine.first()
        if optimization is None or not optimization.is_ready:
            raise OptimizationUnknownError(optimization_id=options.optimization_id)
        return version_of(prompt, options.original_version or prompt.version), None, optimization
    number = options.version or prompt.version
    candidate = version_of(prompt, number)
    default = prompt.version if options.version and options.version != prompt.version else number - 1
    if options.original_version is None and default < 1:
        raise CandidateMissingError
    return version_of(prompt, options.original_version or default), candidate, None


def _rendered(
    prompt: Prompt, content: str, variables: Sequence[Mapping[str, Any]], cases: Iterable[PromptCase]
) -> Iterable[tuple[PromptCase, str]]:
    source = Source(
        prompt_id=prompt.pk,
        folder=prompt.folder,
        title=prompt.title,
        version=prompt.version,
        parts=tuple(parts_of(content)),
        variables=tuple(map(Declaration.of, variables)),
    )
    expansion = expansion_for(prompt.owner_id, source)
    for case in cases:
        yield case, filled_in(expansion.parts, texts_for(expansion.variables, case.values))


def trial_request(text: str, model: str = "") -> ChatRequest:
    return ChatRequest(
        messages=(ChatMessage("user", text),),
        max_output_tokens=TRIAL_TOKENS,
        model=model or None,
        kind=TRIAL_KIND,
    )


def evaluation_quote(*, owner_id: UUID, plan: EvaluationPlan, options: EvaluationOptions) -> Quote:
    """Raises what `routes_for` raises."""
    offers = offers_of(routes_for(owner_id, model=options.model or None, is_test=options.is_test))
    ranges = []
    for offer in offers:
        least = most = 0
        for trial in plan.trials:
            request = trial_request(trial.text, options.model)
            read = offer.llm.estimate_input_tokens(request)
            price = offer.route.price
            least += price.cost(input_tokens=read // 3, output_tokens=0, cached_tokens=read // 3)
            most += price.cost(
                input_tokens=ceil(read * INPUT_MARGIN),
                output_tokens=offer.llm.max_billed_output_tokens(request),
            )
        ranges.append((least, most))
    return Quote(
        owner_id,
        tuple(offer.route for offer in offers),
        min(least for least, _ in ranges),
        max(most for _, most in ranges),
    )


# -- an evaluation -----------------------------------------------------------------------------------------------------


def evaluation_create(*, prompt: Prompt, options: EvaluationOptions) -> PromptEvaluation:
    """Write an evaluation down, with a child job for each answer; workers hear of it on commit.

    Raises what `evaluation_plan` and `evaluation_quote` raise, and `BudgetExceededError` when what is left can't pay
    for it however cheap it gets.
    """
    plan = evaluation_plan(prompt=prompt, options=options)
    quote = evaluation_quote(owner_id=prompt.owner_id, plan=plan, options=options)
    quote.check()
    with transaction.atomic():
        job = jobs.job_submit(
            kind=EVALUATION_KIND,
            input=NoInput(),
            owner_id=prompt.owner_id,
            is_test=quote.is_test,
            max_parallel=min(settings.BATCH_CONCURRENCY, settings.WORKER_CONCURRENCY),
        )
        evaluation = PromptEvaluation.objects.create(
            id=job.pk,
            owner_id=prompt.owner_id,
            job=job,
            prompt=prompt,
            original=plan.original,
            candidate=plan.candidate,
            optimization=plan.optimization,
            runs=options.runs,
            model=options.model,
            total=len(plan.trials),
        )
        children = jobs.children_submit(
            parent=job, kind=TRIAL_KIND, inputs=[TrialJobInput(options.model)] * len(plan.trials)
        )
        insert_all(
            [
                PromptTrial(
                    evaluation=evaluation,
                    case=trial.case,
                    job=child,
                    position=position,
                    side=trial.side,
                    number=trial.number,
                    digest=trial.digest,
                    text=trial.text,
                    assertions=trial.case.assertions,
                )
                for position, (trial, child) in enumerate(zip(plan.trials, children, strict=True), start=1)
            ]
        )
        row_record(
            prompt,
            Action.EVALUATE_PROMPT,
            evaluation_id=str(evaluation.pk),
            trials=len(plan.trials),
            is_test=quote.is_test,
        )
    return evaluation


def trial_store(*, job: Job, found: Mapping[str, Any]) -> dict[str, Any]:
    """Write an answer and its verdicts down. Runs inside the transaction that ends the job."""
    PromptTrial.objects.filter(job=job).update(**found)
    return {"passed": found["passed"], "characters": len(found["output"])}


def evaluation_report(evaluation: PromptEvaluation) -> dict[str, Any]:
    """Wins, losses and ties of the candidate, and what each side took."""
    report = Report()
    answers: dict[tuple[UUID | None, int], dict[str, bool | None]] = defaultdict(dict)
    names: dict[UUID | None, str] = {}
    for trial in evaluation.trials.select_related("case").defer("text", "output").order_by("position"):
        names[trial.case_id] = trial.case.name if trial.case else ""
        answers[trial.case_id, trial.number][trial.side] = trial.passed
        tally = report.sides[trial.side]
        tally.passed += trial.passed is True
        tally.failed += trial.passed is False
        tally.unanswered += trial.passed is None
        for name in ("input_tokens", "output_tokens", "cost_micros", "milliseconds"):
            setattr(tally, name, getattr(tally, name) + getattr(trial, name))
    for (case_id, _), sides in answers.items():
        for score in (report.score, report.cases.setdefault(case_id, Score())):
            score.count(sides.get(Side.ORIGINAL), sides.get(Side.CANDIDATE))
    return {
        **report.score.shown(),
        **{side: tally.shown() for side, tally in report.sides.items()},
        "cases": [
            {"case_id": case_id, "name": names[case_id], **score.shown()}
            for case_id, score in report.cases.items()
        ],
    }
