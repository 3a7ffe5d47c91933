"""Reads about accounts: rows, and the snapshots that spare a query on every request."""

import time
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from accounts.domain.principal import Principal
from accounts.models import User
from accounts.selectors.tokens import access_tokens_forget, access_tokens_forget_all

SNAPSHOTS_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An account as it was when looked up; `password_stamp` is None when it mustn't log in or doesn't exist."""

    principal: Principal | None
    password_stamp: int | None
    stale_at: float


_snapshots: dict[UUID, Snapshot] = {}


def user_get(user_id: UUID, *, for_update: bool = False) -> User:
    """Raises User.DoesNotExist. `for_update` locks the row; call it in a transaction then."""
    users = User.objects.select_for_update() if for_update else User.objects
    return users.get(pk=user_id)


def user_get_by_name(name: str) -> User | None:
    """The active account with this username or e-mail address, in any case; None when there is none."""
    try:
        user = User.objects.get_by_natural_key(name.strip())
    except User.DoesNotExist:
        return None
    return user if user.is_active else None


def principal_get(user_id: UUID, password_stamp: int, *, fresh: bool) -> Principal | None:
    """Who a token speaks for; None when the account is gone, inactive, or has another password by now.

    `fresh` asks the database. Otherwise an answer up to `settings.AUTH_SNAPSHOT_SECONDS` old is good enough, which
    is how long a switched off account can go on reading; it can't write.
    """
    now = time.monotonic()
    snapshot = None if fresh else _snapshots.get(user_id)
    if snapshot is None or snapshot.stale_at <= now:
        snapshot = _look_up(user_id, now + settings.AUTH_SNAPSHOT_SECONDS)
        if len(_snapshots) >= SNAPSHOTS_KEPT:
            _snapshots.clear()
        _snapshots[user_id] = snapshot
    return snapshot.principal if snapshot.password_stamp == password_stamp else None


def principal_forget(user_id: UUID) -> None:
    """Look the account up again on its next request to this process, whatever token it comes with."""
    _snapshots.pop(user_id, None)
    access_tokens_forget(user_id)


def principal_forget_all() -> None:
    _snapshots.clear()
    access_tokens_forget_all()


def _look_up(user_id: UUID, stale_at: float) -> Snapshot:
    row = (
        User.objects.filter(pk=user_id, is_active=True)
        .values_list("username", "is_staff", "language", "password_changed_at")
        .first()
    )
    if row is None:
        return Snapshot(None, None, stale_at)
    username, is_staff, language, changed_at = row
    principal = Principal(pk=user_id, username=username, is_staff=is_staff, language=language)
    return Snapshot(principal, int(changed_at.timestamp() * 1_000_000), stale_at)
