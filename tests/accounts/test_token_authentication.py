"""Who an access token speaks for, what it costs to know, and how it stops."""

import logging
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient
from structlog.stdlib import ProcessorFormatter

from accounts.domain.tokens import token_hash, token_make
from accounts.models import AccessToken, User
from accounts.selectors import tokens
from accounts.selectors.users import principal_forget, principal_get
from accounts.services.sessions import access_claims, session_start
from accounts.services.tokens import token_authenticate, token_delete
from accounts.services.users import password_change
from config.errors import TokenInvalidError
from config.logs import REMOVED, redact
from tests.conftest import PASSWORD
from tests.support.access_tokens import bearing, machine, token_of

ME = "/api/v1/auth/me"


def refused(token: str, method: str = "get") -> bool:
    answer = getattr(bearing(token), method)(ME)
    if answer.status_code != 401:
        return False
    assert answer.json()["data"]["code"] == "TOKEN_INVALID"
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="atelier", error="invalid_token"'
    return True


def row_of(token: str) -> AccessToken:
    return AccessToken.objects.get(token_hash=token_hash(token))


class TestWhoItIs:
    def test_principal(self, staff: User) -> None:
        token = token_of(staff, "jobs:read", "account:read", is_test=True)
        principal, claims = token_authenticate(token, fresh=True)
        assert (principal.pk, principal.username, principal.is_staff) == (staff.pk, "staff", True)
        assert principal.is_test
        assert principal.scopes == {"jobs:read", "account:read"}
        assert (claims.token_id, claims.expires_at) == (row_of(token).pk, None)

    def test_a_session_has_no_scopes_and_no_limits(self, alice: User) -> None:
        principal = principal_get(access_claims(session_start(user=alice).access), fresh=True)
        assert principal is not None
        assert (principal.scopes, principal.is_test) == (None, False)

    def test_speaks_the_language_of_its_owner(self, alice: User) -> None:
        User.objects.filter(pk=alice.pk).update(language="zh")
        answer = machine(alice, "account:read").patch(ME, {})
        assert "权限范围" in answer.json()["data"]["message"]


