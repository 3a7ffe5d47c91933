"""Files: stored, referred to, read, deleted.

The object comes first and its row afterwards, so that a row never promises what isn't there. An object whose row didn't
come (a process that died in between, a transaction that was rolled back) belongs to nobody; `services.orphans` finds
it. A job's handler puts the object (`object_put`) outside of any transaction, and adds its row (`file_add`) in the one
that makes the job succeed: a failed storing is repeated without what was bought being bought again.
"""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast
from uuid import UUID

import structlog
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import ProtectedError

from accounts.models import User
from accounts.services.activities import row_record
from accounts.services.files import object_removal_create
from config.files.content import Content, content_of
from config.files.errors import (
    FileInUseError,
    FileLostError,
    FileNotHereError,
    FileQuotaError,
    FileStorageError,
    FileUnknownError,
)
from config.files.names import file_name
from generation.models import StoredFile, Thumbnail
from generation.models.actions import Action
from generation.selectors.files import bytes_used
from generation.services.objects import object_discard, object_save
from generation.services.thumbnails import StoredThumbnail, thumbnails_add, thumbnails_kept

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What is in the storage already, under this key."""

    key: str
    content: Content


def object_put(
    *, owner_id: UUID, source: bytes | BinaryIO, content: Content | None = None, announced: int = 0
) -> StoredObject:
    """Look at a file (bytes, or a file that can be read twice) and put it into the storage; call `file_add` next.
    `content` says what it is where a room takes other files than uploads may be, and has looked at it itself. The quota
    counts `announced` bytes of it already.

    Not in a transaction: this is slow. Raises what `content_of` does, FileQuotaError, FileStorageError.
    """
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    content = content or content_of(
        file, most_bytes=settings.FILE_MAX_BYTES, most_pixels=settings.FILE_MAX_PIXELS
    )
    quota_check(owner_id, content.size - announced)
    return StoredObject(object_save(owner_id=owner_id, file=file), content)


@transaction.atomic
def file_add(*, owner_id: UUID, stored: StoredObject, name: str = "") -> StoredFile:
    """The row of what was put into the storage. The account is locked, so that of files that come together only so
    many get in as there is room for. Raises FileQuotaError; FileNotHereError when the account has gone meanwhile."""
    owner_lock(owner_id)
    quota_check(owner_id, stored.content.size)
    content = stored.content
    return StoredFile.objects.create(
        owner_id=owner_id,
        key=stored.key,
        name=file_name(name),
        media_type=content.media_type,
        size=content.size,
        sha256=content.sha256,
        width=content.width,
        height=content.height,
    )


@contextmanager
def object_kept(
    *, owner_id: UUID, source: bytes | BinaryIO, content: Content | None = None, announced: int = 0
) -> Iterator[StoredObject]:
    """`object_put`, taken back when what is done inside (`file_add`) fails."""
    stored = object_put(owner_id=owner_id, source=source, content=content, announced=announced)
    try:
        yield stored
    except BaseException:
        object_discard(stored.key)
        raise


def file_store(*, owner_id: UUID, source: bytes | BinaryIO, name: str = "") -> StoredFile:
    """Both steps at once. Raises what they raise; then nothing is left in the storage."""
    with object_kept(owner_id=owner_id, source=source) as stored:
        return file_add(owner_id=owner_id, stored=stored, name=name)


def file_upload(*, owner_id: UUID, source: BinaryIO, name: str) -> StoredFile:
    """A file that an account sends; of a picture with its thumbnails. Raises what `file_store` does."""
    with (
        object_kept(owner_id=owner_id, source=source) as stored,
        thumbnails_kept(owner_id=owner_id, source=source) as thumbnails,
    ):
        return file_received(owner_id=owner_id, stored=stored, thumbnails=thumbnails, name=name)


@transaction.atomic
def file_received(
    *, owner_id: UUID, stored: StoredObject, thumbnails: Iterable[StoredThumbnail], name: str
) -> StoredFile:
    """The rows of a file that an account has sent. Raises what `file_add` does."""
    file = file_add(owner_id=owner_id, stored=stored, name=name)
    thumbnails_add(file=file, made=thumbnails)
    row_record(file, Action.UPLOAD_FILE)
    return file


def files_of_owner(owner_id: UUID, file_ids: Iterable[UUID]) -> list[StoredFile]:
    """The files with these keys, in their order, which nobody deletes until the transaction that this is called in has
    ended. For what is to refer to them. Raises FileUnknownError that names those that aren't the owner's."""
    wanted = list(file_ids)
    rows = StoredFile.objects.owned_by(owner_id).filter(pk__in=set(wanted)).order_by("pk")
    found = {file.pk: file for file in rows.select_for_update(no_key=True)} if wanted else {}
    unknown = set(wanted) - found.keys()
    if unknown:
        raise FileUnknownError(file_ids=", ".join(sorted(map(str, unknown))))
    return [found[file_id] for file_id in wanted]


def file_open(file: StoredFile | Thumbnail) -> BinaryIO:
    """Its content, for a `with`. Raises FileLostError, FileStorageError."""
    try:
        return cast(BinaryIO, default_storage.open(file.key))
    except FileNotFoundError:
        log.error("file.lost", file_id=str(file.pk))
        raise FileLostError from None
    except Exception as exc:
        log.error("file.not_read", file_id=str(file.pk), error=type(exc).__name__)
        raise FileStorageError from exc


def file_delete(*, file: StoredFile) -> None:
    """Delete a file; its object follows, as often as it takes. Raises FileInUseError, FileNotHereError."""
    with transaction.atomic():
        # Who is about to refer to it is waited for.
        if not StoredFile.objects.select_for_update().filter(pk=file.pk).exists():
            raise FileNotHereError
        row_record(file, Action.DELETE_FILE)
        try:
            _delete([file])
        except ProtectedError as exc:
            raise FileInUseError from exc


def files_discard(files: Iterable[StoredFile]) -> None:
    """Delete files that the account doesn't keep by themselves, but for those that something still shows. Called in a
    transaction."""
    found = list(files)
    try:
        with transaction.atomic():
            _delete(found)
    except ProtectedError:
        if len(found) > 1:
            for file in found:
                files_discard([file])


def _delete(files: list[StoredFile]) -> None:
    """With their objects and those of their thumbnails, which go once the transaction has committed. Raises
    ProtectedError."""
    copies = Thumbnail.objects.filter(file__in=files).values_list("key", flat=True)
    for key in [*(file.key for file in files), *copies]:
        object_removal_create(key=key)
    StoredFile.objects.filter(pk__in=[file.pk for file in files]).delete()


def owner_lock(owner_id: UUID) -> None:
    """Whatever else adds to the account's files waits until this transaction has ended. Raises FileNotHereError for an
    account that isn't there any more."""
    if not User.objects.select_for_update(no_key=True).filter(pk=owner_id).exists():
        raise FileNotHereError


def quota_check(owner_id: UUID, size: int) -> None:
    """Raises FileQuotaError where there is no room for so many bytes more."""
    limit = settings.FILE_QUOTA_BYTES
    used = bytes_used(owner_id) if limit >= 0 else 0
    if limit >= 0 and used + size > limit:
        raise FileQuotaError(used=used, limit=limit, size=size)
