"""The doors of the back office count guesses together with the API's, and a new password ends every other session."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import Activity, AuditEntry, User
from config.admin_site import HouseAdminSite
from tests.conftest import PASSWORD, make_user

pytestmark = pytest.mark.django_db

ClientFor = Callable[[User], APIClient]
API_LOGIN = "/api/v1/auth/login"
NEW = "更好的 password 42"


@pytest.fixture(autouse=True)
def _limit(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.LOGIN_LIMIT_MAX_ATTEMPTS = 3
    monkeypatch.setattr("config.api.throttling.time", lambda: 1_800_000_012.0)


def knock(name: str, password: str, address: str = "192.0.2.1", **headers: str) -> Any:
    form = {"username": name, "password": password}
    return Client(REMOTE_ADDR=address).post(reverse("admin:login"), form, headers=headers)


def api(login: str, password: str, address: str = "192.0.2.1", **headers: str) -> Any:
    body = {"login": login, "password": password}
    return APIClient(REMOTE_ADDR=address).post(API_LOGIN, body, headers=headers)


# -- the admin's login -----------------------------------------------------------------------------------------


def test_staff_get_in(staff: User) -> None:
    assert isinstance(admin.site, HouseAdminSite)
    assert knock("staff", PASSWORD).status_code == 302
    assert knock("STAFF@example.com", PASSWORD).status_code == 302


def test_guesses_at_an_account_are_limited_from_wherever_they_come(staff: User) -> None:
    assert [knock("staff", "wrong", f"192.0.2.{n}").status_code for n in range(4)] == [200, 200, 200, 429]
    refused = knock("staff", PASSWORD, "192.0.2.9")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "48")


def test_guesses_from_an_address_are_limited_whatever_the_account(staff: User) -> None:
    assert [knock(f"nobody{n}", "wrong").status_code for n in range(4)] == [200, 200, 200, 429]
    assert knock("staff", PASSWORD).status_code == 429
    assert knock("staff", PASSWORD, "192.0.2.2").status_code == 302


def test_right_passwords_and_empty_forms_are_not_counted(staff: User) -> None:
    assert [knock("staff", PASSWORD).status_code for _ in range(5)] == [302] * 5
    assert [knock("staff", "").status_code for _ in range(5)] == [200] * 5


def test_it_says_so_in_both_languages(staff: User) -> None:
    for _ in range(3):
        knock("staff", "wrong")
    assert "Too many requests" in knock("staff", "wrong", **{"Accept-Language": "en"}).text
    assert "请求过于频繁" in knock("staff", "wrong", **{"Accept-Language": "zh-hans"}).text


def test_both_doors_and_both_names_share_one_count(staff: User) -> None:
    assert knock("staff", "wrong", "192.0.2.1").status_code == 200
    assert api("staff@example.com", "wrong", "192.0.2.2").status_code == 401
    assert api(" Staff ", "wrong", "192.0.2.3").status_code == 401
    assert knock("Staff@Example.com", "wrong", "192.0.2.4").status_code == 429
    assert api("staff", PASSWORD, "192.0.2.5").status_code == 429


@pytest.mark.parametrize("door", [knock, api])
def test_a_forged_header_makes_no_new_address(staff: User, door: Callable[..., Any]) -> None:
    forged = [door(f"nobody{n}", "wrong", **{"X-Forwarded-For": f"203.0.113.{n}"}) for n in range(4)]
    assert forged[-1].status_code == 429


def test_who_is_no_staff_counts_as_a_guess(alice: User) -> None:
    assert [knock("alice", PASSWORD).status_code for _ in range(4)] == [200, 200, 200, 429]


# -- register and refresh --------------------------------------------------------------------------------------


def test_opening_accounts_is_limited_by_address() -> None:
    def register(number: int, address: str = "192.0.2.1") -> int:
        body = {"username": f"u{number}", "email": f"u{number}@example.com", "password": "correct horse 电池"}
        headers = {"X-Forwarded-For": f"203.0.113.{number}"}
        return APIClient(REMOTE_ADDR=address).post("/api/v1/auth/register", body, headers=headers).status_code

    assert [register(n) for n in range(4)] == [201, 201, 201, 429]
    assert register(9, "192.0.2.2") == 201


def test_guessing_refresh_tokens_is_limited_by_address(alice: User) -> None:
    tokens = api("alice", PASSWORD).json()["data"]
    client = APIClient(REMOTE_ADDR="192.0.2.1")

    def refresh(token: str) -> Any:
        return client.post("/api/v1/auth/refresh", {"refresh": token})

    for _ in range(5):
        answer = refresh(tokens["refresh"])
        assert answer.status_code == 200
        tokens = answer.json()["data"]
    assert [refresh("guess").status_code for _ in range(4)] == [401, 401, 401, 429]
    assert refresh(tokens["refresh"]).status_code == 429


# -- a new password --------------------------------------------------------------------------------------------


def log_into_both(user: User) -> tuple[Client, dict[str, str]]:
    browser = Client()
    assert (
        browser.post(reverse("admin:login"), {"username": user.username, "password": PASSWORD}).status_code
        == 302
    )
    return browser, api(user.username, PASSWORD).json()["data"]


def is_out(browser: Client, tokens: dict[str, str]) -> bool:
    """Whether neither the back office nor the API lets them go on, by any of their tokens."""
    me = APIClient()
    me.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens['access']}")
    answers = [
        browser.get(reverse("admin:index")).status_code == 302,
        me.get("/api/v1/auth/me").status_code == 401,
        APIClient().post("/api/v1/auth/refresh", {"refresh": tokens["refresh"]}).status_code == 401,
    ]
    assert len(set(answers)) == 1, answers
    return answers[0]


@pytest.mark.django_db(transaction=True)
def test_changed_by_the_api_it_ends_the_sessions_of_the_back_office_too(staff: User) -> None:
    browser, tokens = log_into_both(staff)
    assert not is_out(browser, tokens)
    browser, tokens = log_into_both(staff)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens['access']}")
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert client.post("/api/v1/auth/password", body).status_code == 200
    assert is_out(browser, tokens)


@pytest.mark.django_db(transaction=True)
def test_set_by_other_staff_it_ends_all_of_them(staff: User) -> None:
    boss = make_user("boss", is_staff=True, is_superuser=True)
    theirs = Client()
    theirs.force_login(boss)
    browser, tokens = log_into_both(staff)
    form = {"usable_password": "true", "password1": NEW, "password2": NEW}
    url = reverse("admin:auth_user_password_change", args=[staff.pk])
    assert theirs.post(url, form).status_code == 302
    assert is_out(browser, tokens)


@pytest.mark.django_db(transaction=True)
def test_changed_in_the_back_office_it_ends_the_others_and_goes_on_here(staff: User) -> None:
    here, _ = log_into_both(staff)
    browser, tokens = log_into_both(staff)
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert here.post(reverse("admin:password_change"), form).status_code == 302
    assert here.get(reverse("admin:index")).status_code == 200
    assert is_out(browser, tokens)
    assert Activity.objects.filter(action="change_password").count() == 1
    entry = AuditEntry.objects.get()
    assert (entry.object_id, list(entry.changes)) == (str(staff.pk), ["password"])
    assert NEW not in str(entry.changes)


def test_guessing_the_old_password_in_an_open_session_is_limited(staff: User) -> None:
    client = Client()
    client.force_login(staff)
    form = {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW}
    url = reverse("admin:password_change")
    assert [client.post(url, form).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert client.post(url, {**form, "old_password": PASSWORD}).status_code == 429
    staff.refresh_from_db()
    assert staff.check_password(PASSWORD)
