"""Reads about files."""

from uuid import UUID

from django.db.models import QuerySet, Sum

from config.files.errors import FileNotHereError
from generation.models import StoredFile


def file_list_for(owner_id: UUID) -> QuerySet[StoredFile]:
    return StoredFile.objects.owned_by(owner_id)


def file_get_for(owner_id: UUID, file_id: UUID) -> StoredFile:
    """Raises `FileNotHereError`, also for somebody else's file."""
    file = file_list_for(owner_id).filter(pk=file_id).first()
    if file is None:
        raise FileNotHereError
    return file


def bytes_used(owner_id: UUID) -> int:
    """What the account's files take."""
    return file_list_for(owner_id).aggregate(total=Sum("size"))["total"] or 0
