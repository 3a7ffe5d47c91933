"""What can be done with accounts and the sessions in which they are logged in."""

from accounts.services.activities import activities_clear, activities_expire, activity_record
from accounts.services.deletion import account_delete, owned_counts, register_deletion_hook
from accounts.services.files import removals_run
from accounts.services.invitations import invitation_create, invitation_delete, invitation_url
from accounts.services.keys import (
    key_address_check,
    key_create,
    key_delete,
    key_refused,
    key_set_active,
    key_try,
    key_try_change,
    key_update,
    key_verify,
    key_worked,
)
from accounts.services.mails import confirmation_send, invitation_send, password_reset_send
from accounts.services.recovery import (
    confirmation_request,
    email_confirm,
    email_set_confirmed,
    password_reset,
    password_reset_request,
    password_reset_url,
)
from accounts.services.registration import user_register
from accounts.services.sessions import (
    TokenPair,
    access_claims,
    login_account,
    session_end,
    session_refresh,
    session_revoke,
    session_start,
    sessions_expire,
    user_login,
    user_logout,
    user_logout_everywhere,
)
from accounts.services.tokens import token_authenticate, token_create, token_delete
from accounts.services.users import password_change, password_save, user_create, user_delete, user_update

__all__ = [
    "TokenPair",
    "access_claims",
    "account_delete",
    "activities_clear",
    "activities_expire",
    "activity_record",
    "confirmation_request",
    "confirmation_send",
    "email_confirm",
    "email_set_confirmed",
    "invitation_create",
    "invitation_delete",
    "invitation_send",
    "invitation_url",
    "key_address_check",
    "key_create",
    "key_delete",
    "key_refused",
    "key_set_active",
    "key_try",
    "key_try_change",
    "key_update",
    "key_verify",
    "key_worked",
    "login_account",
    "owned_counts",
    "password_change",
    "password_reset",
    "password_reset_request",
    "password_reset_send",
    "password_reset_url",
    "password_save",
    "register_deletion_hook",
    "removals_run",
    "session_end",
    "session_refresh",
    "session_revoke",
    "session_start",
    "sessions_expire",
    "token_authenticate",
    "token_create",
    "token_delete",
    "user_create",
    "user_delete",
    "user_login",
    "user_logout",
    "user_logout_everywhere",
    "user_register",
    "user_update",
]