class TestRefused:
    @pytest.mark.parametrize("method", ["get", "patch"])
    @pytest.mark.parametrize(
        "spoil",
        [
            lambda token: row_of(token).owner.delete(),
            lambda token: User.objects.update(is_active=False),
            lambda token: token_delete(token=row_of(token)),
            lambda token: AccessToken.objects.all().delete(),
            lambda token: AccessToken.objects.update(expires_at=timezone.now()),
        ],
        ids=["owner deleted", "owner switched off", "revoked", "gone", "expired"],
    )
    def test_outlived(self, alice: User, spoil: Callable[[str], Any], method: str) -> None:
        token = token_of(alice, "account:read", "account:write")
        spoil(token)
        assert refused(token, method)

    def test_one_of_the_right_form_that_nobody_made(self, alice: User) -> None:
        assert refused(token_make(is_test=False))

    def test_a_mistyped_one_asks_nobody(self, alice: User, django_assert_num_queries: Any) -> None:
        token = token_of(alice)
        wrong = token[:-1] + ("0" if token[-1] != "0" else "1")
        with django_assert_num_queries(0):
            for attempt in (wrong, token[:-1], token + "0", token.upper(), token.replace("live", "test")):
                assert refused(attempt), attempt
                assert refused(attempt, "patch"), attempt

    @pytest.mark.parametrize("name", ["token", "access_token", "authorization", "bearer", "Authorization"])
    def test_in_the_query_string(self, alice: User, anonymous: APIClient, name: str) -> None:
        answer = anonymous.get("/api/v1/jobs", {name: f"Bearer {token_of(alice, 'jobs:read')}"})
        assert (answer.status_code, answer.json()["data"]["code"]) == (401, "NOT_AUTHENTICATED")

    def test_as_a_cookie_or_a_password(self, alice: User, anonymous: APIClient) -> None:
        token = token_of(alice)
        anonymous.cookies["token"] = token
        assert anonymous.get(ME).status_code == 401
        assert anonymous.get(ME, headers={"Authorization": f"Basic {token}"}).status_code == 401

    def test_by_the_back_office(self, staff: User, client: Any) -> None:
        token = token_of(staff, "account:read")
        answer = client.get("/admin/", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 302

    def test_expires_while_it_is_remembered(self, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
        token = token_of(alice, expires_at=timezone.now() + timedelta(seconds=2))
        assert not refused(token)
        later = timezone.now() + timedelta(seconds=3)
        monkeypatch.setattr("accounts.services.tokens.timezone.now", lambda: later)
        assert refused(token)


def test_a_password_change_leaves_it_alone(alice: User, client_for: Any) -> None:
    session, token = client_for(alice), token_of(alice, "account:read", "account:write")
    password_change(user=alice, current=PASSWORD, new="更好的 password 42")
    assert session.patch(ME, {}).status_code == 401
    assert not refused(token, "patch")


@pytest.mark.django_db(transaction=True)
def test_deleting_the_account_ends_it_at_once(alice: User, client_for: Any) -> None:
    token = token_of(alice)
    assert not refused(token)
    assert client_for(alice).delete(ME, {"password": PASSWORD}).status_code == 204
    assert refused(token)
    assert not AccessToken.objects.exists()


class TestWhatItCosts:
    @pytest.mark.django_db(transaction=True)
    def test_reads_ask_once_in_a_while(self, alice: User, django_assert_num_queries: Any) -> None:
        client = machine(alice)
        with django_assert_num_queries(
            3
        ):  # the token with its account, that it is used, the row that is shown
            client.get(ME)
        with django_assert_num_queries(1):
            assert client.get(ME).status_code == 200

    def test_knowing_who_it_is_costs_no_query_when_warm(
        self, alice: User, django_assert_num_queries: Any
    ) -> None:
        token = token_of(alice)
        token_authenticate(token, fresh=False)
        with django_assert_num_queries(0):
            token_authenticate(token, fresh=False)
        with django_assert_num_queries(1):
            token_authenticate(token, fresh=True)

    def test_writes_always_look(self, alice: User) -> None:
        token = token_of(alice, "account:read", "account:write")
        assert not refused(token)
        AccessToken.objects.all().delete()
        assert not refused(token)  # for some seconds
        assert refused(token, "patch")
        assert refused(token)  # what the write saw counts for reads too

    def test_streams_look_too(self, alice: User) -> None:
        token = token_of(alice, "jobs:read")
        client = bearing(token)
        assert client.get("/api/v1/jobs").status_code == 200
        AccessToken.objects.all().delete()
        answer = client.get(
            "/api/v1/jobs/00000000-0000-0000-0000-000000000001/events",
            headers={"Accept": "text/event-stream"},
        )
        assert answer.status_code == 401

    def test_memory_goes_stale(self, alice: User, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        token = token_of(alice)
        token_authenticate(token, fresh=False)
        AccessToken.objects.all().delete()
        now = time.monotonic()
        late = now + settings.AUTH_SNAPSHOT_SECONDS + 0.1
        monkeypatch.setattr("config.snapshots.time.monotonic", lambda: late)
        with pytest.raises(TokenInvalidError):
            token_authenticate(token, fresh=False)

    def test_memory_stays_bounded_and_guesses_push_nobody_out(
        self, alice: User, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
    ) -> None:
        monkeypatch.setattr("config.snapshots.MOST_KEPT", 3)
        for _ in range(7):
            token_authenticate(token_of(alice), fresh=False)
        assert len(tokens._tokens._kept) <= 3
        token = token_of(alice)
        token_authenticate(token, fresh=False)
        for _ in range(5):
            assert refused(token_make(is_test=False))
        with django_assert_num_queries(0):
            token_authenticate(token, fresh=False)

    def test_no_token_stands_in_memory(self, alice: User) -> None:
        token = token_of(alice)
        token_authenticate(token, fresh=False)
        assert token not in repr(tokens._tokens._kept)

    def test_forgetting_an_account_forgets_its_tokens_only(
        self, alice: User, bob: User, django_assert_num_queries: Any
    ) -> None:
        mine, theirs = token_of(alice), token_of(bob)
        for token in (mine, theirs):
            token_authenticate(token, fresh=False)
        AccessToken.objects.all().delete()
        principal_forget(alice.pk)
        with pytest.raises(TokenInvalidError):
            token_authenticate(mine, fresh=False)
        with django_assert_num_queries(0):
            token_authenticate(theirs, fresh=False)


class TestLastUse:
    def test_is_noted_by_the_first_use(self, alice: User) -> None:
        token = token_of(alice)
        assert row_of(token).last_used_at is None
        bearing(token).get(ME)
        used_at = row_of(token).last_used_at
        assert used_at is not None
        assert timezone.now() - used_at < timedelta(minutes=1)

    def test_is_written_at_most_once_a_minute(self, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
        token = token_of(alice)
        begin = timezone.now()
        noted = []
        for second in (0, 1, 30, 59, 61, 90, 122):
            moment = begin + timedelta(seconds=second)
            monkeypatch.setattr("accounts.services.tokens.timezone.now", lambda moment=moment: moment)
            for fresh in (True, False):
                token_authenticate(token, fresh=fresh)
            at = row_of(token).last_used_at
            assert at is not None
            noted.append((at - begin).total_seconds())
        assert noted == [0, 0, 0, 0, 61, 61, 122]

    def test_two_processes_write_once(self, alice: User) -> None:
        token = token_of(alice)
        first = tokens.access_token_snapshot(token, fresh=True)
        token_authenticate(token, fresh=True)
        noted = row_of(token).last_used_at
        assert first is not None
        tokens._tokens._kept[token_hash(token)] = float("inf"), first  # what another process remembers
        token_authenticate(token, fresh=False)
        assert row_of(token).last_used_at == noted

    def test_no_request_fails_because_it_cannot_be_written(
        self, alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def locked(*args: Any, **kwargs: Any) -> int:
            raise DatabaseError("database is locked")

        monkeypatch.setattr("config.db.OwnedQuerySet.update", locked, raising=False)
        token = token_of(alice)
        with caplog.at_level(logging.WARNING):
            assert not refused(token)
        assert "use_not_noted" in caplog.text
        assert token not in caplog.text

    def test_a_refused_token_is_not_used(self, alice: User) -> None:
        token = token_of(alice)
        AccessToken.objects.update(expires_at=timezone.now())
        assert refused(token)
        assert row_of(token).last_used_at is None


class TestRateLimits:
    @pytest.fixture(autouse=True)
    def _limit(self, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.RATE_LIMIT_MAX_REQUESTS = 3
        monkeypatch.setattr("config.api.throttling.time", lambda: 1_800_000_012.0)

    def test_all_tokens_of_a_user_and_their_sessions_count_together(
        self, alice: User, bob: User, client_for: Any
    ) -> None:
        clients = [machine(alice), machine(alice), client_for(alice)]
        remaining = [client.get(ME).headers["RateLimit-Remaining"] for client in clients]
        assert remaining == ["2", "1", "0"]
        assert machine(alice).get(ME).status_code == 429
        assert machine(bob).get(ME).status_code == 200

    @pytest.mark.django_db
    def test_wrong_ones_count_by_address(self) -> None:
        guesses = [bearing(token_make(is_test=False)) for _ in range(2)] + [bearing("atl_live_mistyped")] * 2
        assert [client.get(ME).status_code for client in guesses] == [401, 401, 401, 429]
        elsewhere = bearing("atl_live_mistyped")
        assert elsewhere.get(ME, REMOTE_ADDR="192.0.2.9").status_code == 401

    def test_calls_without_the_scope_count(self, alice: User) -> None:
        client = machine(alice, "jobs:read")
        assert [client.get(ME).status_code for _ in range(4)] == [403, 403, 403, 429]


class TestLogs:
    @pytest.fixture
    def printed(self) -> Iterator[StringIO]:
        """What the product's own handler writes."""
        (handler,) = (
            one
            for one in logging.getLogger().handlers
            if isinstance(one, logging.StreamHandler) and isinstance(one.formatter, ProcessorFormatter)
        )
        before = handler.setStream(StringIO())
        yield handler.stream
        handler.setStream(before)

    @pytest.mark.parametrize(
        "text",
        [
            "{}",
            "Bearer {}",
            "GET /?token={}&x=1",
            "Authorization%3A%20{}",
            '"{}"',
            "令牌{}。",
            "x_{}",
            "{}\n{}",
        ],
    )
    def test_no_token_survives(self, text: str) -> None:
        token = token_make(is_test=True)
        said = redact({"event": text.format(token, token), "nested": [{"deep": token}], "note": token})
        assert token[9:] not in repr(said)
        assert REMOVED in repr(said)

    def test_a_refused_and_a_failing_request_say_nothing_of_it(
        self, alice: User, printed: StringIO, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        token, unknown = token_of(alice), token_make(is_test=False)

        def broken(*args: Any, **kwargs: Any) -> Any:
            raise RuntimeError(f"it broke with {token}")

        assert refused(unknown)
        monkeypatch.setattr("accounts.api.views.auth.user_get", broken)
        client = bearing(token)
        client.raise_request_exception = False
        assert client.get(ME).status_code == 500
        said = printed.getvalue()
        assert "it broke with" in said
        assert token[9:] not in said
        assert unknown[9:] not in said


def test_no_query_carries_the_token(alice: User) -> None:
    token = token_of(alice)
    with CaptureQueriesContext(connection) as queries:
        bearing(token).get(ME)
    assert queries.captured_queries
    assert not any(token in query["sql"] for query in queries.captured_queries)
