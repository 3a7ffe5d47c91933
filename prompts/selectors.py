"""Who may see what of the prompt library. All of it is stable in shape (see `config.api.lists.spec.Source`)."""

from uuid import UUID

from django.db.models import QuerySet

from prompts.models import Prompt, PromptLabel, PromptVersion, Tag


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
