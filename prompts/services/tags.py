"""Tags: create, change, merge, delete."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.services.activities import activity_record
from config.db import savepoint
from prompts.errors import TagNameTakenError, TagUnknownError
from prompts.models import Tag
from prompts.models.actions import Action, ObjectType


def tag_create(*, owner_id: UUID, name: str, color: str = "") -> Tag:
    """Raises `TagNameTakenError`."""
    tag = Tag(owner_id=owner_id, name=name, color=color)
    with transaction.atomic():
        _save(tag, is_new=True)
        _record(tag, Action.CREATE_TAG)
    return tag


def tag_update(*, tag: Tag, **changes: str) -> Tag:
    """Rename a tag or give it another colour. Raises `TagNameTakenError`."""
    changed = [name for name, value in changes.items() if getattr(tag, name) != value]
    for name, value in changes.items():
        setattr(tag, name, value)
    if changed:
        with transaction.atomic():
            _save(tag, is_new=False)
            _record(tag, Action.UPDATE_TAG, fields=changed)
    return tag


def tag_delete(*, tag: Tag) -> None:
    """Delete a tag; its prompts stay."""
    with transaction.atomic():
        _record(tag, Action.DELETE_TAG)
        tag.delete()


def tags_of_owner(owner_id: UUID, tag_ids: Iterable[UUID]) -> list[Tag]:
    """The tags with these keys. Raises `TagUnknownError` that names those that aren't the owner's."""
    wanted = set(tag_ids)
    if not wanted:
        return []
    tags = list(Tag.objects.owned_by(owner_id).filter(pk__in=wanted))
    unknown = wanted - {tag.pk for tag in tags}
    if unknown:
        raise TagUnknownError(tag_ids=", ".join(sorted(map(str, unknown))))
    return tags


def _save(tag: Tag, *, is_new: bool) -> None:
    try:
        with savepoint():
            tag.save(force_insert=is_new)
    except IntegrityError as exc:
        raise TagNameTakenError(name=tag.name) from exc


def _record(tag: Tag, action: Action, **details: Any) -> None:
    activity_record(
        owner_id=tag.owner_id,
        action=action,
        object_type=ObjectType.TAG,
        object_id=tag.pk,
        details={"name": tag.name, **details},
    )
