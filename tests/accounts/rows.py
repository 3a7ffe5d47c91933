"""Rows of accounts for the guards."""

from datetime import date

from accounts.models import (
    AccessToken,
    Activity,
    AuditEntry,
    Budget,
    BudgetPeriod,
    FileRemoval,
    Invitation,
    LoginSession,
    ProviderKey,
    User,
)
from accounts.services.invitations import invitation_create
from accounts.services.keys import key_create
from accounts.services.sessions import session_start
from accounts.services.tokens import token_create
from config.crypto import Secret
from tests.support.rows import Maker


def token(n: int, owner: User) -> AccessToken:
    return token_create(owner_id=owner.pk, name=f"令牌{n}", scopes=["jobs:read"], is_test=n % 2 == 1)[0]


def session(n: int, owner: User) -> LoginSession:
    session_start(user=owner)
    return LoginSession.objects.filter(owner=owner).latest("created_at")


def invitation(n: int, owner: User) -> Invitation:
    return invitation_create(email=f"guest{n}@example.com", limit_micros=n)


def own_key(n: int, owner: User) -> ProviderKey:
    key = key_create(owner_id=owner.pk, provider="openai", name=f"密钥{n}", secret=Secret(f"sk-row-{n:08}"))
    ProviderKey.objects.filter(pk=key.pk).update(error_code="PROVIDER_KEY_REFUSED")
    return key


def activity(n: int, owner: User) -> Activity:
    return Activity.objects.create(
        owner=owner,
        action="update_account",
        object_type="user",
        object_id=f"p{n}",
        details={"fields": ["theme"]},
    )


def entry(n: int, owner: User) -> AuditEntry:
    changes = {"theme": {"from": "light", "to": "dark"}}
    return AuditEntry.objects.create(
        actor_id=owner.pk, actor_name="茶客", action="change", object_type="accounts.user", changes=changes
    )


MAKERS: dict[str, Maker] = {
    "accounts.AccessToken": token,
    "accounts.Activity": activity,
    "accounts.AuditEntry": entry,
    "accounts.Budget": lambda n, owner: Budget.objects.create(owner=owner, limit_micros=5_000_000),
    "accounts.BudgetPeriod": lambda n, owner: BudgetPeriod.objects.create(
        owner=owner, month=date(2026, 1, 1)
    ),
    "accounts.FileRemoval": lambda n, owner: FileRemoval.objects.create(prefix=f"users/{n}/"),
    "accounts.Invitation": invitation,
    "accounts.LoginSession": session,
    "accounts.ProviderKey": own_key,
    "accounts.User": lambda n, owner: owner,
}
