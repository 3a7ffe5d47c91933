"""Sessions: they begin with a log-in, go on with each refresh, and yield short-lived access tokens.

The row says whether a session is over; a session that has ended writes nothing and makes no credentials any more,
whatever tokens of it are still good by their dates. A refresh token works once: the row counts refreshes, and only
the token with that number goes on. When an older one comes back, either its owner or somebody else holds a copy, so
the whole session ends (RFC 9700, section 4.14.2). The claim `pwd` carries the time of the password's last change: a
token made with another one is refused, whatever second it is from. The database keeps no tokens.
"""

import time
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken as SessionAccessToken
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.utils import datetime_from_epoch

from accounts.domain.claims import SessionClaims, password_stamp
from accounts.errors import CredentialsWrongError, EmailNotConfirmedError
from accounts.models import AccessToken, LoginSession, User
from accounts.models.actions import Action
from accounts.selectors.users import principal_forget, session_forget
from accounts.services.activities import account_record, row_record
from accounts.services.admin_sessions import admin_sessions_end
from accounts.services.tokens import token_delete
from config.api import origin
from config.db import delete_in_chunks
from config.errors import TokenInvalidError

SESSION_CLAIM = "sid"
PASSWORD_CLAIM = "pwd"  # noqa: S105 — the name of a claim
NUMBER_CLAIM = "num"
VERIFIED_TOKENS_REMEMBERED = 4096
SAME_MOMENT = timedelta(seconds=10)
#: How long a session that is over is kept, for whoever looks for what was made in it.
KEPT_AFTER_END = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client gets: `access` for every request, `refresh` for the next pair; `expires_in` seconds."""

    access: str
    refresh: str
    expires_in: int


def session_start(*, user: User) -> TokenPair:
    """A new session for somebody who has proved who they are."""
    came = origin.current()
    session = LoginSession(
        owner=user, last_used_at=timezone.now(), ip_address=came.ip_address, user_agent=came.user_agent
    )
    refresh = _refresh_token(user, session.pk, number=0)
    session.expires_at = _expiry(refresh)
    session.save(force_insert=True)
    return _pair(refresh)


def user_login(*, login: str, password: str) -> tuple[User, TokenPair]:
    """Log in by username or e-mail address, in any case. Raises CredentialsWrongError, EmailNotConfirmedError.

    Takes as long for a name that doesn't exist, and says the same for an account that is switched off.
    """
    try:
        user = User.objects.get_by_natural_key(login.strip())
    except User.DoesNotExist:
        make_password(password)
        raise CredentialsWrongError from None
    if not user.check_password(password) or not user.is_active:
        raise CredentialsWrongError
    if not user.is_email_confirmed:
        raise EmailNotConfirmedError
    with transaction.atomic():
        # A password that was changed while this one was checked must open no session any more.
        unchanged = User.objects.filter(
            pk=user.pk, is_active=True, password_changed_at=user.password_changed_at
        )
        if not unchanged.update(last_login=timezone.now()):
            raise CredentialsWrongError
        account_record(user.pk, Action.LOGIN)
        return user, session_start(user=user)


def login_account(login: str) -> str:
    """Under which name failed log-ins are counted: one for the account, whether its username or its address is tried,
    at whichever door; the text itself when there is no such account."""
    name = login.strip()
    try:
        return str(User.objects.get_by_natural_key(name).pk)
    except User.DoesNotExist:
        return name.casefold()


def session_refresh(*, refresh: str) -> TokenPair:
    """The next pair of a session. Raises TokenInvalidError; a token that was used before ends its session.

    Not when it was used a moment ago: two tabs of one browser often ask at the same time. The second gets no
    tokens, but the first keeps its own.
    """
    claims, number = _genuine_refresh(refresh)
    sessions = LoginSession.objects.owned_by(claims.user_id).active().filter(pk=claims.session_id)
    now = timezone.now()
    with transaction.atomic():
        user = User.objects.filter(pk=claims.user_id, is_active=True).first()
        if user is None or password_stamp(user.password_changed_at) != claims.password_stamp:
            raise TokenInvalidError
        following = _refresh_token(user, claims.session_id, number=number + 1)
        went_on = sessions.filter(refreshes=number).update(
            refreshes=number + 1, last_used_at=now, expires_at=_expiry(following)
        )
        if went_on:
            return _pair(following)
    # Outside of the transaction: the end of the session must stay although this request fails.
    a_moment_ago = {"refreshes": number + 1, "last_used_at__gt": now - SAME_MOMENT}
    if sessions.filter(refreshes__gt=number).exclude(**a_moment_ago).exists():
        session_end(owner_id=claims.user_id, session_id=claims.session_id)
    raise TokenInvalidError


# -- the end ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def user_logout(*, user_id: UUID, session_id: UUID, refresh: str | None = None) -> None:
    """End the session, and that of `refresh` when it is a refresh token of the user's own."""
    session_end(owner_id=user_id, session_id=session_id)
    if refresh is not None:
        _end_by_token(user_id, refresh)
    account_record(user_id, Action.LOGOUT)


