"""Small copies of pictures: made by a program of its own, put into the storage like files, and added with theirs."""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

import structlog

from config.files.errors import FileStorageError, PictureBrokenError
from config.files.pictures import picture_shrunk
from config.files.types import picture_type
from generation.models import StoredFile, Thumbnail
from generation.models.files import Edge
from generation.services.objects import object_discard, object_save

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StoredThumbnail:
    """What is in the storage already, under this key."""

    edge: int
    key: str
    width: int
    height: int
    size: int


def thumbnails_make(*, owner_id: UUID, source: bytes | BinaryIO) -> list[StoredThumbnail]:
    """Make the thumbnails of a picture that `object_put` has taken and put them into the storage; call
    `thumbnails_add` next. None for what is no picture, and none rather than an error for one that can't be made small.

    Not in a transaction: this is slow. Raises FileStorageError; then none of them is left in the storage.
    """
    if not picture_type(_head(source)):
        return []
    try:
        copies = picture_shrunk(source, Edge.values)
    except PictureBrokenError:
        log.warning("thumbnails.not_made")
        return []
    made: list[StoredThumbnail] = []
    try:
        for edge, copy in sorted(copies.items()):
            key = object_save(owner_id=owner_id, file=io.BytesIO(copy.data))
            made.append(StoredThumbnail(edge, key, copy.width, copy.height, len(copy.data)))
    except FileStorageError:
        thumbnails_discard(made)
        raise
    return made


def thumbnails_add(*, file: StoredFile, made: Iterable[StoredThumbnail]) -> None:
    """Their rows, in the transaction that adds the file's."""
    Thumbnail.objects.bulk_create(
        Thumbnail(file=file, edge=one.edge, key=one.key, width=one.width, height=one.height, size=one.size)
        for one in made
    )


def thumbnails_discard(made: Iterable[StoredThumbnail]) -> None:
    """Take back those that get no row, as well as that can be done now."""
    for one in made:
        object_discard(one.key)


@contextmanager
def thumbnails_kept(*, owner_id: UUID, source: bytes | BinaryIO) -> Iterator[list[StoredThumbnail]]:
    """`thumbnails_make`, taken back when what is done inside (`thumbnails_add`) fails."""
    made = thumbnails_make(owner_id=owner_id, source=source)
    try:
        yield made
    except BaseException:
        thumbnails_discard(made)
        raise


def _head(source: bytes | BinaryIO) -> bytes:
    if isinstance(source, bytes):
        return source[:16]
    source.seek(0)
    return source.read(16)
