"""Links by which people prove that an address is theirs: a new password, a confirmed account.

Asking for one tells a stranger nothing: whoever asks hears the same and costs the same, and what is published names an
account or nobody.
"""

from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.domain.claims import password_stamp
from accounts.domain.names import folded_email
from accounts.errors import EmailNotSetUpError, LinkInvalidError
from accounts.models import User
from accounts.models.actions import Action
from accounts.selectors.users import user_get_by_name
from accounts.services.activities import account_record
from accounts.services.links import Link, link_token, link_url, link_values
from accounts.services.users import password_check, password_save
from config.api.throttling import count
from config.celery import enqueue
from config.db import uuid7

RESET_SECONDS = 3600
CONFIRM_SECONDS = 7 * 24 * 3600
#: To one account. Whoever asks more often hears the same, and nothing is sent.
MAILS_PER_HOUR = 5


def password_reset_request(*, login: str) -> None:
    """Send a link for a new password to the account's address, if there is such an account. Raises
    EmailNotSetUpError."""
    if key := _to_be_asked(login):
        enqueue("accounts.send_password_reset", user_id=key)


def confirmation_request(*, login: str) -> None:
    """Send the link that confirms an account once more. Raises EmailNotSetUpError."""
    if key := _to_be_asked(login):
        enqueue("accounts.send_confirmation", user_id=key)


def _to_be_asked(login: str) -> str:
    """The account's key, or nobody's; empty when it has had enough mail."""
    if not settings.SENDS_EMAIL:
        raise EmailNotSetUpError
    user = user_get_by_name(login)
    key = uuid7() if user is None else user.pk
    return "" if count(f"mails:{key}", MAILS_PER_HOUR, seconds=3600).is_over else str(key)


def password_reset_url(user: User) -> str:
    """Good for an hour and for one new password: any change of the password makes it worthless."""
    stamp = password_stamp(user.password_changed_at)
    return link_url(Link.PASSWORD, link_token(Link.PASSWORD, str(user.pk), stamp))


def password_reset(*, token: str, new: str) -> None:
    """Set a new password and end every session; the address counts as confirmed.

    Raises LinkInvalidError, ValidationError (a weak password), which leaves the link good.
    """
    key, stamp = link_values(Link.PASSWORD, token, max_age=RESET_SECONDS)
    user = User.objects.filter(pk=UUID(key), is_active=True).first()
    if user is None or password_stamp(user.password_changed_at) != stamp:
        raise LinkInvalidError
    password_check(new, user, field="new_password")
    checked_at = user.password_changed_at
    user.set_password(new)
    with transaction.atomic():
        unchanged = User.objects.select_for_update(no_key=True).filter(password_changed_at=checked_at)
        if unchanged.filter(pk=user.pk, is_active=True).first() is None:
            raise LinkInvalidError
        email_set_confirmed(user=user)
        password_save(user=user, action=Action.RESET_PASSWORD)


def confirmation_url(user: User) -> str:
    """Good for a week, as long as the address is the same."""
    return link_url(Link.EMAIL, link_token(Link.EMAIL, str(user.pk), user.email_folded))


@transaction.atomic
def email_confirm(*, token: str) -> None:
    """Let the account log in. Raises LinkInvalidError; a second time is no error."""
    key, email = link_values(Link.EMAIL, token, max_age=CONFIRM_SECONDS)
    user = User.objects.filter(pk=UUID(key), is_active=True, email_folded=folded_email(email)).first()
    if user is None:
        raise LinkInvalidError
    email_set_confirmed(user=user)


@transaction.atomic
def email_set_confirmed(*, user: User) -> bool:
    """False when it was so already."""
    found = User.objects.filter(pk=user.pk, is_email_confirmed=False).update(is_email_confirmed=True)
    if found:
        account_record(user.pk, Action.CONFIRM_EMAIL)
    return bool(found)
