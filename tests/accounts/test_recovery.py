"""A new password by a link: signed, for an hour, for one use, and nothing for strangers to learn."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Activity, LoginSession, User
from accounts.services.recovery import password_reset_url
from accounts.services.sessions import session_start
from accounts.tasks import send_password_reset
from tests.conftest import PASSWORD, Enqueued

AUTH = "/api/v1/auth"
NEW = "更好的 password 42"

pytestmark = pytest.mark.django_db(transaction=True)


def ask(login: str) -> Any:
    return APIClient().post(f"{AUTH}/password-reset", {"login": login})


def token_of(user: User) -> str:
    return password_reset_url(user).partition("token=")[2]


def reset(token: str, new: str = NEW) -> tuple[int, str]:
    answer = APIClient().post(f"{AUTH}/password-reset/confirm", {"token": token, "new_password": new})
    return answer.status_code, "" if answer.status_code == 204 else answer.json()["data"]["code"]


def log_in(password: str) -> int:
    return int(APIClient().post(f"{AUTH}/login", {"login": "alice", "password": password}).status_code)


@pytest.mark.parametrize("login", ["alice", "ALICE@example.com"])
def test_a_link_is_sent_and_works_once(alice: User, enqueued: Enqueued, login: str) -> None:
    session_start(user=alice)
    assert ask(login).status_code == 204
    assert enqueued == [("accounts.send_password_reset", {"user_id": str(alice.pk)})]
    assert send_password_reset(user_id=str(alice.pk))
    (sent,) = mail.outbox
    assert sent.to == ["alice@example.com"]
    token = sent.body.partition("token=")[2].split()[0]

    assert reset(token, "12345678") == (422, "VALIDATION_FAILED")
    assert reset(token) == (204, "")

    assert (log_in(PASSWORD), log_in(NEW)) == (401, 200)
    assert LoginSession.objects.filter(ended_at=None).count() == 1  # the one that began just now
    assert reset(token) == (403, "LINK_INVALID")
    assert Activity.objects.filter(action="reset_password", owner=alice).count() == 1


def test_a_stranger_hears_and_costs_the_same(
    alice: User, bob: User, enqueued: Enqueued, django_assert_num_queries: Any
) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    for login in ("alice", "nobody", "nobody@example.com", "bob"):
        with django_assert_num_queries(1):
            answer = ask(login)
        assert (answer.status_code, answer.content) == (204, b"")
    assert [name for name, _ in enqueued] == ["accounts.send_password_reset"] * 4
    assert [send_password_reset(**given) for _, given in enqueued] == [True, False, False, False]
    assert {UUID(given["user_id"]).version for _, given in enqueued} == {7}
    assert len(mail.outbox) == 1


def test_a_mailbox_is_not_flooded(alice: User, enqueued: Enqueued) -> None:
    assert [ask("alice").status_code for _ in range(9)] == [204] * 9
    assert len(enqueued) == 5


def test_who_asks_often_is_slowed_down(alice: User, settings: Any) -> None:
    settings.LOGIN_LIMIT_MAX_ATTEMPTS = 3
    assert [ask(f"n{number}").status_code for number in range(4)] == [204, 204, 204, 429]
    assert [reset("x")[0] for _ in range(4)] == [403, 403, 403, 429]


@pytest.mark.parametrize("wrong", ["forged", "old", "password changed", "switched off", "another's purpose"])
def test_links_that_are_no_good(alice: User, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    token = token_of(alice)
    if wrong == "forged":
        token = token[:-1] + ("A" if token[-1] != "A" else "B")
    elif wrong == "old":
        monkeypatch.setattr("accounts.services.recovery.RESET_SECONDS", -1)
    elif wrong == "password changed":
        User.objects.update(password_changed_at=timezone.now() + timedelta(seconds=1))
    elif wrong == "switched off":
        User.objects.update(is_active=False)
    else:
        from accounts.services.recovery import confirmation_url

        token = confirmation_url(alice).partition("token=")[2]
    assert reset(token) == (403, "LINK_INVALID")
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_of_two_at_once_one_sets_the_password(alice: User) -> None:
    token, start = token_of(alice), threading.Barrier(4)

    def attempt(number: int) -> int:
        start.wait(10)
        try:
            return reset(token, f"{NEW} {number}")[0]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(4))) == [204, 403, 403, 403]


def test_without_mail_it_says_so_to_everybody(alice: User, settings: Any) -> None:
    settings.SENDS_EMAIL = False
    for login in ("alice", "nobody"):
        answer = ask(login)
        assert (answer.status_code, answer.json()["code"]) == (503, "EMAIL_NOT_SET_UP")


def test_an_operator_makes_one_without_mail(alice: User) -> None:
    call_command("reset_password", "Alice", stdout=(out := StringIO()))
    assert reset(out.getvalue().strip().partition("token=")[2]) == (204, "")
    with pytest.raises(CommandError):
        call_command("reset_password", "nobody")


def test_a_mail_server_that_fails_fails_nothing(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    assert send_password_reset(user_id=str(alice.pk)) is False


class TestPages:
    def test_a_new_password(self, alice: User, client: Client) -> None:
        url = "/" + password_reset_url(alice).partition("//")[2].partition("/")[2]
        page = client.get(url, headers={"Accept-Language": "zh"})
        assert "新密码" in page.text
        assert "no-store" in page.headers["Cache-Control"]
        assert "至少" in client.post(url, {"new_password": "short"}, headers={"Accept-Language": "zh"}).text
        assert client.post(url, {"new_password": NEW}).status_code == 200
        assert log_in(NEW) == 200
        assert "not good any more" in client.post(url, {"new_password": NEW}).text

    def test_looking_at_a_link_confirms_nothing(self, alice: User, client: Client) -> None:
        from accounts.services.recovery import confirmation_url

        User.objects.update(is_email_confirmed=False)
        url = "/" + confirmation_url(alice).partition("//")[2].partition("/")[2]
        client.get(url)
        assert log_in(PASSWORD) == 403
        client.post(url)
        assert log_in(PASSWORD) == 200

    def test_an_invitation(self, client: Client, settings: Any, db: None) -> None:
        from accounts.services.invitations import invitation_create, invitation_url

        settings.REGISTRATION = "invited"
        url = "/" + invitation_url(invitation_create()).partition("//")[2].partition("/")[2]
        form = {"username": "李雷", "email": "lilei@example.com", "password": "correct horse 电池"}
        assert User.objects.count() == 0
        client.post(url, form, headers={"Accept-Language": "zh"})
        assert (User.objects.get().username, User.objects.get().language) == ("李雷", "zh")
        assert "INVITATION" not in (again := client.post(url, {**form, "username": "other"}).text)
        assert "not good" in again
