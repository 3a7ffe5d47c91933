"""What ends a session ends it at once for whatever writes or makes credentials, and its tokens can be found."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AccessToken, Activity, LoginSession, User
from accounts.selectors.sessions import claims_that_hold
from accounts.services.sessions import (
    KEPT_AFTER_END,
    access_claims,
    session_end,
    session_start,
    sessions_expire,
)
from accounts.services.tokens import token_create
from config.errors import TokenInvalidError
from tests.accounts.test_api_auth import log_in, refresh, with_token
from tests.conftest import PASSWORD
from tests.support.access_tokens import bearing

AUTH = "/api/v1/auth"
TOKENS = "/api/v1/access-tokens"
ASKED = {"name": "夜间批处理", "scopes": ["account:read"]}

pytestmark = pytest.mark.django_db(transaction=True)


def session_id(pair: dict[str, Any]) -> str:
    return str(access_claims(pair["access"]).session_id)


def pair_of(user: User) -> dict[str, Any]:
    data: dict[str, Any] = log_in(APIClient(), user.username).json()["data"]
    return data


def logged_out(pair: dict[str, Any], other: dict[str, Any]) -> None:
    assert with_token(pair["access"]).post(f"{AUTH}/logout").status_code == 204


def logged_out_everywhere(pair: dict[str, Any], other: dict[str, Any]) -> None:
    assert with_token(other["access"]).post(f"{AUTH}/logout-everywhere").status_code == 204


def ended_from_the_list(pair: dict[str, Any], other: dict[str, Any]) -> None:
    url = f"{AUTH}/sessions/{session_id(pair)}"
    assert with_token(other["access"]).delete(url).status_code == 204


def copied_refresh_token(pair: dict[str, Any], other: dict[str, Any]) -> None:
    assert refresh(APIClient(), pair["refresh"]).status_code == 200
    LoginSession.objects.update(last_used_at=timezone.now() - timedelta(seconds=11))
    assert refresh(APIClient(), pair["refresh"]).status_code == 401


def password_changed(pair: dict[str, Any], other: dict[str, Any]) -> None:
    body = {"current_password": PASSWORD, "new_password": "更好的 password 42"}
    assert with_token(other["access"]).post(f"{AUTH}/password", body).status_code == 200


def account_deleted(pair: dict[str, Any], other: dict[str, Any]) -> None:
    assert with_token(other["access"]).delete(f"{AUTH}/me", {"password": PASSWORD}).status_code == 204


def in_another_process(pair: dict[str, Any], other: dict[str, Any]) -> None:
    LoginSession.objects.filter(pk=session_id(pair)).update(ended_at=timezone.now())


@pytest.mark.parametrize(
    "end",
    [
        logged_out,
        logged_out_everywhere,
        ended_from_the_list,
        copied_refresh_token,
        password_changed,
        account_deleted,
        in_another_process,
    ],
)
def test_what_has_ended_writes_nothing_and_makes_no_credentials(
    alice: User, end: Callable[[dict[str, Any], dict[str, Any]], None]
) -> None:
    pair, other = pair_of(alice), pair_of(alice)
    client = with_token(pair["access"])
    assert client.get(f"{AUTH}/me").status_code == 200  # remembered by this process

    end(pair, other)

    answers = [
        client.post(TOKENS, ASKED),
        client.patch(f"{AUTH}/me", {"theme": "dark"}),
        client.post("/api/v1/api-keys", {"provider": "openai", "api_key": "sk-thief"}),
        client.post(f"{AUTH}/password", {"current_password": PASSWORD, "new_password": "x" * 20}),
        refresh(APIClient(), pair["refresh"]),
    ]
    assert [(one.status_code, one.json()["data"]["code"]) for one in answers] == [(401, "TOKEN_INVALID")] * 5
    assert client.get(f"{AUTH}/me").status_code == 401
    assert not AccessToken.objects.exists()


def test_a_session_that_ends_while_it_asks_makes_no_token(alice: User) -> None:
    """The request was let in a moment before: the token's own transaction looks once more."""
    claims = access_claims(session_start(user=alice).access)
    session_end(owner_id=alice.pk, session_id=claims.session_id)
    with pytest.raises(TokenInvalidError):
        token_create(owner_id=alice.pk, session_id=claims.session_id, **ASKED)
    assert not AccessToken.objects.exists()


def test_after_the_end_no_token_appears_any_more(alice: User) -> None:
    """However the two interleave: what there is when the end has returned is all that there will be."""
    for _ in range(5):
        session = access_claims(session_start(user=alice).access).session_id
        start = threading.Barrier(2)

        def end(session: UUID = session, start: threading.Barrier = start) -> int:
            start.wait(10)
            session_end(owner_id=alice.pk, session_id=session)
            return AccessToken.objects.filter(session=session).count()

        def make(session: UUID = session, start: threading.Barrier = start) -> None:
            start.wait(10)
            with suppress(TokenInvalidError):
                token_create(owner_id=alice.pk, session_id=session, **ASKED)

        seen, _made = in_threads(end, make)
        assert AccessToken.objects.filter(session=session).count() == seen


