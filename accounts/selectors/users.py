"""Reads about accounts: rows, and the snapshots that spare a query on every request."""

from dataclasses import dataclass
from uuid import UUID

from accounts.domain.claims import SessionClaims, password_stamp
from accounts.domain.principal import Principal
from accounts.models import LoginSession, User
from accounts.selectors.tokens import access_tokens_forget, access_tokens_forget_all
from config.snapshots import Snapshots


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A session's account as it was when looked up; `password_stamp` is None when the session is over, or the account
    mustn't log in or doesn't exist."""

    principal: Principal | None
    password_stamp: int | None


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


def principal_get(claims: SessionClaims, *, fresh: bool) -> Principal | None:
    """Who a session's token speaks for; None when the session is over, or the account is gone, inactive, or has
    another password by now.

    `fresh` asks the database. Otherwise an answer up to `settings.AUTH_SNAPSHOT_SECONDS` old is good enough, which
    is how long a session that was ended, or a switched off account, can go on reading; it can't write.
    """
    snapshot = _snapshots.get((claims.session_id, claims.user_id), fresh=fresh)
    return snapshot.principal if snapshot and snapshot.password_stamp == claims.password_stamp else None


def session_forget(session_id: UUID) -> None:
    """Look the session up again on its next request to this process."""
    _snapshots.forget_where(lambda key, _snapshot: key[0] == session_id)


def principal_forget(user_id: UUID) -> None:
    """Look the account up again on its next request to this process, whatever token it comes with."""
    _snapshots.forget_where(lambda key, _snapshot: key[1] == user_id)
    access_tokens_forget(user_id)


def principal_forget_all() -> None:
    _snapshots.clear()
    access_tokens_forget_all()


def _look_up(key: tuple[UUID, UUID]) -> Snapshot:
    session_id, user_id = key
    row = (
        LoginSession.objects.active()
        .filter(pk=session_id, owner_id=user_id, owner__is_active=True)
        .values_list("owner__username", "owner__is_staff", "owner__language", "owner__password_changed_at")
        .first()
    )
    if row is None:
        return Snapshot(None, None)
    username, is_staff, language, changed_at = row
    principal = Principal(pk=user_id, username=username, is_staff=is_staff, language=language)
    return Snapshot(principal, password_stamp(changed_at))


#: By session and account.
_snapshots = Snapshots(_look_up)
