"""Optimizations: have a prompt made better, go on from a result, judge it, keep it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.services.activities import row_record
from generation.domain.states import ACTIVE
from generation.jobs import services as jobs
from generation.models import Job
from prompts.domain.modes import Mode
from prompts.domain.optimizing import MAX_PROMPT_CHARACTERS, Task
from prompts.errors import (
    OptimizationBusyError,
    OptimizationNotReadyError,
    OptimizationTooLongError,
    PromptUnknownError,
    PromptVersionUnknownError,
)
from prompts.models import Optimization, Prompt, PromptVersion
from prompts.models.actions import Action
from prompts.services.prompts import prompt_create, prompt_update
from prompts.services.quotes import optimization_quote

OPTIMIZE_KIND = "prompts.optimize"


@dataclass(frozen=True, slots=True)
class OptimizationJobInput:
    """Input of a job that optimizes a prompt. The texts stand in its `Optimization`, which has the job's id."""

    mode: str
    model: str = ""


@dataclass(frozen=True, slots=True)
class FinishedOptimization:
    """What a job has made, with everything that is kept about it."""

    optimized_prompt: str
    improvements: list[str]
    expected_benefits: list[str]
    provider: str
    model: str
    input_tokens: int
    output_tokens: int
    cost_micros: int


def task_of(optimization: Optimization) -> Task:
    return Task(
        prompt=optimization.prompt,
        mode=Mode(optimization.mode),
        wish=optimization.wish,
        response=optimization.response,
    )


def prompt_version_find(*, owner_id: UUID, prompt_id: UUID, number: int | None = None) -> PromptVersion:
    """A version of a prompt of the owner's, the latest if no number is given.

    Raises `PromptUnknownError`, `PromptVersionUnknownError`.
    """
    versions = PromptVersion.objects.filter(prompt__owner_id=owner_id, prompt_id=prompt_id)
    latest = versions.order_by("-number").first()
    if latest is None:
        raise PromptUnknownError(prompt_id=prompt_id)
    if number is None or number == latest.number:
        return latest
    found = versions.filter(number=number).first()
    if found is None:
        raise PromptVersionUnknownError(number=number)
    return found


def optimization_create(
    *,
    owner_id: UUID,
    task: Task,
    model: str = "",
    is_test: bool = False,
    source: PromptVersion | None = None,
    parent: Optimization | None = None,
) -> Optimization:
    """Have a prompt made better; a worker hears of it when the transaction commits.

    Raises `OptimizationTooLongError`, what `optimization_quote` raises, and `BudgetExceededError` when what is left
    can't pay for it however cheap it gets.
    """
    check_length(task)
    quote = optimization_quote(owner_id=owner_id, task=task, model=model, is_test=is_test)
    quote.check()
    with transaction.atomic():
        job = jobs.job_submit(
            kind=OPTIMIZE_KIND,
            input=OptimizationJobInput(mode=task.mode, model=model),
            owner_id=owner_id,
            is_test=quote.is_test,
        )
        optimization = Optimization.objects.create(
            id=job.pk,
            owner_id=owner_id,
            job=job,
            parent=parent,
            tree_id=parent.tree_id if parent else job.pk,
            source=source,
            mode=task.mode,
            prompt=task.prompt,
            wish=task.wish,
            response=task.response,
        )
        details = {"parent_id": str(parent.pk)} if parent else {}
        row_record(optimization, Action.OPTIMIZE, mode=task.mode, is_test=quote.is_test, **details)
    return optimization


def check_length(task: Task) -> None:
    """Raises `OptimizationTooLongError`."""
    if len(task.prompt) > MAX_PROMPT_CHARACTERS:
        raise OptimizationTooLongError(characters=len(task.prompt), limit=MAX_PROMPT_CHARACTERS)


