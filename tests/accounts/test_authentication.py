"""Who a token speaks for: forged, expired and outlived ones speak for nobody, and good ones cost no query."""

import base64
import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.conf import settings as django_settings
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from accounts.domain.claims import SessionClaims, password_stamp
from accounts.domain.principal import Principal
from accounts.models import LoginSession, User
from accounts.selectors.users import principal_get
from accounts.services.sessions import access_claims, session_start
from config.db import uuid7

ME = "/api/v1/auth/me"
KEY = django_settings.SIMPLE_JWT["SIGNING_KEY"]


def claims_of(user: User, **changes: Any) -> dict[str, Any]:
    if not LoginSession.objects.exists():
        session_start(user=user)
    claims = {
        "token_type": "access",
        "sub": str(user.pk),
        "iss": "atelier",
        "jti": "token",
        "sid": str(LoginSession.objects.get(owner=user).pk),
        "iat": int(time.time()),
        "exp": int(time.time()) + 900,
        "pwd": password_stamp(user.password_changed_at),
    } | changes
    return {name: value for name, value in claims.items() if value is not None}


def ask(token: str, *, scheme: str = "Bearer", method: str = "get") -> Any:
    return getattr(APIClient(), method)(ME, headers={"Authorization": f"{scheme} {token}"})


def test_token_made_by_hand_works_so_that_the_attacks_below_fail_for_their_reason(alice: User) -> None:
    token = jwt.encode(claims_of(alice), KEY, algorithm="HS256")
    assert ask(token).json()["data"]["username"] == "alice"
    assert ask(token, scheme="bearer").status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1_500_000_000},
        {"exp": None},
        {"exp": "never"},
        {"iss": "somebody"},
        {"iss": None},
        {"token_type": "refresh"},
        {"token_type": None},
        {"jti": None},
        {"sid": None},
        {"sid": "session"},
        {"sid": "0193f2a4-1c7d-7e0a-8f52-b6c1d9e3a470"},
        {"sub": None},
        {"sub": "1"},
        {"sub": "' OR 1=1 --"},
        {"sub": "0193f2a4-1c7d-7e0a-8f52-b6c1d9e3a470"},
        {"pwd": None},
        {"pwd": 0},
        {"pwd": "much"},
        {"iat": 4_000_000_000},
    ],
    ids=str,
)
def test_claims_that_do_not_hold(alice: User, changes: dict[str, Any]) -> None:
    answer = ask(jwt.encode(claims_of(alice, **changes), KEY, algorithm="HS256"))

    assert (answer.status_code, answer.json()["data"]["code"]) == (401, "TOKEN_INVALID")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="atelier", error="invalid_token"'


def test_signatures_that_do_not_hold(alice: User) -> None:
    good = jwt.encode(claims_of(alice), KEY, algorithm="HS256")
    head, body, signature = good.split(".")
    nobody = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).decode().rstrip("=")
    other = base64.urlsafe_b64encode(json.dumps(claims_of(alice, sub="x")).encode()).decode().rstrip("=")
    attacks = [
        jwt.encode(claims_of(alice), None, algorithm="none"),
        f"{nobody}.{body}.",
        f"{nobody}.{body}.{signature}",
        jwt.encode(claims_of(alice), "another key that is long enough to sign", algorithm="HS256"),
        jwt.encode(claims_of(alice), KEY, algorithm="HS384"),
        f"{head}.{other}.{signature}",
        f"{head}.{body}",
        good[:-3],
        "",
        "garbage",
        "量子",
        "\x00",
        "x" * 100_000,
    ]
    for attack in attacks:
        assert ask(attack).json()["data"]["code"] == "TOKEN_INVALID", attack[:80]


@pytest.mark.parametrize("scheme", ["", "Basic", "Token", "BearerX"])
def test_other_schemes_are_nobody(alice: User, scheme: str) -> None:
    answer = ask(session_start(user=alice).access, scheme=scheme)
    assert (answer.status_code, answer.json()["data"]["code"]) == (401, "NOT_AUTHENTICATED")


def test_refresh_token_opens_nothing(alice: User) -> None:
    assert ask(session_start(user=alice).refresh).json()["data"]["code"] == "TOKEN_INVALID"


