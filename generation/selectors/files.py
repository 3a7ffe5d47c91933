"""Reads about files."""

from uuid import UUID

from django.db.models import QuerySet, Sum

from config.files.errors import FileNotHereError
from generation.domain.uploads import UploadState
from generation.models import StoredFile, Upload


def file_list_for(owner_id: UUID) -> QuerySet[StoredFile]:
    return StoredFile.objects.owned_by(owner_id)


def file_get_for(owner_id: UUID, file_id: UUID) -> StoredFile:
    """Raises `FileNotHereError`, also for somebody else's file."""
    file = file_list_for(owner_id).filter(pk=file_id).first()
    if file is None:
        raise FileNotHereError
    return file


def bytes_used(owner_id: UUID) -> int:
    """What the account's files take, and those that it has announced."""
    coming = Upload.objects.owned_by(owner_id).filter(state=UploadState.OPEN)
    return sum(rows.aggregate(total=Sum("size"))["total"] or 0 for rows in (file_list_for(owner_id), coming))
