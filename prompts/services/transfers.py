"""Libraries from files and to files."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.services.activities import activity_record
from accounts.services.locks import account_lock
from config.errors import AppError
from config.sql.writes import insert_all
from prompts.domain.names import folded, label_name
from prompts.domain.placeholders import includes, parts_of, variable_names
from prompts.domain.records import PromptRecord, VersionRecord
from prompts.domain.variables import Declaration, check_declarations, completed
from prompts.errors import PromptIdRepeatedError, PromptRecordInvalidError
from prompts.models import Prompt, PromptLabel, PromptVersion
from prompts.models.actions import Action, ObjectType
from prompts.selectors import expansion_for, source_of
from prompts.services.prompts import one_line_end, prompt_normalize
from prompts.services.tags import tags_by_name

_Link = Prompt.tags.through


@dataclass(frozen=True, slots=True)
class ImportResult:
    """How many prompts and tags an import made, and how many prompts were there already and stayed as they are."""

    created: int
    unchanged: int
    tags_created: int


@dataclass(frozen=True, slots=True)
class _Rows:
    """What a record becomes."""

    record: PromptRecord
    prompt: Prompt
    versions: list[PromptVersion]
    labels: list[PromptLabel]

    @property
    def text(self) -> tuple[str, str, bytes]:
        return _text(self.prompt.folder, self.prompt.title, self.prompt.content)


def prompts_import(*, owner_id: UUID, records: Sequence[PromptRecord], dry_run: bool = False) -> ImportResult:
    """Keep the prompts that the owner's library doesn't have, all or none, in so many queries however many there are
    (what they include is looked up for each).

    A prompt is there if it has the record's id, came from a record with that id, or says the same under the same name
    in the same folder; it stays as it is, so that a second import changes nothing. With `dry_run` nothing is kept.
    Raises `PromptRecordInvalidError`, which says which record.
    """
    _require_different(records)
    given = [_rows_of(owner_id, record) for record in records]
    with transaction.atomic():
        # One at a time for each account: two of the same file would both find nothing.
        account_lock(owner_id)
        new = _new(owner_id, given)
        tags_created = _insert(owner_id, new)
        for one in new:
            if includes(parts_of(one.prompt.content)):
                with _named(one.record):
                    expansion_for(owner_id, source_of(one.prompt))
        result = ImportResult(len(new), len(given) - len(new), tags_created)
        if dry_run:
            transaction.set_rollback(True)
        else:
            _record(owner_id, Action.IMPORT_PROMPTS, created=result.created, unchanged=result.unchanged)
    return result


def prompts_exported(*, owner_id: UUID, format: str, total: int) -> None:
    """Write down that the owner takes a file of so many prompts along."""
    _record(owner_id, Action.EXPORT_PROMPTS, format=format, total=total)


def _record(owner_id: UUID, action: Action, **details: Any) -> None:
    activity_record(owner_id=owner_id, action=action, object_type=ObjectType.PROMPT, details=details)


@contextmanager
def _named(record: PromptRecord) -> Iterator[None]:
    """What is wrong in here is wrong with this record."""
    try:
        yield
    except AppError as exc:
        details = {"record": record.place, "code": exc.code, "details": dict(exc.details)}
        raise PromptRecordInvalidError(record=record.place, reason=exc, details=details) from exc


def _require_different(records: Sequence[PromptRecord]) -> None:
    seen: set[UUID] = set()
    for record in records:
        if record.id is None:
            continue
        with _named(record):
            if record.id in seen:
                raise PromptIdRepeatedError
        seen.add(record.id)


def _rows_of(owner_id: UUID, record: PromptRecord) -> _Rows:
    with _named(record):
        last = record.versions[-1]
        prompt = Prompt(
            owner_id=owner_id,
            imported_id=record.id,
            content=last.content,
            version=len(record.versions),
            **record.fields,
        )
        prompt_normalize(prompt)
        prompt.created_at, prompt.updated_at = _past(prompt.created_at), _past(prompt.updated_at)
        prompt.touched_at = max(
            filter(None, (prompt.updated_at, prompt.last_used_at)), default=prompt.touched_at
        )
        numbered = enumerate(record.versions, start=1)
        versions = [_version(prompt, number, version) for number, version in numbered]
        prompt.variables = versions[-1].variables
        labels = {label_name(name): versions[number - 1] for name, number in record.labels.items()}
    rows = [PromptLabel(prompt=prompt, name=name, version=version) for name, version in labels.items()]
    return _Rows(record, prompt, versions, rows)


def _version(prompt: Prompt, number: int, version: VersionRecord) -> PromptVersion:
    content = one_line_end(version.content)
    made_at = _past(version.created_at)
    return PromptVersion(
        prompt=prompt,
        number=number,
        content=content,
        variables=_declared(content, version),
        restored_from=version.restored_from,
        created_at=made_at,
        updated_at=made_at,
    )


def _declared(content: str, version: VersionRecord) -> list[dict[str, Any]]:
    parts = parts_of(content)
    used = variable_names(parts)
    declared = [Declaration.of(one) for one in version.variables or ()]
    # What is included may have variables, too, and isn't known yet.
    check_declarations(declared, [one.name for one in declared] if includes(parts) else used)
    return [one.stored() for one in completed(declared, used)]


def _past(moment: Any) -> Any:
    """Nothing was made in the future."""
    return None if moment is None else min(moment, timezone.now())


def _text(folder: str, title: str, content: str) -> tuple[str, str, bytes]:
    return folder, title, hashlib.sha256(content.encode()).digest()


def _new(owner_id: UUID, given: Sequence[_Rows]) -> list[_Rows]:
    """Those that the library doesn't have. Of two in the file that say the same, both are wanted if both have ids."""
    mine = Prompt.objects.owned_by(owner_id)
    ids = {one.record.id for one in given if one.record.id}
    there = mine.filter(Q(pk__in=ids) | Q(imported_id__in=ids)).values_list("pk", "imported_id")
    known_ids = {key for keys in there for key in keys}
    titles = {one.prompt.title for one in given if one.record.id not in known_ids or one.record.id is None}
    same = mine.filter(title__in=titles).values_list("folder", "title", "content")
    known_texts = {_text(*row) for row in same.iterator()}
    new = []
    for one in given:
        if one.record.id in known_ids or one.text in known_texts:
            continue
        if one.record.id is None:
            known_texts.add(one.text)
        new.append(one)
    return new


def _insert(owner_id: UUID, new: Sequence[_Rows]) -> int:
    """Returns how many tags that needed."""
    named = [pair for one in new for pair in one.record.tags.items()]
    tags, created = tags_by_name(owner_id, named)
    insert_all([one.prompt for one in new])
    insert_all([version for one in new for version in one.versions])
    insert_all([label for one in new for label in one.labels])
    insert_all(
        [
            _Link(prompt_id=one.prompt.pk, tag_id=tag_id)
            for one in new
            for tag_id in {tags[folded(name)] for name in one.record.tags}
        ]
    )
    return created