@transaction.atomic
def user_logout_everywhere(*, user_id: UUID, with_access_tokens: bool = False) -> None:
    """End every session of the account, in the back office too; access tokens go only when asked for."""
    sessions_end_all(owner_id=user_id)
    admin_sessions_end(user_id)
    if with_access_tokens:
        _delete_tokens(AccessToken.objects.owned_by(user_id))
    account_record(user_id, Action.LOGOUT_EVERYWHERE, with_access_tokens=with_access_tokens)


@transaction.atomic
def session_revoke(*, session: LoginSession, with_access_tokens: bool = False) -> None:
    """End one session of a list, and delete the access tokens that were made in it when that is asked for."""
    session_end(owner_id=session.owner_id, session_id=session.pk)
    if with_access_tokens:
        _delete_tokens(AccessToken.objects.owned_by(session.owner_id).filter(session=session))
    row_record(session, Action.END_SESSION, with_access_tokens=with_access_tokens)


def session_end(*, owner_id: UUID, session_id: UUID) -> None:
    """From now on the session writes nothing and makes no tokens; reads in other processes end some seconds later."""
    sessions = LoginSession.objects.owned_by(owner_id).filter(pk=session_id, ended_at=None)
    sessions.update(ended_at=timezone.now())
    transaction.on_commit(partial(session_forget, session_id))


def sessions_end_all(*, owner_id: UUID) -> None:
    """The same for every session of the account."""
    LoginSession.objects.owned_by(owner_id).filter(ended_at=None).update(ended_at=timezone.now())
    transaction.on_commit(partial(principal_forget, owner_id))


def sessions_expire() -> int:
    """Forget sessions that have been over for `KEPT_AFTER_END` and left no access token; returns how many."""
    tokens = AccessToken.objects.filter(session=OuterRef("pk"))
    old = LoginSession.objects.filter(expires_at__lt=timezone.now() - KEPT_AFTER_END)
    return delete_in_chunks(old.filter(~Exists(tokens)))


def _delete_tokens(tokens: Any) -> None:
    for token in tokens:
        token_delete(token=token)


def _end_by_token(user_id: UUID, refresh: str) -> None:
    """Any other token changes nothing."""
    try:
        claims, _number = _genuine_refresh(refresh)
    except TokenInvalidError:
        return
    session_end(owner_id=user_id, session_id=claims.session_id)


# -- tokens ----------------------------------------------------------------------------------------------------------


def access_claims(token: str) -> SessionClaims:
    """The claims of an access token. Raises TokenInvalidError when it is forged, expired, or of another kind.

    No query: whether session and account still are as it says is for the caller to look up.
    """
    claims = _verified(token)
    if claims.expires_at <= time.time():
        raise TokenInvalidError
    return claims


@lru_cache(maxsize=VERIFIED_TOKENS_REMEMBERED)
def _verified(token: str) -> SessionClaims:
    """A signature stays right, so it is checked once per process. Failures raise and are not remembered."""
    return _claims(SessionAccessToken, token)[0]


def _genuine_refresh(token: str) -> tuple[SessionClaims, int]:
    """The claims of a refresh token, and its number. Raises TokenInvalidError."""
    claims, payload = _claims(RefreshToken, token)
    number = payload.get(NUMBER_CLAIM)
    if not isinstance(number, int):
        raise TokenInvalidError
    return claims, number


def _claims(kind: Any, token: str) -> tuple[SessionClaims, dict[str, Any]]:
    try:
        payload: dict[str, Any] = kind(token).payload
        claims = SessionClaims(
            user_id=UUID(payload["sub"]),
            session_id=UUID(payload[SESSION_CLAIM]),
            password_stamp=int(payload[PASSWORD_CLAIM]),
            expires_at=float(payload["exp"]),
        )
    except (TokenError, KeyError, ValueError, TypeError, AttributeError):
        raise TokenInvalidError from None
    return claims, payload


def _refresh_token(user: User, session_id: UUID, *, number: int) -> RefreshToken:
    token = RefreshToken()
    token["sub"] = str(user.pk)
    token[SESSION_CLAIM] = str(session_id)
    token[PASSWORD_CLAIM] = password_stamp(user.password_changed_at)
    token[NUMBER_CLAIM] = number
    return token


def _pair(refresh: RefreshToken) -> TokenPair:
    access = refresh.access_token
    return TokenPair(
        access=str(access), refresh=str(refresh), expires_in=int(access.lifetime.total_seconds())
    )


def _expiry(token: RefreshToken) -> Any:
    return datetime_from_epoch(token["exp"])
