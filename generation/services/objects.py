"""Objects of the storage before they have a row, and those that get none."""

import secrets
from contextlib import suppress
from typing import BinaryIO
from uuid import UUID

import structlog
from django.core.files.base import File
from django.core.files.storage import default_storage

from accounts.domain.files import owner_prefix
from config.files.errors import FileStorageError

log = structlog.get_logger(__name__)


def object_save(*, owner_id: UUID, file: BinaryIO) -> str:
    """Put a file into the account's folder; returns its key, which says nothing of it. Raises FileStorageError."""
    key = f"{owner_prefix(owner_id)}{secrets.token_hex(16)}"
    try:
        return default_storage.save(key, File(file))
    except Exception as exc:
        # Every storage has errors of its own: a full disk, a bucket that isn't there, one that doesn't answer.
        log.error("file.not_stored", error=type(exc).__name__, reason=str(exc)[:200])
        object_discard(key)
        raise FileStorageError from exc


def object_discard(key: str) -> None:
    """Take back an object that gets no row, as well as that can be done now; what stays is found as an orphan."""
    with suppress(Exception):
        default_storage.delete(key)
