"""Open an account, log in, go on, log out, change and delete it: as a client sees it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import LoginSession, User
from tests.conftest import PASSWORD
from tests.support.patience import PATIENCE

ACCOUNT = {"username": "李雷", "email": "LiLei@Example.com", "password": "correct horse 电池"}
AUTH = "/api/v1/auth"


def register(client: APIClient, **changes: Any) -> Any:
    return client.post(f"{AUTH}/register", {**ACCOUNT, **changes})


def log_in(client: APIClient, login: str = "alice", password: str = PASSWORD) -> Any:
    return client.post(f"{AUTH}/login", {"login": login, "password": password})


def refresh(client: APIClient, token: str) -> Any:
    return client.post(f"{AUTH}/refresh", {"refresh": token})


def with_token(token: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


@pytest.mark.django_db
class TestRegister:
    def test_makes_an_account_and_logs_in(self, anonymous: APIClient) -> None:
        answer = register(anonymous)

        data = answer.json()["data"]
        assert (answer.status_code, answer.headers["Location"]) == (201, "/api/v1/auth/me")
        assert (data["user"]["username"], data["user"]["email"]) == ("李雷", "LiLei@example.com")
        assert (data["user"]["role"], data["token_type"], data["expires_in"]) == ("user", "Bearer", 900)
        assert with_token(data["access"]).get(f"{AUTH}/me").json()["data"] == data["user"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert ACCOUNT["password"] not in answer.text

    def test_speaks_the_language_of_the_caller_from_then_on(self, anonymous: APIClient) -> None:
        chinese = anonymous.post(f"{AUTH}/register", ACCOUNT, headers={"Accept-Language": "zh-CN"})
        assert chinese.json()["data"]["user"]["settings"]["language"] == "zh"
        other = register(anonymous, username="bob", email="bob@example.com", language="en")
        assert other.json()["data"]["user"]["settings"]["language"] == "en"

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"email": "other@example.com"}, "USERNAME_TAKEN"),
            ({"username": "hanmeimei"}, "EMAIL_TAKEN"),
            ({"username": "hanmeimei", "email": "lilei@EXAMPLE.com"}, "EMAIL_TAKEN"),
            ({"username": " 李雷 ", "email": "other@example.com"}, "USERNAME_TAKEN"),
        ],
    )
    def test_names_are_taken_once(self, anonymous: APIClient, changes: dict[str, str], code: str) -> None:
        register(anonymous)
        answer = register(anonymous, **changes)
        assert (answer.status_code, answer.json()["data"]["code"]) == (409, code)
        assert User.objects.count() == 1

    def test_case_makes_no_other_name(self, anonymous: APIClient, alice: User) -> None:
        answer = register(anonymous, username="ＡＬＩＣＥ", email="new@example.com")
        assert answer.json()["data"]["code"] == "USERNAME_TAKEN"

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"username": "x"}, "username"),
            ({"username": "has blank"}, "username"),
            ({"username": "lilei@example.com"}, "username"),
            ({"username": "a＠b.com"}, "username"),
            ({"username": "nul\x01"}, "username"),
            ({"username": "x" * 151}, "username"),
            ({"email": "nowhere"}, "email"),
            ({"password": "short"}, "password"),
            ({"password": "12345678901"}, "password"),
            ({"password": "password123"}, "password"),
            ({"password": "lilei@example.com"}, "password"),
            ({"password": "x" * 1025}, "password"),
            ({"language": "fr"}, "language"),
            ({"is_staff": True}, "is_staff"),
            ({"is_superuser": True}, "is_superuser"),
        ],
    )
    def test_what_is_not_valid_names_its_field(
        self, anonymous: APIClient, changes: dict[str, Any], field: str
    ) -> None:
        answer = register(anonymous, **changes)
        assert (answer.status_code, answer.json()["data"]["code"]) == (422, "VALIDATION_FAILED")
        assert {detail["field"] for detail in answer.json()["data"]["details"]["fields"]} == {field}
        assert not User.objects.exists()

    def test_complaints_are_in_chinese(self, anonymous: APIClient) -> None:
        answer = anonymous.post(
            f"{AUTH}/register", {**ACCOUNT, "password": "12345678"}, headers={"Accept-Language": "zh"}
        )
        assert "密码" in answer.json()["data"]["details"]["fields"][0]["message"]


@pytest.mark.django_db
class TestLogin:
    @pytest.mark.parametrize("login", ["alice", "ALICE", " alice ", "alice@example.com", "Alice@EXAMPLE.com"])
    def test_by_name_or_address_in_any_case(self, anonymous: APIClient, alice: User, login: str) -> None:
        before = timezone.now()
        answer = log_in(anonymous, login)

        assert (answer.status_code, answer.json()["data"]["user"]["id"]) == (200, str(alice.pk))
        alice.refresh_from_db()
        assert alice.last_login is not None
        assert alice.last_login >= before

    @pytest.mark.parametrize("name", ["username", "email"])
    def test_by_the_older_names_of_the_field(self, anonymous: APIClient, alice: User, name: str) -> None:
        body = {name: getattr(alice, name), "password": PASSWORD}
        assert anonymous.post(f"{AUTH}/login", body).status_code == 200

    @pytest.mark.parametrize("body", [{}, {"login": "alice"}, {"login": "a", "email": "b", "password": "c"}])
    def test_incomplete(self, anonymous: APIClient, body: dict[str, str]) -> None:
        assert anonymous.post(f"{AUTH}/login", body).status_code == 422

    def test_who_is_unknown_wrong_or_switched_off_hears_the_same(
        self, anonymous: APIClient, alice: User, bob: User
    ) -> None:
        User.objects.filter(pk=bob.pk).update(is_active=False)
        answers = [log_in(anonymous, "alice", "wrong"), log_in(anonymous, "nobody"), log_in(anonymous, "bob")]

        assert {answer.status_code for answer in answers} == {401}
        bodies = [{**answer.json()["data"], "request_id": ""} for answer in answers]
        assert bodies[0] == bodies[1] == bodies[2]
        assert bodies[0]["code"] == "CREDENTIALS_WRONG"

    def test_unknown_names_cost_a_hash_too(
        self, anonymous: APIClient, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hashed: list[str] = []
        from django.contrib.auth.hashers import MD5PasswordHasher

        encode = MD5PasswordHasher.encode

        def counted(self: Any, password: str, salt: str) -> str:
            hashed.append(password)
            return encode(self, password, salt)

        monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
        log_in(anonymous, "alice", "wrong-1")
        log_in(anonymous, "nobody", "wrong-2")
        assert hashed == ["wrong-1", "wrong-2"]

    def test_blanks_belong_to_the_password(self, anonymous: APIClient) -> None:
        register(anonymous, password=" blank 电池 horse ")
        assert log_in(anonymous, "李雷", " blank 电池 horse ").status_code == 200
        assert log_in(anonymous, "李雷", "blank 电池 horse").status_code == 401


@pytest.mark.django_db
class TestRefresh:
    def test_gives_the_next_pair(self, anonymous: APIClient, alice: User) -> None:
        first = log_in(anonymous).json()["data"]
        second = refresh(anonymous, first["refresh"])

        assert second.status_code == 200
        assert second.json()["data"]["refresh"] != first["refresh"]
        assert with_token(second.json()["data"]["access"]).get(f"{AUTH}/me").status_code == 200

    def test_a_used_token_that_comes_back_ends_its_session_only(
        self, anonymous: APIClient, alice: User
    ) -> None:
        other = log_in(anonymous).json()["data"]["refresh"]
        stolen = log_in(anonymous).json()["data"]["refresh"]
        thief = refresh(anonymous, stolen).json()["data"]["refresh"]
        LoginSession.objects.update(last_used_at=timezone.now() - timedelta(seconds=11))

        again = refresh(anonymous, stolen)
        assert (again.status_code, again.json()["data"]["code"]) == (401, "TOKEN_INVALID")
        assert refresh(anonymous, thief).status_code == 401
        assert refresh(anonymous, other).status_code == 200

    @pytest.mark.django_db(transaction=True)
    def test_of_two_at_once_one_gets_the_next_pair(self, alice: User) -> None:
        token = log_in(APIClient()).json()["data"]["refresh"]
        start = threading.Barrier(2)

        def attempt(_: int) -> Any:
            start.wait(PATIENCE)
            try:
                return refresh(APIClient(), token)
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            answers = sorted(pool.map(attempt, range(2)), key=lambda answer: int(answer.status_code))
        assert [answer.status_code for answer in answers] == [200, 401]
        assert refresh(APIClient(), answers[0].json()["data"]["refresh"]).status_code == 200

    def test_refuses_what_is_no_refresh_token_of_ours(self, anonymous: APIClient, alice: User) -> None:
        pair = log_in(anonymous).json()["data"]
        for token in (pair["access"], "x.y.z", pair["refresh"][:-2] + "xx", "é中"):
            answer = refresh(anonymous, token)
            assert (answer.status_code, answer.json()["data"]["code"]) == (401, "TOKEN_INVALID")
        assert refresh(anonymous, pair["refresh"]).status_code == 200

    @pytest.mark.parametrize("change", [{"is_active": False}, {"password_changed_at": timezone.now()}])
    def test_refuses_an_account_that_changed(
        self, anonymous: APIClient, alice: User, change: dict[str, Any]
    ) -> None:
        token = log_in(anonymous).json()["data"]["refresh"]
        User.objects.filter(pk=alice.pk).update(**change)
        assert refresh(anonymous, token).status_code == 401

    def test_refuses_a_deleted_account(self, anonymous: APIClient, alice: User) -> None:
        token = log_in(anonymous).json()["data"]["refresh"]
        alice.delete()
        assert refresh(anonymous, token).status_code == 401

    def test_the_database_keeps_no_token(self, anonymous: APIClient, alice: User) -> None:
        pair = refresh(anonymous, log_in(anonymous).json()["data"]["refresh"]).json()["data"]
        kept = str(list(LoginSession.objects.values()))
        assert not [
            part for token in (pair["access"], pair["refresh"]) for part in token.split(".") if part in kept
        ]


@pytest.mark.django_db
class TestLogout:
    def test_ends_the_session_and_no_other(self, anonymous: APIClient, alice: User) -> None:
        here, elsewhere = (log_in(anonymous).json()["data"] for _ in range(2))
        assert with_token(here["access"]).post(f"{AUTH}/logout").status_code == 204

        assert refresh(anonymous, here["refresh"]).status_code == 401
        assert refresh(anonymous, elsewhere["refresh"]).status_code == 200

    def test_ends_the_session_of_a_token_that_is_sent_along(self, anonymous: APIClient, alice: User) -> None:
        here, elsewhere = (log_in(anonymous).json()["data"] for _ in range(2))
        body = {"refresh": elsewhere["refresh"]}
        assert with_token(here["access"]).post(f"{AUTH}/logout", body).status_code == 204
        assert refresh(anonymous, elsewhere["refresh"]).status_code == 401

    def test_ends_nobody_elses_session(self, anonymous: APIClient, alice: User, bob: User) -> None:
        mine = log_in(anonymous).json()["data"]
        theirs = log_in(anonymous, "bob").json()["data"]
        with_token(mine["access"]).post(f"{AUTH}/logout", {"refresh": theirs["refresh"]})
        assert refresh(anonymous, theirs["refresh"]).status_code == 200

    def test_the_second_time_there_is_no_session(self, anonymous: APIClient, alice: User) -> None:
        client = with_token(log_in(anonymous).json()["data"]["access"])
        assert [client.post(f"{AUTH}/logout").status_code for _ in range(2)] == [204, 401]


@pytest.mark.django_db
class TestPassword:
    CHANGE = {"current_password": PASSWORD, "new_password": "更好的 password 42"}

    @pytest.mark.django_db(transaction=True)
    def test_change_ends_every_other_session_at_once(self, anonymous: APIClient, alice: User) -> None:
        here, elsewhere = (log_in(anonymous).json()["data"] for _ in range(2))
        answer = with_token(here["access"]).post(f"{AUTH}/password", self.CHANGE)

        assert answer.status_code == 200
        new = answer.json()["data"]
        for old in (here, elsewhere):
            assert with_token(old["access"]).get(f"{AUTH}/me").json()["data"]["code"] == "TOKEN_INVALID"
            assert refresh(anonymous, old["refresh"]).status_code == 401
        assert with_token(new["access"]).get(f"{AUTH}/me").status_code == 200
        assert refresh(anonymous, new["refresh"]).status_code == 200
        assert log_in(anonymous).status_code == 401
        assert log_in(anonymous, "alice", self.CHANGE["new_password"]).status_code == 200

    def test_wrong_current_password_changes_nothing(self, client_for: Any, alice: User) -> None:
        answer = client_for(alice).post(f"{AUTH}/password", {**self.CHANGE, "current_password": "wrong"})
        assert (answer.status_code, answer.json()["data"]["code"]) == (403, "PASSWORD_WRONG")
        alice.refresh_from_db()
        assert alice.check_password(PASSWORD)

    def test_weak_new_password_is_refused(self, client_for: Any, alice: User) -> None:
        answer = client_for(alice).post(
            f"{AUTH}/password", {**self.CHANGE, "new_password": "alice@example.com"}
        )
        assert answer.status_code == 422
        assert answer.json()["data"]["details"]["fields"][0]["field"] == "new_password"


@pytest.mark.django_db
class TestMe:
    @pytest.mark.parametrize("path", ["me", "updateMe"])
    def test_change_names_and_settings(self, client_for: Any, alice: User, path: str) -> None:
        client = client_for(alice)
        changes = {"username": "爱丽丝", "theme": "dark", "language": "zh", "notifications": False}
        data = client.patch(f"{AUTH}/{path}", changes).json()["data"]

        assert data["username"] == "爱丽丝"
        assert data["settings"] == {"theme": "dark", "language": "zh", "notifications": False}
        assert client.get(f"{AUTH}/me").json()["data"] == data

    def test_what_get_shows_can_be_sent_back(self, client_for: Any, alice: User) -> None:
        client = client_for(alice)
        changed = client.patch(f"{AUTH}/me", {"settings": {"theme": "dark"}}).json()["data"]
        assert changed["settings"]["theme"] == "dark"
        assert client.patch(f"{AUTH}/me", {"settings": changed["settings"]}).json()["data"] == changed
        wrong = client.patch(f"{AUTH}/me", {"settings": {"theme": "pink", "colour": 1}})
        assert {one["field"] for one in wrong.json()["data"]["details"]["fields"]} == {
            "settings.theme",
            "settings.colour",
        }

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"username": "BOB"}, 409, "USERNAME_TAKEN"),
            ({"email": "bob@EXAMPLE.com"}, 409, "EMAIL_TAKEN"),
            ({"role": "staff"}, 422, "VALIDATION_FAILED"),
            ({"password": "x"}, 422, "VALIDATION_FAILED"),
            ({"theme": "pink"}, 422, "VALIDATION_FAILED"),
            ({"username": "a@b.com"}, 422, "VALIDATION_FAILED"),
        ],
    )
    def test_what_may_not_be_changed(
        self, client_for: Any, alice: User, bob: User, changes: dict[str, str], status: int, code: str
    ) -> None:
        answer = client_for(alice).patch(f"{AUTH}/me", changes)
        assert (answer.status_code, answer.json()["data"]["code"]) == (status, code)

    def test_own_name_in_another_case_is_free(self, client_for: Any, alice: User) -> None:
        assert client_for(alice).patch(f"{AUTH}/me", {"username": "Alice"}).status_code == 200

    def test_stale_copy_is_not_changed(self, client_for: Any, alice: User) -> None:
        client = client_for(alice)
        etag = client.get(f"{AUTH}/me").headers["ETag"]
        fresh = client.patch(f"{AUTH}/me", {"theme": "dark"}, headers={"If-Match": etag})
        stale = client.patch(f"{AUTH}/me", {"theme": "light"}, headers={"If-Match": etag})

        assert (fresh.status_code, stale.status_code) == (200, 412)
        assert client.get(f"{AUTH}/me", headers={"If-None-Match": fresh.headers["ETag"]}).status_code == 304

    def test_account_deleted_elsewhere_is_no_error_of_ours(self, client_for: Any, alice: User) -> None:
        client = client_for(alice)
        assert client.get(f"{AUTH}/me").status_code == 200
        alice.delete()  # by another process: this one still remembers the account
        assert client.get(f"{AUTH}/me").json()["data"]["code"] == "TOKEN_INVALID"

    def test_delete_takes_the_password_and_everything(
        self, client_for: Any, anonymous: APIClient, alice: User, bob: User
    ) -> None:
        client = client_for(alice)
        assert client.delete(f"{AUTH}/me", {"password": "wrong"}).status_code == 403
        assert client.delete(f"{AUTH}/me").status_code == 422
        assert client.delete(f"{AUTH}/me", {"password": PASSWORD}).status_code == 204

        assert list(User.objects.values_list("username", flat=True)) == ["bob"]
        assert log_in(anonymous).status_code == 401
        assert not LoginSession.objects.exists()
