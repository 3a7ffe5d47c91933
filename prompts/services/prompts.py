"""Prompts: create, change, delete. Every change of a text is a version."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.services.activities import activity_record
from config.db import uuid7
from config.sql.writes import insert
from prompts.domain.folders import normalized_folder
from prompts.domain.titles import title_of
from prompts.models import Prompt, PromptVersion
from prompts.models.actions import Action, ObjectType
from prompts.services.tags import tags_of_owner

#: What a change of makes a version.
VERSIONED = frozenset({"content", "variables"})


def prompt_create(
    *,
    owner_id: UUID,
    content: str,
    title: str = "",
    tag_ids: Sequence[UUID] = (),
    action: Action = Action.CREATE_PROMPT,
    **fields: Any,
) -> Prompt:
    """Keep a prompt, with its first version. Without a title its first line is one.

    Raises `FolderInvalidError`, `TagUnknownError`.
    """
    prompt = Prompt(owner_id=owner_id, content=content, title=title, **fields)
    prompt_normalize(prompt)
    with transaction.atomic():
        tags = tags_of_owner(owner_id, tag_ids)
        insert(prompt)
        insert(_version(prompt))
        prompt.tags.set(tags)
        _record(prompt, action)
    return prompt


def prompt_update(
    *,
    prompt: Prompt,
    tag_ids: Sequence[UUID] | None = None,
    action: Action = Action.UPDATE_PROMPT,
    **changes: Any,
) -> Prompt:
    """Change a prompt; a new version if that changes its text. What is as it was isn't a change.

    What a person has changed is no longer only saved by itself. `prompt` is locked by the caller. Raises
    `FolderInvalidError`, `TagUnknownError`.
    """
    before = {name: getattr(prompt, name) for name in changes}
    for name, value in changes.items():
        setattr(prompt, name, value)
    prompt_normalize(prompt)
    changed = [name for name, value in before.items() if getattr(prompt, name) != value]
    with transaction.atomic():
        if tag_ids is not None and _retag(prompt, tag_ids):
            changed.append("tag_ids")
        if changed:
            if not VERSIONED.isdisjoint(changed):
                prompt.version += 1
                insert(_version(prompt))
            prompt.touched_at = timezone.now()
            prompt.is_auto_saved &= action == Action.AUTO_SAVE_PROMPT
            prompt.save(force_update=True)
            _record(prompt, action, fields=changed)
    return prompt


def prompt_delete(*, prompt: Prompt) -> None:
    """Delete a prompt with its versions and labels."""
    with transaction.atomic():
        _record(prompt, Action.DELETE_PROMPT)
        prompt.delete()


def prompt_normalize(prompt: Prompt) -> None:
    """Each text in the one way in which it is kept. Raises `FolderInvalidError`."""
    prompt.content = prompt.content.replace("\r\n", "\n").replace("\r", "\n")
    prompt.response = prompt.response.replace("\r\n", "\n").replace("\r", "\n")
    prompt.folder = normalized_folder(prompt.folder)
    prompt.title = prompt.title or title_of(prompt.content)


def _retag(prompt: Prompt, tag_ids: Sequence[UUID]) -> bool:
    """Whether that changes anything."""
    tags = tags_of_owner(prompt.owner_id, tag_ids)
    if set(tags) == set(prompt.tags.all()):
        return False
    prompt.tags.set(tags)
    return True


def _version(prompt: Prompt) -> PromptVersion:
    return PromptVersion(
        pk=uuid7(),
        prompt_id=prompt.pk,
        number=prompt.version,
        content=prompt.content,
        variables=prompt.variables,
    )


def _record(prompt: Prompt, action: Action, **details: Any) -> None:
    activity_record(
        owner_id=prompt.owner_id,
        action=action,
        object_type=ObjectType.PROMPT,
        object_id=prompt.pk,
        details={"version": prompt.version, **details},
    )
