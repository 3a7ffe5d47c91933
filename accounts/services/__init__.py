"""What can be done with accounts and the sessions in which they are logged in."""

from accounts.services.activities import activity_record
from accounts.services.sessions import (
    AccessClaims,
    TokenPair,
    access_claims,
    session_end,
    session_end_by_token,
    session_refresh,
    session_start,
    user_login,
)
from accounts.services.users import password_change, user_delete, user_register, user_update

__all__ = [
    "AccessClaims",
    "TokenPair",
    "access_claims",
    "activity_record",
    "password_change",
    "session_end",
    "session_end_by_token",
    "session_refresh",
    "session_start",
    "user_delete",
    "user_login",
    "user_register",
    "user_update",
]
