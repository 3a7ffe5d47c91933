"""Links to files, for who has no login: signed, so that nothing about them is kept, and good for a while."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.core.files.storage import default_storage
from django.urls import reverse

from config.files.errors import FileLinkExpiredError, FileLinkInvalidError, FileNotHereError
from config.files.headers import declared_type, disposition_of
from generation.models import StoredFile, Thumbnail

#: Without a time of its own: the same link is the same text.
SIGNER = signing.Signer(salt="generation.files")
#: The address that `generation.api.content` serves.
ROUTE = "file-content"
#: Paths that a process remembers.
KEPT_PATHS = 10_000


@dataclass(frozen=True, slots=True)
class FileLink:
    """`url` is a path of ours, or a whole address where the storage has links of its own."""

    url: str
    expires_at: datetime


def file_link(file: StoredFile) -> FileLink:
    expires = int(time.time()) + settings.FILE_LINK_SECONDS
    url = storage_url(file) or reverse(ROUTE, args=[SIGNER.sign_object([file.pk.hex, expires])])
    return FileLink(url, datetime.fromtimestamp(expires, UTC))


def file_path(file_id: UUID) -> str:
    """A path of ours for a file, wherever it lies; nothing is read for it.

    It stays the same for half of the time that links are good, so that browsers keep what they have loaded.
    """
    return _path(file_id)


def thumbnail_path(file_id: UUID, edge: int) -> str:
    """The same for its thumbnail."""
    return _path(file_id, edge)


def _path(file_id: UUID, *edge: int) -> str:
    half = settings.FILE_LINK_SECONDS // 2
    expires = (int(time.time()) // half + 2) * half
    return _signed(file_id.hex, expires, *edge)


@lru_cache(maxsize=KEPT_PATHS)
def _signed(*told: str | int) -> str:
    """Signing costs more than all else of a row with two pictures, and the same rows are shown again and again."""
    return reverse(ROUTE, args=[SIGNER.sign_object(list(told))])


def storage_url(file: StoredFile | Thumbnail) -> str | None:
    """A link of the storage itself; None where it has none."""
    storage: Any = default_storage
    url: str | None = storage.signed_url(
        file.key,
        seconds=settings.FILE_LINK_SECONDS,
        media_type=declared_type(file.media_type),
        disposition=disposition_of(file.media_type, file.name),
    )
    return url


def file_of_link(token: str) -> tuple[StoredFile | Thumbnail, int]:
    """The file or the thumbnail, and for how many seconds the link is still good.

    Raises FileLinkInvalidError, FileLinkExpiredError, and FileNotHereError for a file that is deleted.
    """
    try:
        key, expires, *edge = SIGNER.unsign_object(token)
    except signing.BadSignature:
        raise FileLinkInvalidError from None
    left = expires - int(time.time())
    if left <= 0:
        raise FileLinkExpiredError
    file: StoredFile | Thumbnail | None
    if edge:
        file = Thumbnail.objects.select_related("file").filter(file_id=UUID(key), edge=edge[0]).first()
    else:
        file = StoredFile.objects.filter(pk=UUID(key)).first()
    if file is None:
        raise FileNotHereError
    return file, left


def storage_origin() -> str:
    """Where links of the storage lead; empty: to us."""
    storage: Any = default_storage
    url = storage.signed_url("-", seconds=60, media_type="text/plain", disposition="inline")
    parts = urlsplit(url or "")
    return f"{parts.scheme}://{parts.netloc}" if url else ""
