"""Tags: create, change, merge, delete."""

from collections.abc import Iterable
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.services.activities import row_record
from config.db import savepoint, uuid7
from prompts.domain.names import folded
from prompts.errors import TagMergedIntoItselfError, TagNameTakenError, TagUnknownError
from prompts.models import Prompt, Tag
from prompts.models.actions import Action


def tag_create(*, owner_id: UUID, name: str, color: str = "") -> Tag:
    """Raises `TagNameTakenError`."""
    tag = Tag(owner_id=owner_id, name=name, color=color)
    with transaction.atomic():
        _save(tag, is_new=True)
        row_record(tag, Action.CREATE_TAG)
    return tag


def tag_update(*, tag: Tag, **changes: str) -> Tag:
    """Rename a tag or give it another colour. Raises `TagNameTakenError`."""
    changed = [name for name, value in changes.items() if getattr(tag, name) != value]
    for name, value in changes.items():
        setattr(tag, name, value)
    if changed:
        with transaction.atomic():
            _save(tag, is_new=False)
            row_record(tag, Action.UPDATE_TAG, fields=changed)
    return tag


def tag_merge(*, tag: Tag, into: UUID) -> Tag:
    """Give all prompts of a tag another one instead; the tag goes. Returns the other.

    Both are locked by the caller (`tags_lock`). Raises `TagMergedIntoItselfError`, `TagUnknownError`.
    """
    if tag.pk == into:
        raise TagMergedIntoItselfError
    links = Prompt.tags.through.objects
    with transaction.atomic():
        [other] = tags_of_owner(tag.owner_id, [into])
        has_both = links.filter(tag_id=into).values("prompt_id")
        links.filter(tag_id=tag.pk).exclude(prompt_id__in=has_both).update(tag_id=into)
        row_record(tag, Action.MERGE_TAG, into=other.name)
        tag.delete()
    return other


def tag_delete(*, tag: Tag) -> None:
    """Delete a tag; its prompts stay."""
    with transaction.atomic():
        row_record(tag, Action.DELETE_TAG)
        tag.delete()


def tags_lock(*, owner_id: UUID, tag_ids: Iterable[UUID]) -> None:
    """For a change of several tags in the same transaction; always in one order, so that nobody waits in a circle."""
    rows = Tag.objects.owned_by(owner_id).filter(pk__in=set(tag_ids)).order_by("pk")
    list(rows.select_for_update().values_list("pk"))


def tags_of_owner(owner_id: UUID, tag_ids: Iterable[UUID]) -> list[Tag]:
    """The tags with these keys, which nobody deletes until the transaction that this is called in has ended.

    Raises `TagUnknownError` that names those that aren't the owner's.
    """
    wanted = set(tag_ids)
    if not wanted:
        return []
    rows = Tag.objects.owned_by(owner_id).filter(pk__in=wanted).order_by("pk")
    tags = list(rows.select_for_update(no_key=True))
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


def tags_by_name(owner_id: UUID, named: Iterable[tuple[str, str]]) -> tuple[dict[str, UUID], int]:
    """The owner's tags of these names (with their colours) by how they are compared, and how many had to be made. Of
    several colours the first counts."""
    wanted: dict[str, Tag] = {}
    for name, color in named:
        key = folded(name)
        wanted.setdefault(key, Tag(pk=uuid7(), owner_id=owner_id, name=name, key=key, color=color))
    mine = Tag.objects.owned_by(owner_id).filter(key__in=wanted)
    known = dict(mine.values_list("key", "pk"))
    missing = [tag for key, tag in wanted.items() if key not in known]
    if not missing:
        return known, 0
    # Somebody may make one of them at this moment: then that one is taken.
    Tag.objects.bulk_create(missing, ignore_conflicts=True)
    return dict(mine.values_list("key", "pk")), len(missing)
