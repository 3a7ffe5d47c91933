"""Sessions: the chain of refresh tokens that begins with a log-in, and the short-lived access tokens it yields.

All tokens of one session share the first part of their id (`jti` is `<session>.<token>`). A refresh token works
once. When a used one comes back, either its owner or somebody else holds a copy, so the whole session ends
(RFC 9700, section 4.14.2). The claim `pwd` carries the time of the password's last change: a token made with
another one is refused, whatever second it is from. The database keeps ids of tokens, never tokens.
"""

import secrets
import time
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any, Self
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken
from rest_framework_simplejwt.utils import datetime_from_epoch

from accounts.errors import CredentialsWrongError
from accounts.models import User
from accounts.models.actions import Action, ObjectType
from accounts.services.activities import activity_record
from config.errors import TokenInvalidError

PASSWORD_CLAIM = "pwd"  # noqa: S105 — the name of a claim
VERIFIED_TOKENS_REMEMBERED = 4096
SAME_MOMENT = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client gets: `access` for every request, `refresh` for the next pair; `expires_in` seconds."""

    access: str
    refresh: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a genuine access token says. `password_stamp` must be compared with the account's."""

    user_id: UUID
    session: str
    password_stamp: int
    expires_at: float


class SessionToken(RefreshToken):
    """A refresh token whose row holds its id only."""

    @classmethod
    def for_session(cls, user: User, session: str) -> Self:
        token = cls()
        token["jti"] = f"{session}.{token['jti']}"
        token["sub"] = str(user.pk)
        token[PASSWORD_CLAIM] = password_stamp(user)
        OutstandingToken.objects.create(
            user=user, jti=token["jti"], token="", created_at=token.current_time, expires_at=_expiry(token)
        )
        return token

    @property
    def access_token(self) -> AccessToken:
        access = super().access_token
        access["jti"] = f"{session_of(self['jti'])}.{access['jti']}"
        return access


def password_stamp(user: User) -> int:
    """Microseconds since 1970 of the password's last change."""
    return int(user.password_changed_at.timestamp() * 1_000_000)


def session_of(jti: str) -> str:
    return jti.partition(".")[0]


def session_start(*, user: User, session: str | None = None) -> TokenPair:
    """A pair for somebody who has proved who they are; in a new session unless one goes on."""
    refresh = SessionToken.for_session(user, session or secrets.token_hex(16))
    lifetime = AccessToken.lifetime
    seconds = int(lifetime.total_seconds()) if lifetime else 0
    return TokenPair(access=str(refresh.access_token), refresh=str(refresh), expires_in=seconds)


def user_login(*, login: str, password: str) -> tuple[User, TokenPair]:
    """Log in by username or e-mail address, in any case. Raises CredentialsWrongError.

    Takes as long for a name that doesn't exist, and says the same for an account that is switched off.
    """
    try:
        user = User.objects.get_by_natural_key(login.strip())
    except User.DoesNotExist:
        make_password(password)
        raise CredentialsWrongError from None
    if not user.check_password(password) or not user.is_active:
        raise CredentialsWrongError
    with transaction.atomic():
        # A password that was changed while this one was checked must open no session any more.
        unchanged = User.objects.filter(
            pk=user.pk, is_active=True, password_changed_at=user.password_changed_at
        )
        if not unchanged.update(last_login=timezone.now()):
            raise CredentialsWrongError
        activity_record(owner_id=user.pk, action=Action.LOGIN, object_type=ObjectType.USER, object_id=user.pk)
        return user, session_start(user=user)


def login_account(login: str) -> str:
    """Under which name failed log-ins are counted: one for the account, whether its username or its address is tried,
    at whichever door; the text itself when there is no such account."""
    name = login.strip()
    try:
        return str(User.objects.get_by_natural_key(name).pk)
    except User.DoesNotExist:
        return name.casefold()