def optimization_iterate(
    *,
    optimization: Optimization,
    wish: str,
    response: str = "",
    mode: Mode | None = None,
    model: str = "",
    is_test: bool = False,
) -> Optimization:
    """Go on from a result; any number of times from the same one. `optimization` is locked by the caller.

    Raises `OptimizationNotReadyError` and what `optimization_create` raises.
    """
    _require_result(optimization)
    task = Task(optimization.optimized_prompt, mode or Mode(optimization.mode), wish, response)
    return optimization_create(
        owner_id=optimization.owner_id,
        task=task,
        model=model,
        is_test=is_test,
        source=optimization.source,
        parent=optimization,
    )


def optimization_store(*, job: Job, found: FinishedOptimization) -> dict[str, Any]:
    """Write the result down. Runs inside the transaction that ends the job."""
    optimization = Optimization.objects.get(pk=job.pk)
    for name in FinishedOptimization.__slots__:
        setattr(optimization, name, getattr(found, name))
    optimization.save(force_update=True)
    return {
        "optimization_id": str(optimization.pk),
        "characters": len(found.optimized_prompt),
        "improvements": len(found.improvements),
    }


def optimization_rate(*, optimization: Optimization, rating: int, reason: str = "") -> Optimization:
    """Say how good a result is, 1 to 5; another time changes it. Raises `OptimizationNotReadyError`."""
    _require_result(optimization)
    if (optimization.rating, optimization.rating_reason) == (rating, reason):
        return optimization
    with transaction.atomic():
        optimization.rating, optimization.rating_reason = rating, reason
        optimization.save(update_fields=["rating", "rating_reason", "updated_at"])
        row_record(optimization, Action.RATE_OPTIMIZATION, rating=rating)
    return optimization


def optimization_save(
    *,
    optimization: Optimization,
    prompt_id: UUID | None = None,
    title: str = "",
    folder: str = "",
    tag_ids: Sequence[UUID] = (),
) -> Prompt:
    """Keep a result in the library: as a new version of a prompt, or as a prompt of its own.

    `optimization` is locked by the caller. Raises `OptimizationNotReadyError`, `PromptUnknownError`, and what
    `prompt_create` raises.
    """
    _require_result(optimization)
    owner_id, content = optimization.owner_id, optimization.optimized_prompt
    with transaction.atomic():
        if prompt_id is not None:
            mine = Prompt.objects.owned_by(owner_id).filter(pk=prompt_id)
            prompt = mine.select_for_update(of=("self",)).first()
            if prompt is None:
                raise PromptUnknownError(prompt_id=prompt_id)
            prompt = prompt_update(prompt=prompt, content=content)
        else:
            variables = optimization.source.variables if optimization.source else []
            prompt = prompt_create(
                owner_id=owner_id,
                content=content,
                title=title,
                folder=folder,
                tag_ids=tag_ids,
                variables=variables,
            )
        optimization.saved = prompt.versions.get(number=prompt.version)
        optimization.save(update_fields=["saved", "updated_at"])
        row_record(
            prompt, Action.ENHANCE_PROMPT, version=prompt.version, optimization_id=str(optimization.pk)
        )
    return prompt


def optimization_delete(*, optimization: Optimization) -> None:
    """Delete a node with all that was iterated from it. `optimization` is locked by the caller, as by whoever goes on
    from it. Raises `OptimizationBusyError` while one of them runs."""
    with transaction.atomic():
        nodes = _with_descendants(optimization)
        if Job.objects.filter(pk__in=nodes, status__in=ACTIVE).exists():
            raise OptimizationBusyError
        row_record(optimization, Action.DELETE_OPTIMIZATION, nodes=len(nodes))
        optimization.delete()


def _with_descendants(optimization: Optimization) -> list[UUID]:
    below: dict[UUID | None, list[UUID]] = {}
    tree = Optimization.objects.filter(tree_id=optimization.tree_id).select_for_update(of=("self",))
    for pk, parent_id in tree.values_list("pk", "parent_id"):
        below.setdefault(parent_id, []).append(pk)
    found = [optimization.pk]
    for pk in found:
        found.extend(below.get(pk, ()))
    return found


def _require_result(optimization: Optimization) -> None:
    if not optimization.is_ready:
        raise OptimizationNotReadyError(status=jobs.state_of(optimization.job))
