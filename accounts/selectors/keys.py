"""Own keys at the vendors: which ones a call is made with, and the snapshots that spare a query on most calls."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import ProviderKey
from config.snapshots import Snapshots

#: When the keys were read, and the keys.
Read = tuple[datetime, tuple[ProviderKey, ...]]


def _look_up(owner_id: UUID) -> Read:
    read_at = timezone.now()
    return read_at, tuple(ProviderKey.objects.owned_by(owner_id).active().order_by("created_at", "id"))


#: By owner.
_provider_keys: Snapshots[UUID, Read] = Snapshots(_look_up)


def provider_keys_for(owner_id: UUID, *, since: datetime | None = None) -> tuple[ProviderKey, ...]:
    """The owner's active keys, the oldest first: whose calls they are made with, in this order.

    At most `settings.AUTH_SNAPSHOT_SECONDS` old, so that most calls cost no query, and as they were at `since` or
    later; a change made in this process counts at once. The rows are shared by threads: don't change them. They hold
    secrets as the database does.
    """
    found = _provider_keys.get(owner_id)
    if found is not None and since is not None and found[0] < since:
        found = _provider_keys.get(owner_id, fresh=True)
    return found[1] if found is not None else ()


def provider_keys_forget(owner_id: UUID) -> None:
    """Look the owner's keys up again on the next call of this process."""
    _provider_keys.forget(owner_id)


def provider_key_is_current(key: ProviderKey) -> bool:
    """Whether a key of a snapshot is still its owner's, active and the same. One query: ask before using it."""
    same = {name: getattr(key, name) for name in ("secret", "base_url", "model_name", "owner_id")}
    return ProviderKey.objects.active().filter(pk=key.pk, **same).exists()


def provider_keys_forget_all() -> None:
    _provider_keys.clear()


def provider_key_list_for(owner_id: UUID) -> QuerySet[ProviderKey]:
    return ProviderKey.objects.owned_by(owner_id)
