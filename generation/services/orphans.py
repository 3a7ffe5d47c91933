"""Objects without rows, and rows without objects.

A process that dies between the two steps of storing leaves an object that nobody knows; a database that is restored
from yesterday doesn't know today's. Both are looked for here. An orphan is deleted a day after it was written, when
nobody can be about to give it a row. A row is only marked (`missing_since`): the storage may be the wrong one, and the
mark goes when the object is back. Parts of an upload that isn't open any more go with their folder. Thumbnails are
looked at from one side: an object without a row goes, a row whose object is lost stays as it is.
"""

import math
import random
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar
from uuid import UUID

import structlog
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.domain.files import FOLDER, is_owner_prefix
from accounts.services.files import folder_remove
from config.db import uuid7_floor
from generation.domain.uploads import UploadState, upload_folders
from generation.models import StoredFile, Thumbnail, Upload

#: What is younger may still be on its way to its row.
YOUNGEST = timedelta(days=1)
#: How long a run of the clock works; each begins at another account, so that all get their turn.
RUN_SECONDS = 60.0
KEYS_AT_ONCE = 500
OURS = re.compile(r"[0-9a-f]{32}")
UPLOAD = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
#: More orphans than that, and more than half of what is there: this isn't the database that belongs to the storage.
MOST_ORPHANS = 20

Key = TypeVar("Key", str, UUID)

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Orphans:
    """What was found. `is_whole`: every account was looked at."""

    objects_seen: int = 0
    folders_seen: int = 0
    rows_seen: int = 0
    #: Keys of objects without a row.
    objects: list[str] = field(default_factory=list)
    #: Folders of uploads that nobody can go on with.
    folders: list[str] = field(default_factory=list)
    #: Keys of rows without an object, and of those whose object is back.
    missing: list[str] = field(default_factory=list)
    found_again: list[str] = field(default_factory=list)
    is_whole: bool = True

    @property
    def is_doubtful(self) -> bool:
        """Whether it rather looks as if database and storage don't belong together."""
        seen = self.objects_seen + self.folders_seen
        return len(self.objects) + len(self.folders) > max(MOST_ORPHANS, seen // 2)


def orphans_find(*, seconds: float | None = None) -> Orphans:
    """Look; nothing is changed. With `seconds`, as far as one gets in that time, from a random account on."""
    until = time.monotonic() + seconds if seconds is not None else None
    found = Orphans()
    accounts = _accounts()
    if seconds is not None and accounts:
        start = random.randrange(len(accounts))  # noqa: S311 — no secret
        accounts = accounts[start:] + accounts[:start]
    for account in accounts:
        if until is not None and time.monotonic() >= until:
            found.is_whole = False
            break
        _look_at(account, found)
    return found


def orphans_clean(found: Orphans) -> int:
    """Delete the objects and the folders, mark the rows; returns how many of both went. What has changed since is left
    alone."""
    deleted = 0
    for some in _batches(found.objects):
        for key in sorted(set(some) - _with_row(some)):
            default_storage.delete(key)
            deleted += 1
    for folder in found.folders:
        deleted += folder_remove(default_storage, folder, until=math.inf)
    for some in _batches(found.missing):
        StoredFile.objects.filter(key__in=some, missing_since=None).update(missing_since=timezone.now())
    for some in _batches(found.found_again):
        StoredFile.objects.filter(key__in=some).update(missing_since=None)
    return deleted


def orphans_sweep() -> dict[str, int]:
    """What beat asks for. Nothing is deleted where it looks doubtful: a person decides (`manage.py clean_orphans`)."""
    found = orphans_find(seconds=RUN_SECONDS)
    if found.is_doubtful:
        log.error("files.too_many_orphans", orphans=len(found.objects), objects=found.objects_seen)
        return {"deleted": 0, "missing": 0}
    if found.missing:
        log.error("files.missing", files=len(found.missing))
    return {"deleted": orphans_clean(found), "missing": len(found.missing)}


def _accounts() -> list[str]:
    """Every account that has files, by the storage or by the database."""
    names = {name for name in _listed(FOLDER)[0] if is_owner_prefix(f"{FOLDER}{name}/")}
    owners = StoredFile.objects.order_by().values_list("owner_id", flat=True).distinct()
    return sorted(names | {str(owner_id) for owner_id in owners})


def _look_at(account: str, found: Orphans) -> None:
    old = timezone.now() - YOUNGEST
    folder = f"{FOLDER}{account}/"
    keys = {folder + name for name in _listed(folder)[1] if OURS.fullmatch(name)}
    found.objects_seen += len(keys)
    for some in _batches(sorted(keys)):
        lone = sorted(set(some) - _with_row(some))
        found.objects += [key for key in lone if _is_older(key, old)]
    _look_at_uploads(UUID(account), found, old)
    rows = StoredFile.objects.owned_by(UUID(account)).filter(created_at__lt=old)
    for key, missing_since in rows.values_list("key", "missing_since").iterator():
        found.rows_seen += 1
        if key in keys:
            found.found_again += [key] if missing_since else []
        elif not default_storage.exists(key):
            found.missing.append(key)


def _look_at_uploads(owner_id: UUID, found: Orphans, old: datetime) -> None:
    """An upload's key says when it began."""
    folders = upload_folders(owner_id)
    keys = {UUID(name) for name in _listed(folders)[0] if UPLOAD.fullmatch(name)}
    found.folders_seen += len(keys)
    begun_before = uuid7_floor(old)
    for some in _batches(sorted(key for key in keys if key < begun_before)):
        going_on = Upload.objects.filter(pk__in=some, state=UploadState.OPEN).values_list("pk", flat=True)
        found.folders += [f"{folders}{key}/" for key in sorted(set(some) - set(going_on))]


def _with_row(keys: Iterable[str]) -> set[str]:
    files, thumbnails = StoredFile.objects.filter(key__in=keys), Thumbnail.objects.filter(key__in=keys)
    return {*files.values_list("key", flat=True), *thumbnails.values_list("key", flat=True)}


def _is_older(key: str, moment: datetime) -> bool:
    try:
        return default_storage.get_modified_time(key) < moment
    except FileNotFoundError:  # gone meanwhile
        return False


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        return default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []


def _batches(keys: Iterable[Key]) -> Iterator[list[Key]]:
    rest = iter(keys)
    while some := list(islice(rest, KEYS_AT_ONCE)):
        yield some
