"""Accounts: made, changed, given a new password, deleted.

A password is hashed and checked outside of any transaction: it takes a good part of a second, and on SQLite nobody else
writes meanwhile.
"""

from functools import partial
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.domain.names import normalized_email, normalized_username
from accounts.errors import EmailTakenError, PasswordWrongError, UsernameTakenError
from accounts.models import User
from accounts.models.actions import Action
from accounts.selectors.users import principal_forget
from accounts.services.activities import account_record
from accounts.services.deletion import account_delete, keep_a_superuser
from accounts.services.sessions import TokenPair, session_start, sessions_end_all
from config.languages import Language

CHANGEABLE = frozenset({"username", "email", "theme", "language", "notifications"})
RIGHTS = frozenset({"is_email_confirmed", "is_active", "is_staff", "is_superuser"})


def user_prepare(*, username: str, email: str, password: str, language: str = Language.EN) -> User:
    """An account with its password hashed, not kept yet. Raises ValidationError (a weak password)."""
    user = User(username=normalized_username(username), email=normalized_email(email), language=language)
    password_check(password, user, field="password")
    user.set_password(password)
    return user


def user_create(**given: Any) -> User:
    """Make an account on an operator's word, whoever may register. Raises as `user_register` does for its names."""
    user = user_prepare(**given)
    with transaction.atomic():
        user_save(user)
        account_record(user.pk, Action.REGISTER)
    return user


@transaction.atomic
def user_update(*, user: User, **changes: Any) -> User:
    """Change name, address or settings (`CHANGEABLE`). Raises UsernameTakenError, EmailTakenError."""
    unknown = changes.keys() - CHANGEABLE
    if unknown:
        raise ValueError(f"not changeable: {', '.join(sorted(unknown))}")
    if "username" in changes:
        changes["username"] = normalized_username(changes["username"])
    if "email" in changes:
        changes["email"] = normalized_email(changes["email"])
    changed = [name for name, value in changes.items() if getattr(user, name) != value]
    for name in changed:
        setattr(user, name, changes[name])
    if changed:
        user_save(user, update_fields=changed)
        account_record(user.pk, Action.UPDATE_ACCOUNT, fields=changed)
        transaction.on_commit(partial(principal_forget, user.pk))
    return user


@transaction.atomic
def user_set_rights(*, user: User, **rights: bool) -> None:
    """Change on a staff member's word who may log in, enter the admin, and do everything there (`RIGHTS`).

    Raises LastSuperuserError.
    """
    before = User.objects.select_for_update().get(pk=user.pk)
    if not (rights.get("is_superuser", True) and rights.get("is_active", True)):
        keep_a_superuser(before)
    for name, value in rights.items():
        setattr(user, name, value)
    user.save(update_fields=RIGHTS & rights.keys())
    transaction.on_commit(partial(principal_forget, user.pk))


def password_change(*, user: User, current: str, new: str) -> TokenPair:
    """Set a new password, end every session, and return the tokens of a new one.

    Raises PasswordWrongError (also when the password was changed meanwhile), ValidationError (a weak password).
    """
    if not user.check_password(current):
        raise PasswordWrongError
    password_check(new, user, field="new_password")
    checked_at = user.password_changed_at
    user.set_password(new)
    with transaction.atomic():
        unchanged = User.objects.select_for_update(no_key=True).filter(password_changed_at=checked_at)
        if not unchanged.filter(pk=user.pk).exists():
            raise PasswordWrongError
        password_save(user=user)
        return session_start(user=user)


@transaction.atomic
def password_save(*, user: User, action: Action = Action.CHANGE_PASSWORD) -> None:
    """Keep what `set_password` has hashed, and end every session: JWTs by their rows, the admin's by their hash."""
    user.save(update_fields=["password"])
    sessions_end_all(owner_id=user.pk)
    account_record(user.pk, action)


def user_delete(*, user: User, password: str) -> None:
    """Delete the account and everything that it owns. Raises PasswordWrongError, LastSuperuserError."""
    if not user.check_password(password):
        raise PasswordWrongError
    account_delete(user_id=user.pk)


def password_check(password: str, user: User, *, field: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as exc:
        raise ValidationError({field: exc.error_list}) from None


def user_save(user: User, update_fields: list[str] | None = None) -> None:
    """Save, and ask only afterwards which of the two names was taken: the database decides races."""
    checked = {"username", "email"} if update_fields is None else {*update_fields}
    user.clean_fields(exclude={field.name for field in User._meta.concrete_fields} - checked)
    try:
        with transaction.atomic():
            user.save(update_fields=update_fields)
    except IntegrityError:
        others = User.objects.exclude(pk=user.pk)
        if others.filter(username_folded=user.username_folded).exists():
            raise UsernameTakenError from None
        if others.filter(email_folded=user.email_folded).exists():
            raise EmailTakenError from None
        raise
