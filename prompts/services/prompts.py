"""Prompts: create, change, delete. Every change of a text is a version."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.services.activities import row_record
from config.db import uuid7
from config.sql.writes import insert
from prompts.domain.folders import normalized_folder
from prompts.domain.placeholders import variable_names
from prompts.domain.titles import title_of
from prompts.domain.variables import Declaration, check_declarations, completed
from prompts.errors import PromptVersionUnknownError
from prompts.models import Prompt, PromptVersion
from prompts.models.actions import Action
from prompts.selectors import expansion_for, source_of
from prompts.services.tags import tags_of_owner

Declared = Sequence[Mapping[str, Any]]
#: What makes a new version when it changes.
VERSIONED = frozenset({"content", "variables"})
#: What an include finds a prompt by.
NAMED = frozenset({"folder", "title"})


def prompt_create(
    *,
    owner_id: UUID,
    content: str,
    title: str = "",
    variables: Declared | None = None,
    tag_ids: Sequence[UUID] = (),
    action: Action = Action.CREATE_PROMPT,
    **fields: Any,
) -> Prompt:
    """Keep a prompt, with its first version. Without a title its first line is one.

    Variables of the text that aren't declared are required texts. What a program saves by itself may be any text: what
    it includes is looked for when it is rendered. Raises `FolderInvalidError`, `TagUnknownError`,
    `VariablesInvalidError`, and what `expansion_for` raises.
    """
    prompt = Prompt(owner_id=owner_id, content=content, title=title, **fields)
    prompt_normalize(prompt)
    with transaction.atomic():
        tags = tags_of_owner(owner_id, tag_ids)
        _declare(prompt, variables, includes_anything=action == Action.AUTO_SAVE_PROMPT)
        insert(prompt)
        insert(_version(prompt))
        prompt.tags.set(tags)
        row_record(prompt, action, version=prompt.version)
    return prompt


def prompt_update(
    *,
    prompt: Prompt,
    variables: Declared | None = None,
    tag_ids: Sequence[UUID] | None = None,
    action: Action = Action.UPDATE_PROMPT,
    restored_from: int | None = None,
    **changes: Any,
) -> Prompt:
    """Change a prompt; a new version if that changes its text. What is as it was isn't a change.

    Of variables that aren't declared anew, those that the text still has keep their declarations. What a person has
    changed is no longer only saved by itself. `prompt` is locked by the caller. Raises what `prompt_create` raises.
    """
    before = {name: getattr(prompt, name) for name in (*changes, "variables")}
    for name, value in changes.items():
        setattr(prompt, name, value)
    prompt_normalize(prompt)
    with transaction.atomic():
        changed = {name for name in changes if getattr(prompt, name) != before[name]}
        if "content" in changed or variables is not None:
            _declare(prompt, variables)
        elif not NAMED.isdisjoint(changed):
            expansion_for(prompt.owner_id, source_of(prompt))
        if prompt.variables != before["variables"]:
            changed.add("variables")
        if tag_ids is not None and _retag(prompt, tag_ids):
            changed.add("tag_ids")
        if changed:
            if not VERSIONED.isdisjoint(changed):
                prompt.version += 1
                insert(_version(prompt, restored_from))
            prompt.touched_at = timezone.now()
            prompt.is_auto_saved &= action == Action.AUTO_SAVE_PROMPT
            prompt.save(force_update=True)
            details = {"restored_from": restored_from} if restored_from else {"fields": sorted(changed)}
            row_record(prompt, action, version=prompt.version, **details)
    return prompt


def prompt_restore(*, prompt: Prompt, number: int) -> Prompt:
    """Make what an earlier version says the latest one, unless it says the same already.

    `prompt` is locked by the caller. Raises `PromptVersionUnknownError`, and what `prompt_create` raises.
    """
    earlier = version_of(prompt, number)
    return prompt_update(
        prompt=prompt,
        content=earlier.content,
        variables=earlier.variables,
        action=Action.RESTORE_PROMPT,
        restored_from=number,
    )


def version_of(prompt: Prompt, number: int) -> PromptVersion:
    """Raises `PromptVersionUnknownError`."""
    version = prompt.versions.filter(number=number).first()
    if version is None:
        raise PromptVersionUnknownError(number=number)
    return version


def prompt_delete(*, prompt: Prompt) -> None:
    """Delete a prompt with its versions and labels."""
    with transaction.atomic():
        row_record(prompt, Action.DELETE_PROMPT, version=prompt.version)
        prompt.delete()


def one_line_end(text: str) -> str:
    """Lines end in one way, wherever a text comes from."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def prompt_normalize(prompt: Prompt) -> None:
    """Each text in the one way in which it is kept. Raises `FolderInvalidError`."""
    prompt.content = one_line_end(prompt.content)
    prompt.response = one_line_end(prompt.response)
    prompt.folder = normalized_folder(prompt.folder)
    prompt.title = unicodedata.normalize("NFC", prompt.title) or title_of(prompt.content)


def _declare(prompt: Prompt, declared: Declared | None, *, includes_anything: bool = False) -> None:
    """Say what each variable of the text is, and see that all it includes is there."""
    source = source_of(prompt)
    own = variable_names(source.parts)
    used = own if includes_anything else variable_names(expansion_for(prompt.owner_id, source).parts)
    if declared is None:
        kept = [one for one in source.variables if one.name in used]
    else:
        kept = [Declaration.of(one) for one in declared]
        check_declarations(kept, used)
    prompt.variables = [one.stored() for one in completed(kept, own)]


def _retag(prompt: Prompt, tag_ids: Sequence[UUID]) -> bool:
    """Whether that changes anything."""
    tags = tags_of_owner(prompt.owner_id, tag_ids)
    if set(tags) == set(prompt.tags.all()):
        return False
    prompt.tags.set(tags)
    return True


def _version(prompt: Prompt, restored_from: int | None = None) -> PromptVersion:
    return PromptVersion(
        pk=uuid7(),
        prompt_id=prompt.pk,
        number=prompt.version,
        content=prompt.content,
        variables=prompt.variables,
        restored_from=restored_from,
    )
