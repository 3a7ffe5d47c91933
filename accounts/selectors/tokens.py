"""Reads about access tokens, and the snapshots that spare a query on most requests that bring one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from accounts.domain.principal import Principal
from accounts.domain.tokens import is_well_formed, token_hash
from accounts.models import AccessToken
from config.snapshots import Snapshots


@dataclass(slots=True)
class TokenSnapshot:
    """A token and its account as they were when looked up; `last_used_at` is what is stored, or about to be."""

    token_id: UUID
    principal: Principal
    expires_at: datetime | None
    last_used_at: datetime | None


def access_token_snapshot(token: str, *, fresh: bool) -> TokenSnapshot | None:
    """What an access token stands for; None when there is no such token, or its account is gone or switched off.

    Asks the database if `fresh`, or if the last look is older than `settings.AUTH_SNAPSHOT_SECONDS`; never for a
    token that can't have been made here. Whether it has expired is for the caller to compare.
    """
    if not is_well_formed(token):
        return None
    return _tokens.get(token_hash(token), fresh=fresh)


def access_token_forget(key: str) -> None:
    """Look the token of this hash up again on its next request to this process."""
    _tokens.forget(key)


def access_tokens_forget(owner_id: UUID) -> None:
    """The same for all tokens of an account."""
    _tokens.forget_where(lambda _key, snapshot: snapshot.principal.pk == owner_id)


def access_tokens_forget_all() -> None:
    _tokens.clear()


def access_token_list_for(owner_id: UUID) -> QuerySet[AccessToken]:
    return AccessToken.objects.owned_by(owner_id)


def _look_up(key: str) -> TokenSnapshot | None:
    row = (
        AccessToken.objects.filter(token_hash=key, owner__is_active=True)
        .values_list(
            "id", "owner_id", "owner__username", "owner__is_staff", "owner__language",
            "is_test", "scopes", "expires_at", "last_used_at",
        )
        .first()
    )  # fmt: skip
    if row is None:
        return None
    token_id, owner_id, username, is_staff, language, is_test, scopes, expires_at, last_used_at = row
    principal = Principal(
        pk=owner_id,
        username=username,
        is_staff=is_staff,
        language=language,
        is_test=is_test,
        scopes=frozenset(scopes),
    )
    return TokenSnapshot(token_id, principal, expires_at, last_used_at)


#: By hash: whoever reads this process's memory finds no token in it.
_tokens = Snapshots(_look_up)
