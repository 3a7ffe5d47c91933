"""Labels: names that point at a version of a prompt. Moving one is recorded, with where it pointed before."""

from typing import Any

from django.db import transaction

from accounts.services.activities import row_record
from prompts.domain.limits import LABELS
from prompts.domain.names import folded, label_name
from prompts.errors import CasesFailError, LabelLimitError, LabelNotFoundError
from prompts.models import Prompt, PromptLabel
from prompts.models.actions import Action
from prompts.selectors import cases_failing, expansion_for, source_of
from prompts.services.prompts import version_of

#: How many cases an error names in its sentence.
NAMES_SHOWN = 5
#: The label whose version is used in earnest: a version that fails a case gets it only for a reason.
PRODUCTION = "production"


def label_move(*, prompt: Prompt, label: str, number: int, reason: str = "") -> PromptLabel:
    """Let a label point at a version; a new one is made. It pointing there already isn't a change.

    `prompt` is locked by the caller. Raises `LabelInvalidError`, `LabelLimitError`, `PromptVersionUnknownError`,
    `CasesFailError` (without a reason), and what `expansion_for` raises: the version may include what includes this
    label by now.
    """
    name = label_name(label)
    version = version_of(prompt, number)
    found = prompt.labels.filter(name=name).select_related("version").first()
    before = found.version.number if found else None
    if found and before == number:
        return found
    if found is None and prompt.labels.count() >= LABELS:
        raise LabelLimitError(limit=LABELS)
    expansion_for(prompt.owner_id, source_of(prompt, version))
    failing = cases_failing(prompt, version.content) if name == PRODUCTION else []
    if failing and not reason.strip():
        names = [case.name for case in failing]
        raise CasesFailError(
            number=number,
            count=len(names),
            names=", ".join(names[:NAMES_SHOWN]),
            details={"cases": [{"id": str(case.pk), "name": case.name} for case in failing]},
        )
    why: dict[str, Any] = {"reason": reason} if reason.strip() else {}
    if failing:
        why["failing"] = [str(case.pk) for case in failing]
    moved = found or PromptLabel(prompt=prompt, name=name)
    moved.version = version
    with transaction.atomic():
        moved.save()
        row_record(prompt, Action.MOVE_LABEL, label=name, **{"from": before, "to": number}, **why)
    return moved


def label_remove(*, prompt: Prompt, label: str) -> None:
    """Raises `LabelNotFoundError`."""
    found = prompt.labels.filter(name=folded(label)).select_related("version").first()
    if found is None:
        raise LabelNotFoundError(label=label[:100])
    with transaction.atomic():
        row_record(prompt, Action.REMOVE_LABEL, label=found.name, **{"from": found.version.number})
        found.delete()
