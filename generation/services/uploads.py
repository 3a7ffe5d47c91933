"""Uploads in parts, that can be gone on with after whatever came in between.

Each part is an object of its own in the upload's folder, written whole or not at all, in any order and as often as one
likes: by an address of ours where files lie on a disk, by a link of the storage where it has some. Completing reads
them in turn, looks at the file as at any other, stores it, and ends the upload in the transaction that adds the file's
row; whatever fails before changes nothing. The folder goes by a `FileRemoval` that the end of the upload writes.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryFile
from typing import Any, BinaryIO
from uuid import UUID

import structlog
from django.conf import settings
from django.core import signing
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.services.activities import row_record
from accounts.services.files import object_removal_create
from config.db import delete_chunk, release_connection
from config.files import types
from config.files.content import Content, content_of
from config.files.errors import (
    FileNotHereError,
    FileStorageError,
    FileTooLargeError,
    UploadBusyError,
    UploadHashError,
    UploadIncompleteError,
    UploadLinkError,
    UploadNotHereError,
    UploadPartSizeError,
    UploadStateError,
)
from config.files.names import file_name
from generation.domain.uploads import UploadState
from generation.models import StoredFile, Upload
from generation.models.actions import Action
from generation.selectors.uploads import parts_arrived
from generation.services.files import file_received, object_kept, owner_lock, quota_check
from generation.services.thumbnails import thumbnails_kept

SIGNER = signing.Signer(salt="generation.uploads")
#: The address that takes parts where the storage has no links.
ROUTE = "upload-part"
#: So long nobody else puts the parts together: longer than it takes, and how long one waits for a process that died.
CLAIM = timedelta(minutes=10)
#: How long a row is kept after its upload has ended.
KEPT = timedelta(days=7)
ROWS_AT_ONCE = 1000
CHUNK = 1024 * 1024

log = structlog.get_logger(__name__)


@transaction.atomic
def upload_begin(*, owner_id: UUID, name: str, size: int, sha256: str = "") -> Upload:
    """Announce a file of so many bytes, for which the quota has room from now on. Raises FileTooLargeError for more
    than any type may have, FileQuotaError, FileNotHereError for an account that has gone."""
    if size > types.most_bytes():
        raise FileTooLargeError(limit=types.most_bytes())
    owner_lock(owner_id)
    quota_check(owner_id, size)
    upload = Upload.objects.create(
        owner_id=owner_id,
        name=file_name(name),
        size=size,
        part_bytes=settings.UPLOAD_PART_BYTES,
        sha256=sha256.lower(),
        expires_at=timezone.now() + timedelta(seconds=settings.UPLOAD_OPEN_SECONDS),
    )
    row_record(upload, Action.BEGIN_UPLOAD)
    return upload


def part_urls(upload: Upload) -> tuple[Mapping[int, str], datetime]:
    """Where each part is sent by PUT, and until when. A path of ours, or a whole address of the storage's."""
    storage: Any = default_storage
    seconds = settings.FILE_LINK_SECONDS
    expires = int(time.time()) + seconds
    urls = {
        number: storage.put_url(upload.part_key(number), seconds=seconds, size=size)
        or reverse(ROUTE, args=[SIGNER.sign_object([upload.pk.hex, number, expires])])
        for number, size in upload.parts.items()
    }
    return urls, datetime.fromtimestamp(expires, UTC)


def part_of_link(token: str) -> tuple[Upload, int]:
    """The upload and the number of the part. Raises UploadLinkError, UploadStateError."""
    try:
        key, number, expires = SIGNER.unsign_object(token)
    except signing.BadSignature:
        raise UploadLinkError from None
    upload = Upload.objects.filter(pk=UUID(key)).first()
    if expires <= time.time() or upload is None:
        raise UploadLinkError
    require_open(upload)
    return upload, number


def part_put(*, upload: Upload, number: int, source: BinaryIO, size: int) -> None:
    """Keep a part, in the place of an earlier one. Raises UploadPartSizeError, FileStorageError; then nothing of it is
    kept."""
    expected = upload.parts[number]
    if size != expected:
        raise UploadPartSizeError(number=number, size=expected)
    storage: Any = default_storage
    try:
        storage.replace(upload.part_key(number), source, size=size)
    except EOFError:
        raise UploadPartSizeError(number=number, size=expected) from None
    except Exception as exc:
        log.warning("upload.part_not_stored", upload_id=str(upload.pk), error=type(exc).__name__)
        raise FileStorageError from exc


def upload_complete(*, upload: Upload) -> StoredFile:
    """Put the parts together to a file, as if it had been uploaded at once. A second time answers the same file.

    Not in a transaction: this is slow. Raises UploadIncompleteError, UploadHashError, UploadBusyError,
    UploadNotHereError, UploadStateError, and what `file_upload` does; then the upload stays as it is.
    """
    claim = _claim(upload)
    if claim is None:
        return _file_of(upload)
    try:
        release_connection()
        if missing := upload.parts.keys() - parts_arrived(upload):
            raise _incomplete(missing)
        with TemporaryFile() as whole:
            _put_together(upload, whole)
            content = content_of(whole, most_bytes=types.most_bytes(), most_pixels=settings.FILE_MAX_PIXELS)
            if upload.sha256 and content.sha256 != upload.sha256:
                raise UploadHashError(found=content.sha256, announced=upload.sha256)
            return _keep(upload, claim, whole, content)
    finally:
        Upload.objects.filter(pk=upload.pk, claimed_at=claim).update(claimed_at=None)


