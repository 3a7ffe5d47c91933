"""Cases of a prompt: values, and what the answer must be like then."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.services.activities import row_record
from prompts.domain.assertions import allowed_instead, problem_of
from prompts.domain.limits import CASE_NAME, CASES
from prompts.errors import (
    AssertionsInvalidError,
    CaseLimitError,
    OptimizationUnknownError,
    OptimizationUnratedError,
)
from prompts.models import Optimization, Prompt, PromptCase
from prompts.models.actions import Action
from prompts.selectors import prompt_render_for


def case_create(
    *,
    prompt: Prompt,
    assertions: Sequence[Mapping[str, Any]],
    name: str = "",
    values: Mapping[str, Any] | None = None,
    optimization_id: UUID | None = None,
) -> PromptCase:
    """Keep a case. One that comes of a rating is called by its reason unless it has a name.

    `prompt` is locked by the caller. Raises `CaseLimitError`, `AssertionsInvalidError`, `OptimizationUnknownError`,
    `OptimizationUnratedError`, and what `prompt_render_for` raises: the values must fit the prompt as it is.
    """
    if PromptCase.objects.filter(prompt=prompt).count() >= CASES:
        raise CaseLimitError(limit=CASES)
    optimization = _rated(prompt.owner_id, optimization_id) if optimization_id else None
    if optimization and not name:
        name = optimization.rating_reason.strip().partition("\n")[0][:CASE_NAME]
    case = PromptCase(prompt=prompt, name=name, values=dict(values or {}), assertions=list(assertions))
    case.optimization = optimization
    _check(case)
    with transaction.atomic():
        case.save(force_insert=True)
        row_record(case.prompt, Action.CREATE_CASE, case_id=str(case.pk))
    return case


def case_update(*, case: PromptCase, **changes: Any) -> PromptCase:
    """Change a case; with other values or assertions, nothing is known of it any more. `case` is locked by the caller.

    Raises `AssertionsInvalidError`, and what `prompt_render_for` raises.
    """
    changed = [name for name, value in changes.items() if getattr(case, name) != value]
    if not changed:
        return case
    for name in changed:
        setattr(case, name, changes[name])
    _check(case)
    if not {"values", "assertions"}.isdisjoint(changed):
        case.changed_at = timezone.now()
    with transaction.atomic():
        case.save(force_update=True)
        row_record(case.prompt, Action.UPDATE_CASE, case_id=str(case.pk), fields=changed)
    return case


def case_delete(*, case: PromptCase) -> None:
    """Delete a case. Answers to it stay with their evaluations."""
    with transaction.atomic():
        row_record(case.prompt, Action.DELETE_CASE, case_id=str(case.pk))
        case.delete()


def _check(case: PromptCase) -> None:
    problems = [
        {"assertion": position, "problem": problem, "allowed": allowed_instead(one, problem)}
        for position, one in enumerate(case.assertions)
        if (problem := problem_of(one))
    ]
    if problems:
        raise AssertionsInvalidError(details={"problems": problems})
    prompt_render_for(case.prompt.owner_id, case.prompt, case.values)


def _rated(owner_id: UUID, optimization_id: UUID) -> Optimization:
    found = Optimization.objects.owned_by(owner_id).filter(pk=optimization_id).first()
    if found is None or not found.is_ready:
        raise OptimizationUnknownError(optimization_id=optimization_id)
    if found.rating is None or not found.rating_reason.strip():
        raise OptimizationUnratedError
    return found
