"""Own keys at the vendors: which ones a call is made with, and the snapshots that spare a query on most calls."""

import time
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from accounts.models import ProviderKey

SNAPSHOTS_KEPT = 10_000

#: Owner → when to look again (monotonic), and the keys.
_provider_keys: dict[UUID, tuple[float, tuple[ProviderKey, ...]]] = {}


def provider_keys_for(owner_id: UUID) -> tuple[ProviderKey, ...]:
    """The owner's active keys, the oldest first: whose calls they are made with, in this order.

    At most `settings.AUTH_SNAPSHOT_SECONDS` old, so that most calls cost no query; a change made in this process
    counts at once. The rows are shared by threads: don't change them. They hold secrets as the database does.
    """
    now = time.monotonic()
    known = _provider_keys.get(owner_id)
    if known is not None and known[0] > now:
        return known[1]
    keys = tuple(ProviderKey.objects.owned_by(owner_id).active().order_by("created_at", "id"))
    if len(_provider_keys) >= SNAPSHOTS_KEPT:
        _provider_keys.clear()
    _provider_keys[owner_id] = (now + settings.AUTH_SNAPSHOT_SECONDS, keys)
    return keys


def provider_keys_forget(owner_id: UUID) -> None:
    """Look the owner's keys up again on the next call of this process."""
    _provider_keys.pop(owner_id, None)


def provider_keys_forget_all() -> None:
    _provider_keys.clear()


def provider_key_list_for(owner_id: UUID) -> QuerySet[ProviderKey]:
    return ProviderKey.objects.owned_by(owner_id)
