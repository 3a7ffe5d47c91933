"""Own keys at the vendors: which ones a call is made with, and the snapshots that spare a query on most calls."""

import time
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import ProviderKey

SNAPSHOTS_KEPT = 10_000

#: Owner → when to look again (monotonic), when they were read, and the keys.
_provider_keys: dict[UUID, tuple[float, datetime, tuple[ProviderKey, ...]]] = {}


def provider_keys_for(owner_id: UUID, *, since: datetime | None = None) -> tuple[ProviderKey, ...]:
    """The owner's active keys, the oldest first: whose calls they are made with, in this order.

    At most `settings.AUTH_SNAPSHOT_SECONDS` old, so that most calls cost no query, and as they were at `since` or
    later; a change made in this process counts at once. The rows are shared by threads: don't change them. They hold
    secrets as the database does.
    """
    now = time.monotonic()
    known = _provider_keys.get(owner_id)
    if known is not None and known[0] > now and (since is None or known[1] >= since):
        return known[2]
    read_at = timezone.now()
    keys = tuple(ProviderKey.objects.owned_by(owner_id).active().order_by("created_at", "id"))
    if len(_provider_keys) >= SNAPSHOTS_KEPT:
        _provider_keys.clear()
    _provider_keys[owner_id] = (now + settings.AUTH_SNAPSHOT_SECONDS, read_at, keys)
    return keys


def provider_keys_forget(owner_id: UUID) -> None:
    """Look the owner's keys up again on the next call of this process."""
    _provider_keys.pop(owner_id, None)


def provider_key_is_current(key: ProviderKey) -> bool:
    """Whether a key of a snapshot is still its owner's, active and the same. One query: ask before using it."""
    same = {name: getattr(key, name) for name in ("secret", "base_url", "model_name", "owner_id")}
    return ProviderKey.objects.active().filter(pk=key.pk, **same).exists()


def provider_keys_forget_all() -> None:
    _provider_keys.clear()


def provider_key_list_for(owner_id: UUID) -> QuerySet[ProviderKey]:
    return ProviderKey.objects.owned_by(owner_id)
