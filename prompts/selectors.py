"""Who may see what of the prompt library.

What ends in `_list_for` is stable in shape (see `config.api.lists.spec.Source`).
"""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet

from generation.models import Job
from prompts.models import Optimization, Prompt, PromptLabel, PromptVersion, Tag


def prompt_list_for(owner_id: UUID) -> QuerySet[Prompt]:
    return Prompt.objects.owned_by(owner_id)


def prompt_version_list_for(owner_id: UUID, prompt_id: UUID) -> QuerySet[PromptVersion]:
    return PromptVersion.objects.filter(prompt__owner_id=owner_id, prompt_id=prompt_id)


def prompt_label_list_for(owner_id: UUID, prompt_id: UUID) -> QuerySet[PromptLabel]:
    return PromptLabel.objects.filter(prompt__owner_id=owner_id, prompt_id=prompt_id)


def tag_list_for(owner_id: UUID) -> QuerySet[Tag]:
    return Tag.objects.owned_by(owner_id)


def tag_prompt_list_for(owner_id: UUID, tag_id: UUID) -> QuerySet[Prompt]:
    return Prompt.objects.owned_by(owner_id).filter(tags=tag_id)


def optimization_list_for(owner_id: UUID) -> QuerySet[Optimization]:
    return Optimization.objects.owned_by(owner_id)


def optimization_job_titles(jobs: Sequence[Job]) -> dict[UUID, str]:
    """The beginning of the prompt that each job is about."""
    rows = Optimization.objects.filter(pk__in=[job.pk for job in jobs])
    return {row.pk: str(row) for row in rows.only("pk", "prompt")}