@transaction.atomic
def user_logout(*, user_id: UUID, session: str, refresh: str | None = None) -> None:
    """End the session, and that of `refresh` when it is a refresh token of the user's own."""
    session_end(user_id=user_id, session=session)
    if refresh is not None:
        session_end_by_token(user_id=user_id, refresh=refresh)
    activity_record(owner_id=user_id, action=Action.LOGOUT, object_type=ObjectType.USER, object_id=user_id)


def session_refresh(*, refresh: str) -> TokenPair:
    """The next pair of a session. Raises TokenInvalidError; a token that was used before ends its session.

    Not when it was used a moment ago: two tabs of one browser often ask at the same time. The second gets no
    tokens, but the first keeps its own.
    """
    token = _genuine_refresh(refresh)
    with transaction.atomic():
        row = OutstandingToken.objects.filter(jti=token["jti"]).first()
        user = User.objects.filter(pk=token["sub"], is_active=True).first()
        if row is None or user is None or password_stamp(user) != token[PASSWORD_CLAIM]:
            raise TokenInvalidError
        used, is_first = BlacklistedToken.objects.get_or_create(token=row)
        if is_first:
            return session_start(user=user, session=session_of(token["jti"]))
    # Outside of the transaction: the end of the session must stay although this request fails.
    if timezone.now() - used.blacklisted_at > SAME_MOMENT:
        session_end(user_id=user.pk, session=session_of(token["jti"]))
    raise TokenInvalidError


def session_end(*, user_id: UUID, session: str) -> None:
    """Refuse all refresh tokens of the session. Its access tokens run out within minutes."""
    tokens = OutstandingToken.objects.filter(
        user_id=user_id, jti__startswith=f"{session}.", blacklistedtoken=None
    )
    BlacklistedToken.objects.bulk_create(
        [BlacklistedToken(token=token) for token in tokens], ignore_conflicts=True
    )


def session_end_by_token(*, user_id: UUID, refresh: str) -> None:
    """End the session of a refresh token of the user's own; any other token changes nothing."""
    try:
        token = _genuine_refresh(refresh)
    except TokenInvalidError:
        return
    session_end(user_id=user_id, session=session_of(token["jti"]))


def sessions_end_all(*, user_id: UUID) -> None:
    """Forget every refresh token of the user, which makes all of them unknown and thereby refused."""
    OutstandingToken.objects.filter(user_id=user_id).delete()


def access_claims(token: str) -> AccessClaims:
    """The claims of an access token. Raises TokenInvalidError when it is forged, expired, or of another kind.

    No query: whether the account still exists and may log in is for the caller to look up.
    """
    claims = _verified(token)
    if claims.expires_at <= time.time():
        raise TokenInvalidError
    return claims


@lru_cache(maxsize=VERIFIED_TOKENS_REMEMBERED)
def _verified(token: str) -> AccessClaims:
    """A signature stays right, so it is checked once per process. Failures raise and are not remembered."""
    try:
        payload: dict[str, Any] = AccessToken(token).payload  # type: ignore[arg-type]
        return AccessClaims(
            user_id=UUID(payload["sub"]),
            session=session_of(payload["jti"]),
            password_stamp=int(payload[PASSWORD_CLAIM]),
            expires_at=float(payload["exp"]),
        )
    except (TokenError, KeyError, ValueError, TypeError, AttributeError):
        raise TokenInvalidError from None


def _genuine_refresh(refresh: str) -> SessionToken:
    """Checks all but the blacklist, which `session_refresh` must look at in its own transaction."""
    try:
        token = _Unchecked(refresh)  # type: ignore[arg-type]
        UUID(token["sub"])
        _ = token[PASSWORD_CLAIM], token["jti"]
    except (TokenError, KeyError, ValueError, TypeError, AttributeError):
        raise TokenInvalidError from None
    return token


class _Unchecked(SessionToken):
    def check_blacklist(self) -> None:
        return


def _expiry(token: RefreshToken) -> Any:
    return datetime_from_epoch(token["exp"])
