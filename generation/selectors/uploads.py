"""Reads about uploads."""

from typing import Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.db.models import QuerySet

from config.files.errors import FileStorageError
from generation.models import Upload


def upload_list_for(owner_id: UUID) -> QuerySet[Upload]:
    return Upload.objects.owned_by(owner_id)


def parts_arrived(upload: Upload) -> set[int]:
    """The numbers of the parts that are there, with their size. Raises FileStorageError."""
    storage: Any = default_storage
    try:
        sizes = storage.sizes(upload.folder)
    except Exception as exc:
        raise FileStorageError from exc
    return {number for number, size in upload.parts.items() if sizes.get(str(number)) == size}
