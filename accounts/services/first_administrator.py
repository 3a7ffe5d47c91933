"""The first administrator of a new installation, made without a person at the keyboard."""

from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from accounts.domain.names import normalized_email, normalized_username
from accounts.models import AuditEntry, User
from accounts.services.tokens import token_create
from config import audit
from config.api.scopes import SCOPES

ACTION = "create_first_administrator"
TOKEN_NAME = "first"  # noqa: S105 — what the token is called


def first_administrator_create(*, username: str, email: str, password: str, token: str = "") -> User | None:
    """Make the account, with an access token of all scopes if one is given; None if that was done before.

    Once is once: not where a superuser exists, nor where the audit knows of a first one, even if it was deleted since.
    Raises ValidationError (a malformed name, a weak password, a name that is taken), ValueError (no token of ours).
    """
    if User.objects.filter(is_superuser=True).exists() or AuditEntry.objects.filter(action=ACTION).exists():
        return None
    user = User(
        username=normalized_username(username),
        email=normalized_email(email),
        is_staff=True,
        is_superuser=True,
    )
    validate_password(password, user)
    user.set_password(password)
    user.full_clean()
    with transaction.atomic():
        user.save(force_insert=True)
        if token:
            token_create(owner_id=user.pk, name=TOKEN_NAME, scopes=SCOPES, plain=token)
        audit.record(user, ACTION, user)
    return user
