"""What a genuine token says. `request.auth` of the API."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SessionClaims:
    """Of a session's access token. The session must be active still, and the account's password of the same time
    (`password_stamp`). `expires_at` in seconds since 1970."""

    user_id: UUID
    session_id: UUID
    password_stamp: int
    expires_at: float


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """Of an access token (`atl_…`). `expires_at` in seconds since 1970; None: never."""

    token_id: UUID
    expires_at: float | None


Claims = SessionClaims | TokenClaims


def password_stamp(changed_at: datetime) -> int:
    """Microseconds since 1970 of a password's last change."""
    return int(changed_at.timestamp() * 1_000_000)
