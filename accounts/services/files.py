"""Files that are to go, of deleted accounts or by themselves: removed from the storage until nothing is left."""

import posixpath
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.core.files.storage import Storage, default_storage
from django.db.models import F
from django.utils import timezone

from accounts.domain.files import is_inner_folder, is_owner_prefix, is_owners_key, owner_prefix
from accounts.models import FileRemoval
from config.celery import enqueue
from config.queues import Queue

log = structlog.get_logger(__name__)

#: How long one run works. What is left then is for the next one: nothing slow lives on `status_updates`.
RUN_SECONDS = 60.0
#: Rows that one run looks at.
ROWS_PER_RUN = 1000


def removal_create(*, owner_id: UUID) -> FileRemoval:
    """Have the account's files removed once the transaction of its deletion has committed."""
    removal, _ = FileRemoval.objects.get_or_create(prefix=owner_prefix(owner_id))
    removal_retry(removal=removal)
    return removal


def object_removal_create(*, key: str) -> FileRemoval:
    """Have one object, or a folder with what is in it, removed once this transaction, which deletes what it belongs to,
    has committed."""
    removal = FileRemoval.objects.create(prefix=key)
    removal_retry(removal=removal)
    return removal


def removal_retry(*, removal: FileRemoval) -> None:
    """Have a worker remove what it names now instead of with the next round."""
    enqueue("accounts.remove_files", removal_id=str(removal.pk))


def removals_run(*, removal_id: UUID | None = None) -> int:
    """Remove what this row names, or all rows that wait; returns how many are done.

    May run twice at once, stop anywhere and be repeated: what is gone is gone.
    """
    until = time.monotonic() + RUN_SECONDS
    waiting = FileRemoval.objects.order_by("attempts", "created_at")
    if removal_id is not None:
        waiting = waiting.filter(pk=removal_id)
    return sum(removal_run(removal=one, until=until) for one in waiting[:ROWS_PER_RUN])


def removal_run(*, removal: FileRemoval, until: float) -> bool:
    """Remove what is in the folder, or the one object, then the row. True when both are gone.

    A folder's row stays for as long as something may still be written to it: by a job that was running when the account
    was deleted, or by who has a link.
    """
    FileRemoval.objects.filter(pk=removal.pk).update(attempts=F("attempts") + 1, updated_at=timezone.now())
    is_folder = is_owner_prefix(removal.prefix) or is_inner_folder(removal.prefix)
    if not is_folder and not is_owners_key(removal.prefix):
        log.error("files.not_an_owners", removal_id=str(removal.pk))
        return False
    try:
        if is_folder:
            is_empty = folder_remove(default_storage, removal.prefix, until=until)
        else:
            is_empty = object_remove(default_storage, removal.prefix, until=until)
    except Exception as exc:  # noqa: BLE001 — every storage has errors of its own, and this one's may not stop the others'
        log.warning("files.not_removed", removal_id=str(removal.pk), error=type(exc).__name__)
        return False
    if not is_empty or (is_folder and timezone.now() < removal.created_at + _late_writers()):
        return False
    FileRemoval.objects.filter(pk=removal.pk).delete()
    return True


def _late_writers() -> timedelta:
    longest_job = settings.QUEUE_LIMITS[Queue.AGENT_BUILDS].visibility_seconds
    return timedelta(seconds=max(longest_job, settings.FILE_LINK_SECONDS))


def object_remove(storage: Storage, key: str, *, until: float) -> bool:
    """Remove one object, if it is there. False when there was no time for it."""
    if time.monotonic() >= until:
        return False
    storage.delete(key)
    return True


def folder_remove(storage: Storage, folder: str, *, until: float) -> bool:
    """Remove every file below the folder, in any storage that can list. False when the time ran out before.

    One folder's names are in memory at a time, and those of the folders around it.
    """
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return True
    for name in files:
        if time.monotonic() >= until:
            return False
        storage.delete(posixpath.join(folder, name))
    for name in folders:
        if not folder_remove(storage, posixpath.join(folder, name), until=until):
            return False
    _remove_empty(storage, folder)
    return True


def _remove_empty(storage: Any, folder: str) -> None:
    """In a file system a folder stays behind; an object storage knows none."""
    storage.delete(folder.rstrip("/"))