def in_threads(*works: Callable[[], Any]) -> list[Any]:
    """What each returns, all at once, each on a connection of its own."""

    def apart(work: Callable[[], Any]) -> Any:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(apart, works))


class TestList:
    def test_every_page_of_the_list_says_which_session_asks(self, alice: User) -> None:
        pair = pair_of(alice)
        pair_of(alice)
        client = with_token(pair["access"])
        pages = [client.get(f"{AUTH}/sessions?limit=1&page={page}").json()["data"] for page in (1, 2)]
        assert [[row["is_current"] for row in rows] for rows in pages] == [[False], [True]]

    def test_shows_ones_own_and_which_is_current(self, alice: User, bob: User) -> None:
        session_start(user=bob)
        pair = log_in(APIClient(headers={"User-Agent": "浏览器/1".encode().decode("latin-1")})).json()["data"]
        session_start(user=alice)

        rows = with_token(pair["access"]).get(f"{AUTH}/sessions").json()["data"]

        assert [row["is_current"] for row in rows] == [False, True]
        assert rows[1]["id"] == session_id(pair)
        assert (rows[1]["ip_address"], rows[1]["user_agent"]) == ("127.0.0.1", "浏览器/1")
        assert rows[1]["ended_at"] is None

    def test_tells_those_that_are_over_from_the_others(self, alice: User) -> None:
        over, pair = pair_of(alice), pair_of(alice)
        client = with_token(pair["access"])
        ended_from_the_list(over, pair)

        def listed(query: str) -> list[str]:
            return [row["id"] for row in client.get(f"{AUTH}/sessions?{query}").json()["data"]]

        assert listed("is_active=true") == [session_id(pair)]
        assert listed("is_active=false") == [session_id(over)]
        assert listed("") == [session_id(pair), session_id(over)]

    def test_the_tokens_of_a_session_are_found_and_go_with_it(self, alice: User) -> None:
        thief, mine = pair_of(alice), pair_of(alice)
        made = with_token(thief["access"]).post(TOKENS, ASKED).json()["data"]
        own = with_token(mine["access"]).post(TOKENS, ASKED).json()["data"]
        client = with_token(mine["access"])
        assert made["session_id"] == session_id(thief)
        listed = client.get(f"{TOKENS}?session_id={session_id(thief)}").json()["data"]
        assert [row["id"] for row in listed] == [made["id"]]

        logged_out(thief, mine)  # an end alone leaves them
        assert bearing(made["token"]).get(f"{AUTH}/me").status_code == 200
        url = f"{AUTH}/sessions/{session_id(thief)}?with_access_tokens=true"
        assert client.delete(url).status_code == 204

        assert bearing(made["token"]).get(f"{AUTH}/me").status_code == 401
        assert bearing(own["token"]).get(f"{AUTH}/me").status_code == 200
        assert list(Activity.objects.order_by("-pk").values_list("action", flat=True)[:2]) == [
            "end_session",
            "delete_access_token",
        ]

    def test_everywhere_takes_tokens_only_when_asked(self, alice: User, bob: User) -> None:
        pair = pair_of(alice)
        token = with_token(pair["access"]).post(TOKENS, ASKED).json()["data"]["token"]
        theirs = pair_of(bob)
        logged_out_everywhere(pair, pair)
        assert bearing(token).get(f"{AUTH}/me").status_code == 200

        with_token(pair_of(alice)["access"]).post(f"{AUTH}/logout-everywhere", {"with_access_tokens": True})
        assert bearing(token).get(f"{AUTH}/me").status_code == 401
        assert with_token(theirs["access"]).patch(f"{AUTH}/me", {"theme": "dark"}).status_code == 200

    def test_everywhere_is_the_back_office_too(self, staff: User, client: Any) -> None:
        client.force_login(staff)
        assert client.get("/admin/").status_code == 200
        logged_out_everywhere({}, pair_of(staff))
        assert client.get("/admin/").status_code == 302


def test_which_claims_hold_is_asked_with_two_queries(
    alice: User, bob: User, django_assert_num_queries: Any
) -> None:
    sessions = [access_claims(session_start(user=user).access) for user in (alice, alice, bob)]
    session_end(owner_id=alice.pk, session_id=sessions[0].session_id)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    with django_assert_num_queries(1):
        assert claims_that_hold(sessions) == {sessions[1]}


def test_the_end_is_forgotten_after_a_while_unless_a_token_is_left(alice: User) -> None:
    kept, gone, fresh = (access_claims(session_start(user=alice).access).session_id for _ in range(3))
    token_create(owner_id=alice.pk, session_id=kept, **ASKED)
    old = timezone.now() - KEPT_AFTER_END - timedelta(minutes=1)
    LoginSession.objects.filter(pk__in=[kept, gone]).update(expires_at=old)

    assert sessions_expire() == 1
    assert set(LoginSession.objects.values_list("pk", flat=True)) == {kept, fresh}
