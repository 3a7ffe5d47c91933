"""Who may come in: everybody, who is invited, or nobody; and what a new account may spend."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Activity, Budget, Invitation, User
from accounts.selectors.budgets import budget_limit
from accounts.services.invitations import invitation_create, invitation_delete, invitation_get, invitation_url
from accounts.tasks import send_confirmation, send_invitation
from tests.conftest import PASSWORD, Enqueued
from tests.support.links import token_in

AUTH = "/api/v1/auth"
ACCOUNT = {"username": "李雷", "email": "lilei@example.com", "password": "correct horse 电池"}

pytestmark = pytest.mark.django_db


def register(**changes: Any) -> Any:
    return APIClient().post(f"{AUTH}/register", {**ACCOUNT, **changes})


def outcome(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["data"].get("code", "")


def token_of(invitation: Invitation) -> str:
    return invitation_url(invitation).partition("token=")[2]


class TestModes:
    def test_closed(self, settings: Any, alice: User) -> None:
        settings.REGISTRATION = "closed"
        token = token_of(invitation_create())
        for given in ({}, {"invitation": token}, {"username": "alice"}):
            assert outcome(register(**given)) == (403, "REGISTRATION_CLOSED")
        assert User.objects.get() == alice

    def test_invited(self, settings: Any, alice: User) -> None:
        settings.REGISTRATION = "invited"
        assert outcome(register()) == (403, "INVITATION_NEEDED")
        token = token_of(invitation := invitation_create())
        assert register(invitation=token).status_code == 201

        invitation.refresh_from_db()
        assert invitation.used_by == User.objects.get(username="李雷")
        again = register(invitation=token, username="other", email="other@example.com")
        assert outcome(again) == (403, "INVITATION_INVALID")

    @pytest.mark.parametrize("wrong", ["forged", "expired", "taken back", "for another", "cut off"])
    def test_invitations_that_are_no_good_tell_nothing_of_names(
        self, settings: Any, alice: User, wrong: str
    ) -> None:
        settings.REGISTRATION = "invited"
        invitation = invitation_create(email="hanmeimei@example.com" if wrong == "for another" else "")
        token = token_of(invitation)
        if wrong == "expired":
            Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        elif wrong == "taken back":
            invitation_delete(invitation=invitation)
        token = {"forged": "x" * 40, "cut off": token[:-2]}.get(wrong, token)
        for name in ("alice", "nobody"):
            assert outcome(register(invitation=token, username=name)) == (403, "INVITATION_INVALID")
        assert User.objects.get() == alice

    def test_what_fails_leaves_the_invitation_good(self, settings: Any, alice: User) -> None:
        settings.REGISTRATION = "invited"
        token = token_of(invitation_create())
        assert register(invitation=token, username="alice").status_code == 409
        assert register(invitation=token, password="12345678").status_code == 422
        assert register(invitation=token).status_code == 201

    @pytest.mark.django_db(transaction=True)
    def test_two_at_once_open_one_account(self, settings: Any) -> None:
        settings.REGISTRATION = "invited"
        token = token_of(invitation_create())

        def attempt(number: int) -> int:
            try:
                answer = register(invitation=token, username=f"n{number}", email=f"n{number}@example.com")
                return int(answer.status_code)
            finally:
                connection.close()

        with ThreadPoolExecutor(6) as pool:
            assert sorted(pool.map(attempt, range(6))) == [201, *[403] * 5]
        assert User.objects.count() == 1


class TestBudget:
    def test_of_a_stranger_is_small(self, settings: Any, alice: User) -> None:
        settings.NEW_ACCOUNT_BUDGET_USD, settings.MONTHLY_BUDGET_USD = 0.5, 50.0
        register()
        assert budget_limit(User.objects.get(username="李雷").pk) == 500_000
        assert budget_limit(alice.pk) == 50_000_000

    def test_may_be_everybodys(self, settings: Any) -> None:
        settings.NEW_ACCOUNT_BUDGET_USD = -1
        register()
        assert not Budget.objects.exists()

    def test_may_be_the_invitations(self, settings: Any) -> None:
        register(invitation=token_of(invitation_create(limit_micros=7_000_000)))
        assert budget_limit(User.objects.get().pk) == 7_000_000

    def test_is_set_by_a_command(self, alice: User) -> None:
        for given, limit in (("12.5", 12_500_000), ("none", None), ("0", 0)):
            call_command("set_budget", "ALICE", given, stdout=StringIO())
            assert Budget.objects.get().limit_micros == limit
        call_command("set_budget", "alice", "default", stdout=StringIO())
        assert not Budget.objects.exists()
        for wrong in (("alice", "-1"), ("alice", "much"), ("alice", "nan"), ("nobody", "1")):
            with pytest.raises(CommandError):
                call_command("set_budget", *wrong)


class TestInvitationsByMail:
    def test_are_sent_in_their_language(
        self, enqueued: Enqueued, django_capture_on_commit_callbacks: Any
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            invitation = invitation_create(email="LiLei@Example.com", language="zh")
        assert enqueued == [("accounts.send_invitation", {"invitation_id": str(invitation.pk)})]
        assert send_invitation(invitation_id=str(invitation.pk))
        (sent,) = mail.outbox
        assert (sent.to, sent.subject) == (["LiLei@example.com"], "邀请")
        assert invitation_get(token_in(sent.body), email=invitation.email) == invitation

    def test_are_made_listed_and_taken_back_by_a_command(self, settings: Any) -> None:
        def said(*given: str) -> str:
            call_command("invite", *given, stdout=(out := StringIO()))
            return out.getvalue()

        made = said("lilei@example.com", "--days", "3", "--limit", "2.5", "--language", "zh")
        invitation = Invitation.objects.get()
        assert (invitation.limit_micros, invitation.language) == (2_500_000, "zh")
        assert invitation_get(token_in(made), email="lilei@example.com") == invitation
        assert "lilei@example.com" in said("--list")
        said("--revoke", str(invitation.pk))
        assert said("--list") == ""
        for wrong in (["nowhere"], ["--days", "0"], ["--revoke", "x"], ["--limit", "-1"]):
            with pytest.raises(CommandError):
                call_command("invite", *wrong)


class TestConfirmation:
    @pytest.fixture(autouse=True)
    def _confirm(self, settings: Any) -> None:
        settings.CONFIRM_EMAIL = True

    def link(self) -> str:
        assert send_confirmation(user_id=str(User.objects.get().pk))
        return mail.outbox[-1].body.partition("token=")[2].split()[0]

    def log_in(self, password: str = ACCOUNT["password"]) -> Any:
        return APIClient().post(f"{AUTH}/login", {"login": "李雷", "password": password})

    def test_comes_before_the_first_login(
        self, enqueued: Enqueued, django_capture_on_commit_callbacks: Any
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            answer = register()
        assert (answer.status_code, answer.json()["data"]["access"]) == (201, None)
        assert enqueued == [("accounts.send_confirmation", {"user_id": str(User.objects.get().pk)})]
        assert outcome(self.log_in()) == (403, "EMAIL_NOT_CONFIRMED")
        assert outcome(self.log_in("wrong")) == (401, "CREDENTIALS_WRONG")

        token = self.link()
        for _ in range(2):  # twice is fine
            assert APIClient().post(f"{AUTH}/confirm-email", {"token": token}).status_code == 204
        assert self.log_in().status_code == 200
        assert Activity.objects.filter(action="confirm_email").count() == 1

    def test_is_of_one_address(self) -> None:
        register()
        token = self.link()
        user = User.objects.get()
        user.email = "other@example.com"
        user.save()
        assert outcome(APIClient().post(f"{AUTH}/confirm-email", {"token": token})) == (403, "LINK_INVALID")

    def test_of_who_was_invited_by_mail_is_not_needed(self) -> None:
        invitation = invitation_create(email=ACCOUNT["email"])
        assert register(invitation=token_of(invitation)).json()["data"]["access"]

    def test_is_given_by_a_command(self) -> None:
        register()
        call_command("confirm_email", "李雷", stdout=StringIO())
        assert self.log_in().status_code == 200

    def test_accounts_of_before_need_none(self, alice: User) -> None:
        answer = APIClient().post(f"{AUTH}/login", {"login": "alice", "password": PASSWORD})
        assert answer.status_code == 200
