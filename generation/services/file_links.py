"""Links to files, for who has no login: signed, so that nothing about them is kept, and good for a while."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.core.files.storage import default_storage
from django.urls import reverse

from config.files.errors import FileLinkExpiredError, FileLinkInvalidError, FileNotHereError
from config.files.headers import declared_type, disposition_of
from generation.models import StoredFile

SALT = "generation.files"
#: The address that `generation.api.content` serves.
ROUTE = "file-content"


@dataclass(frozen=True, slots=True)
class FileLink:
    """`url` is a path of ours, or a whole address where the storage has links of its own."""

    url: str
    expires_at: datetime


def file_link(file: StoredFile) -> FileLink:
    seconds = settings.FILE_LINK_SECONDS
    expires = int(time.time()) + seconds
    storage: Any = default_storage
    url = storage.signed_url(
        file.key,
        seconds=seconds,
        media_type=declared_type(file.media_type),
        disposition=disposition_of(file.media_type, file.name),
    )
    if url is None:
        url = reverse(ROUTE, args=[signing.dumps([file.pk.hex, expires], salt=SALT)])
    return FileLink(url, datetime.fromtimestamp(expires, UTC))


def file_of_link(token: str) -> tuple[StoredFile, int]:
    """The file, and for how many seconds the link is still good.

    Raises FileLinkInvalidError, FileLinkExpiredError, and FileNotHereError for a file that is deleted.
    """
    try:
        key, expires = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        raise FileLinkInvalidError from None
    left = expires - int(time.time())
    if left <= 0:
        raise FileLinkExpiredError
    file = StoredFile.objects.filter(pk=UUID(key)).first()
    if file is None:
        raise FileNotHereError
    return file, left