def test_token_that_was_good_expires(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    token = session_start(user=alice).access
    assert ask(token).status_code == 200
    lifetime = AccessToken.lifetime
    assert isinstance(lifetime, timedelta)
    later = time.time() + lifetime.total_seconds() + 1
    monkeypatch.setattr("accounts.services.sessions.time.time", lambda: later)
    assert ask(token).json()["data"]["code"] == "TOKEN_INVALID"


@pytest.mark.parametrize("spoil", [lambda u: u.delete(), lambda u: User.objects.update(is_active=False)])
def test_deleted_or_switched_off_account(alice: User, spoil: Callable[[User], Any]) -> None:
    token = session_start(user=alice).access
    spoil(alice)
    assert ask(token).json()["data"]["code"] == "TOKEN_INVALID"


def test_password_change_in_the_same_second_tells_old_from_new(alice: User) -> None:
    before = session_start(user=alice).access
    alice.set_password("更好的 password 42")
    alice.save()
    after = session_start(user=alice).access

    assert jwt.decode(before, KEY, ["HS256"])["iat"] in range(int(time.time()) - 5, int(time.time()) + 1)
    assert ask(before).status_code == 401
    assert ask(after).status_code == 200


@pytest.mark.parametrize("fields", [None, ["password"]])
def test_time_of_the_password_follows_whoever_sets_it(alice: User, fields: list[str] | None) -> None:
    before = alice.password_changed_at
    alice.set_password("更好的 password 42")
    alice.save(update_fields=fields)
    alice.refresh_from_db()
    assert alice.password_changed_at > before


def test_rehash_of_the_same_password_ends_no_session(alice: User, settings) -> None:
    token = session_start(user=alice).access
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    from tests.conftest import PASSWORD

    login = APIClient().post("/api/v1/auth/login", {"login": "alice", "password": PASSWORD})

    alice.refresh_from_db()
    assert alice.password.startswith("pbkdf2")
    assert ask(login.json()["data"]["access"]).status_code == 200
    assert ask(token).status_code == 200


# -- the snapshot ------------------------------------------------------------------------------------------------


def session_claims(user: User) -> SessionClaims:
    return access_claims(session_start(user=user).access)


def test_reads_cost_no_query_for_the_login_when_warm(
    client_for, alice: User, django_assert_num_queries
) -> None:
    client = client_for(alice)
    with django_assert_num_queries(2):  # the account's state, the row that is shown
        client.get(ME)
    with django_assert_num_queries(1):
        assert client.get(ME).status_code == 200


def test_writes_always_look(client_for, alice: User) -> None:
    client = client_for(alice)
    assert client.get(ME).status_code == 200
    User.objects.filter(pk=alice.pk).update(is_active=False)

    assert client.get(ME).status_code == 200  # for some seconds
    assert client.patch(ME, {"theme": "dark"}).status_code == 401
    assert client.get(ME).status_code == 401  # what the write saw counts for reads too


def test_snapshot_goes_stale(alice: User, settings, monkeypatch: pytest.MonkeyPatch) -> None:
    claims = session_claims(alice)
    assert principal_get(claims, fresh=False) is not None
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert principal_get(claims, fresh=False) is not None
    now = time.monotonic()
    monkeypatch.setattr("config.snapshots.time.monotonic", lambda: now + settings.AUTH_SNAPSHOT_SECONDS + 0.1)
    assert principal_get(claims, fresh=False) is None


def test_principal_says_who_it_is(staff: User) -> None:
    found = principal_get(session_claims(staff), fresh=False)
    assert found == Principal(pk=staff.pk, username="staff", is_staff=True, language="en", is_test=False)
    assert (found.id, found.is_authenticated, found.is_anonymous, found.is_active) == (
        staff.pk,
        True,
        False,
        True,
    )
    with pytest.raises(AttributeError):
        found.is_staff = False  # type: ignore[misc]


@pytest.mark.django_db(transaction=True)
def test_own_changes_are_seen_at_once(client_for, alice: User) -> None:
    claims = session_claims(alice)
    principal_get(claims, fresh=False)
    client_for(alice).patch(ME, {"username": "爱丽丝"})
    found = principal_get(claims, fresh=False)
    assert found is not None
    assert found.username == "爱丽丝"


def test_memory_stays_bounded(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    from accounts.selectors import users

    monkeypatch.setattr("config.snapshots.MOST_KEPT", 3)
    for _ in range(10):
        principal_get(SessionClaims(uuid7(), uuid7(), 0, 0.0), fresh=False)
    assert len(users._snapshots._kept) <= 3