@transaction.atomic
def upload_abort(*, upload: Upload) -> None:
    """End an upload that nobody wants any more. Raises UploadStateError for one that is completed; one that has ended
    otherwise stays as it is."""
    if _end(upload, UploadState.ABORTED):
        row_record(upload, Action.ABORT_UPLOAD)
    elif _state(upload) == UploadState.COMPLETED:
        raise UploadStateError(state=UploadState.COMPLETED.value)


def uploads_expire() -> dict[str, int]:
    """What beat asks for: end those whose time is over, and forget those that ended long ago."""
    now = timezone.now()
    late = Upload.objects.filter(_unclaimed(now), state=UploadState.OPEN, expires_at__lte=now)
    expired = 0
    for upload in late.order_by("expires_at")[:ROWS_AT_ONCE]:
        with transaction.atomic():
            expired += _end(upload, UploadState.EXPIRED, _unclaimed(now))
    over = Upload.objects.exclude(state=UploadState.OPEN).filter(updated_at__lt=now - KEPT)
    return {"expired": expired, "forgotten": delete_chunk(over, ROWS_AT_ONCE)}


def require_open(upload: Upload) -> None:
    if upload.state != UploadState.OPEN:
        raise UploadStateError(state=upload.state)
    if upload.expires_at <= timezone.now():
        raise UploadStateError(state=UploadState.EXPIRED.value)


def _state(upload: Upload) -> str | None:
    return Upload.objects.filter(pk=upload.pk).values_list("state", flat=True).first()


def _file_of(upload: Upload) -> StoredFile:
    """Raises FileNotHereError: it was deleted since."""
    if upload.file is None:
        raise FileNotHereError
    return upload.file


def _incomplete(missing: set[int]) -> UploadIncompleteError:
    numbers = sorted(missing)
    shown = ", ".join(map(str, numbers[:20])) + (" …" if len(numbers) > 20 else "")
    return UploadIncompleteError(parts=shown, details={"parts": numbers})


def _unclaimed(now: datetime) -> Q:
    return Q(claimed_at=None) | Q(claimed_at__lt=now - CLAIM)


def _claim(upload: Upload) -> datetime | None:
    """The right to put the parts together; None when they are already. Raises UploadBusyError, UploadNotHereError,
    UploadStateError."""
    now = timezone.now()
    free = Upload.objects.filter(_unclaimed(now), pk=upload.pk, state=UploadState.OPEN, expires_at__gt=now)
    if free.update(claimed_at=now):
        return now
    try:
        upload.refresh_from_db()
    except Upload.DoesNotExist:  # deleted meanwhile, with its account
        raise UploadNotHereError from None
    if upload.state == UploadState.COMPLETED:
        return None
    require_open(upload)
    raise UploadBusyError(retry_after=1)


def _put_together(upload: Upload, whole: BinaryIO) -> None:
    """Raises UploadIncompleteError, FileStorageError."""
    for number, size in upload.parts.items():
        begin = whole.tell()
        try:
            with default_storage.open(upload.part_key(number)) as part:
                while chunk := part.read(CHUNK):
                    whole.write(chunk)
        except FileNotFoundError:
            raise _incomplete({number}) from None
        except Exception as exc:
            log.error("upload.part_not_read", upload_id=str(upload.pk), error=type(exc).__name__)
            raise FileStorageError from exc
        if whole.tell() - begin != size:
            raise _incomplete({number})


def _keep(upload: Upload, claim: datetime, whole: BinaryIO, content: Content) -> StoredFile:
    """Raises UploadStateError when it was ended meanwhile."""
    owner_id = upload.owner_id
    with (
        object_kept(owner_id=owner_id, source=whole, content=content, announced=upload.size) as stored,
        thumbnails_kept(owner_id=owner_id, source=whole) as thumbnails,
        transaction.atomic(),
    ):
        owner_lock(owner_id)
        if not _end(upload, UploadState.COMPLETED, Q(claimed_at=claim)):
            raise UploadStateError(state=_state(upload) or UploadState.ABORTED.value)
        file = file_received(owner_id=owner_id, stored=stored, thumbnails=thumbnails, name=upload.name)
        Upload.objects.filter(pk=upload.pk).update(file=file)
    return file


def _end(upload: Upload, state: UploadState, condition: Q | None = None) -> int:
    """Of two who end it one does, and has its parts removed. Called in a transaction."""
    rows = Upload.objects.filter(condition or Q(), pk=upload.pk, state=UploadState.OPEN)
    ended = rows.update(state=state, claimed_at=None, updated_at=timezone.now())
    if ended:
        object_removal_create(key=upload.folder)
    return ended
