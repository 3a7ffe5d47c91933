"""Access tokens: made, deleted, and recognised when a request brings one.

A password change leaves them alone, as GitHub's does: machines don't know the password, and who fears for a token
deletes it. Switching the account off or deleting it stops all of them.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.claims import TokenClaims
from accounts.domain.principal import Principal
from accounts.domain.tokens import is_well_formed, token_hash, token_make
from accounts.errors import AccessTokenLimitError
from accounts.models import AccessToken, LoginSession
from accounts.models.actions import Action
from accounts.selectors.tokens import TokenSnapshot, access_token_forget, access_token_snapshot
from accounts.services.activities import row_record
from accounts.services.locks import account_lock
from config.api.scopes import SCOPES
from config.db import savepoint
from config.errors import TokenInvalidError

TOKENS_PER_USER = 100
#: `last_used_at` is right to this much, so that a busy token doesn't write on every request.
USE_NOTED_EVERY = timedelta(minutes=1)

log = structlog.get_logger(__name__)


@transaction.atomic
def token_create(
    *,
    owner_id: UUID,
    name: str,
    scopes: Iterable[str],
    is_test: bool = False,
    expires_at: datetime | None = None,
    session_id: UUID | None = None,
    plain: str = "",
) -> tuple[AccessToken, str]:
    """Make a token; returns its row and the token itself, which can't be had a second time.

    `scopes` are some of `config.api.scopes.SCOPES`, at least one (ValueError otherwise). Without `expires_at` it is
    good until it is deleted. `session_id` is the log-in session that makes it, `plain` a token that was made before
    (ValueError if it wasn't by `token_make`). Raises ValidationError (an expiry that
    has passed), AccessTokenLimitError, TokenInvalidError (the session ended or the owner was deleted a moment ago).
    """
    granted = sorted(set(scopes))
    unknown = set(granted) - SCOPES.keys()
    if unknown or not granted:
        raise ValueError(f"no scopes to grant: {', '.join(sorted(unknown)) or 'none given'}")
    if expires_at is not None and expires_at <= timezone.now():
        raise ValidationError({"expires_at": ValidationError(_("Must be in the future."), code="past")})
    if plain and not is_well_formed(plain):
        raise ValueError("no token of ours")
    _make_room(owner_id)
    if session_id is not None:
        _hold_session(owner_id, session_id)
    plain = plain or token_make(is_test=is_test)
    token = AccessToken.objects.create(
        owner_id=owner_id,
        name=name,
        is_test=is_test,
        token_hash=token_hash(plain),
        last_four=plain[-4:],
        scopes=granted,
        expires_at=expires_at,
        session_id=session_id,
    )
    row_record(token, Action.CREATE_ACCESS_TOKEN)
    return token, plain


@transaction.atomic
def token_delete(*, token: AccessToken) -> None:
    """Refuse the token from now on: writes at once, reads in other processes some seconds later."""
    deleted, _per_model = AccessToken.objects.filter(pk=token.pk).delete()
    if deleted:
        row_record(token, Action.DELETE_ACCESS_TOKEN)
    transaction.on_commit(partial(access_token_forget, token.token_hash))


def token_authenticate(token: str, *, fresh: bool) -> tuple[Principal, TokenClaims]:
    """Who an access token speaks for. Raises TokenInvalidError: mistyped, unknown, deleted, expired, or its account
    is gone or switched off.

    `fresh` asks the database; otherwise an answer up to `settings.AUTH_SNAPSHOT_SECONDS` old is good enough.
    """
    snapshot = access_token_snapshot(token, fresh=fresh)
    if snapshot is None:
        raise TokenInvalidError
    now = timezone.now()
    if snapshot.expires_at is not None and snapshot.expires_at <= now:
        raise TokenInvalidError
    if snapshot.last_used_at is None or snapshot.last_used_at <= now - USE_NOTED_EVERY:
        _note_use(snapshot, now)
    expires_at = None if snapshot.expires_at is None else snapshot.expires_at.timestamp()
    return snapshot.principal, TokenClaims(snapshot.token_id, expires_at)


def _note_use(snapshot: TokenSnapshot, now: datetime) -> None:
    """One statement, whose condition lets one of several processes write. No request fails for it."""
    snapshot.last_used_at = now
    is_due = Q(last_used_at=None) | Q(last_used_at__lte=now - USE_NOTED_EVERY)
    try:
        with savepoint():
            AccessToken.objects.filter(is_due, pk=snapshot.token_id).update(last_used_at=now)
    except DatabaseError as exc:
        log.warning("access_tokens.use_not_noted", error=type(exc).__name__)


def _make_room(owner_id: UUID) -> None:
    """Count under a lock of the account: two requests at once must not both take the last place."""
    account_lock(owner_id)
    if AccessToken.objects.owned_by(owner_id).count() >= TOKENS_PER_USER:
        raise AccessTokenLimitError(limit=TOKENS_PER_USER)


def _hold_session(owner_id: UUID, session_id: UUID) -> None:
    """Locked, so that a session which is being ended makes no token any more once that has happened."""
    sessions = LoginSession.objects.select_for_update(no_key=True).owned_by(owner_id).active()
    if sessions.filter(pk=session_id).first() is None:
        raise TokenInvalidError
