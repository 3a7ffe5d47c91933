"""One act on many prompts: each has a result of its own, and what can't be done to one leaves the others alone."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.services.activities import activity_record
from config.errors import AppError, NotFoundError
from config.sql.writes import insert_all
from prompts.domain.batches import BatchAction
from prompts.domain.folders import normalized_folder
from prompts.domain.limits import TAGS
from prompts.errors import PromptRepeatedError, PromptTagsFullError
from prompts.models import Prompt
from prompts.models.actions import Action, ObjectType
from prompts.selectors import expansion_for, source_of
from prompts.services.tags import tags_of_owner

Refused = Mapping[UUID, AppError]
_Link = Prompt.tags.through
#: What stands in a text that includes another.
INCLUDE_MARK = "{{>"
#: How often a move is tried again without those that can't come along; who misses them then says so when rendered.
MOVE_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of one item."""

    prompt_id: UUID
    error: AppError | None


def prompts_batch(
    *, owner_id: UUID, action: BatchAction, prompt_ids: Sequence[UUID], **what: Any
) -> list[BatchResult]:
    """Do the same to each of the prompts, in so many queries however many there are; their results, in order.

    `what` is `tag_ids`, `folder` or `value`, as the action needs. A prompt that isn't the owner's, stands twice, or
    can't be changed so has an error as its result. Raises `FolderInvalidError` and `TagUnknownError`, of which nothing
    is changed.
    """
    with transaction.atomic():
        # In one order, so that two batches don't wait for each other in a circle.
        rows = Prompt.objects.owned_by(owner_id).filter(pk__in=prompt_ids).order_by("pk").select_for_update()
        prompts = list(rows.defer("content", "variables", "response"))
        refused = _ACTS[action](owner_id, prompts, **what)
        results = list(_results(prompt_ids, {prompt.pk for prompt in prompts}, refused))
        activity_record(
            owner_id=owner_id,
            action=Action.BATCH_PROMPTS,
            object_type=ObjectType.PROMPT,
            details={"operation": action, "succeeded": sum(result.error is None for result in results)},
        )
    return results


def _results(prompt_ids: Iterable[UUID], found: Collection[UUID], refused: Refused) -> Iterable[BatchResult]:
    seen = set()
    for prompt_id in prompt_ids:
        error = refused.get(prompt_id)
        if prompt_id in seen:
            error = PromptRepeatedError()
        elif prompt_id not in found:
            error = NotFoundError()
        seen.add(prompt_id)
        yield BatchResult(prompt_id, error)


def _tag(owner_id: UUID, prompts: Sequence[Prompt], tag_ids: Collection[UUID]) -> Refused:
    wanted = {tag.pk for tag in tags_of_owner(owner_id, tag_ids)}
    had: dict[UUID, set[UUID]] = defaultdict(set)
    for prompt_id, tag_id in _Link.objects.filter(prompt__in=prompts).values_list("prompt_id", "tag_id"):
        had[prompt_id].add(tag_id)
    refused = {
        prompt.pk: PromptTagsFullError(most=TAGS) for prompt in prompts if len(had[prompt.pk] | wanted) > TAGS
    }
    new = [
        _Link(prompt_id=prompt.pk, tag_id=tag_id)
        for prompt in prompts
        if prompt.pk not in refused
        for tag_id in wanted - had[prompt.pk]
    ]
    insert_all(new)
    _touch({link.prompt_id for link in new})
    return refused


def _untag(owner_id: UUID, prompts: Sequence[Prompt], tag_ids: Collection[UUID]) -> Refused:
    links = _Link.objects.filter(prompt__in=prompts, tag__in=tags_of_owner(owner_id, tag_ids))
    _touch(set(links.values_list("prompt_id", flat=True)))
    links.delete()
    return {}


def _move(owner_id: UUID, prompts: Sequence[Prompt], folder: str) -> Refused:
    """Those stay where they are that would include themselves there, or what isn't there once all have moved."""
    folder = normalized_folder(folder)
    moving = {prompt.pk for prompt in prompts if prompt.folder != folder}
    including = set(
        Prompt.objects.filter(pk__in=moving, content__contains=INCLUDE_MARK).values_list("pk", flat=True)
    )
    refused: dict[UUID, AppError] = {}
    for _ in range(MOVE_ROUNDS):
        with transaction.atomic():
            _touch(moving - refused.keys(), folder=folder)
            wrong = dict(_unresolved(owner_id, including - refused.keys()))
            if wrong:
                transaction.set_rollback(True)
        if not wrong:
            return refused
        refused |= wrong
    _touch(moving - refused.keys(), folder=folder)
    return refused


def _unresolved(owner_id: UUID, prompt_ids: Collection[UUID]) -> Iterable[tuple[UUID, AppError]]:
    """Those whose includes can't be spelled out as the library is now, and why."""
    for prompt in Prompt.objects.filter(pk__in=prompt_ids).order_by("pk").defer("response"):
        try:
            expansion_for(owner_id, source_of(prompt))
        except AppError as exc:
            yield prompt.pk, exc


def _favorite(owner_id: UUID, prompts: Sequence[Prompt], value: bool) -> Refused:
    Prompt.objects.filter(pk__in=[prompt.pk for prompt in prompts]).update(is_favorite=value)
    return {}


def _delete(owner_id: UUID, prompts: Sequence[Prompt]) -> Refused:
    Prompt.objects.filter(pk__in=[prompt.pk for prompt in prompts]).delete()
    return {}


def _touch(prompt_ids: Collection[UUID], **changes: Any) -> None:
    """Change these, which a person has asked for."""
    now = timezone.now()
    rows = Prompt.objects.filter(pk__in=prompt_ids)
    rows.update(touched_at=now, updated_at=now, is_auto_saved=False, **changes)


_ACTS: Mapping[BatchAction, Callable[..., Refused]] = {
    BatchAction.TAG: _tag,
    BatchAction.UNTAG: _untag,
    BatchAction.MOVE: _move,
    BatchAction.FAVORITE: _favorite,
    BatchAction.DELETE: _delete,
}
