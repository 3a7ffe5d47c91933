"""Staff see and change accounts, without ever seeing a hash or giving themselves rights."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.conftest import PASSWORD
from tests.support.speaking import speak


@pytest.fixture
def back_office(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def clerk(db: None) -> User:
    """Staff who may view and change users, and nothing else."""
    user = User.objects.create_user("clerk", "clerk@example.com", PASSWORD, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    return user


def change_url(user: User) -> str:
    return reverse("admin:accounts_user_change", args=[user.pk])


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_list_search_and_filters_work_in_both_languages(
    back_office: Client, alice: User, language: str
) -> None:
    url = reverse("admin:accounts_user_changelist")
    answer = speak(back_office, language).get(url, {"q": "alice", "is_staff__exact": "0"})

    assert answer.status_code == 200
    assert "alice@example.com" in answer.text
    assert ("用户" in answer.text) == (language == "zh-hans")


def test_change_form_shows_no_hash_and_links_to_the_password_form(back_office: Client, alice: User) -> None:
    page = back_office.get(change_url(alice)).text

    assert alice.password not in page
    assert alice.password.split("$")[-1][:6] not in page
    assert reverse("admin:auth_user_password_change", args=[alice.pk]) in page


def test_account_made_in_the_admin_can_log_in(back_office: Client, anonymous) -> None:
    form = {
        "username": "王芳",
        "email": "wangfang@example.com",
        "language": "zh",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    assert back_office.post(reverse("admin:accounts_user_add"), form).status_code == 302

    answer = anonymous.post("/api/v1/auth/login", {"login": "王芳", "password": PASSWORD})
    assert answer.status_code == 200


def test_password_set_in_the_admin_ends_the_sessions(back_office: Client, alice: User, client_for) -> None:
    client = client_for(alice)
    url = reverse("admin:auth_user_password_change", args=[alice.pk])
    form = {"usable_password": "true", "password1": "another 密码 2026", "password2": "another 密码 2026"}

    assert back_office.post(url, form).status_code == 302

    assert client.post("/api/v1/auth/logout").json()["data"]["code"] == "TOKEN_INVALID"


def test_clerk_gives_no_rights_and_touches_no_superuser(clerk: User, staff: User, alice: User) -> None:
    client = Client()
    client.force_login(clerk)
    form = {
        "username": "alice",
        "email": "alice@example.com",
        "language": "en",
        "theme": "dark",
        "is_active": "on",
        "is_staff": "on",
        "is_superuser": "on",
    }

    assert client.post(change_url(alice), form).status_code == 302
    alice.refresh_from_db()
    assert (alice.theme, alice.is_staff, alice.is_superuser) == ("dark", False, False)
    assert client.post(change_url(staff), form).status_code == 403
    assert client.post(reverse("admin:auth_user_password_change", args=[staff.pk]), form).status_code == 403


def test_kept_answers_are_listed_without_their_bodies(back_office: Client, alice: User, client_for) -> None:
    from config.models import IdempotencyRecord

    client_for(alice).post("/api/v1/auth/logout", {}, HTTP_IDEMPOTENCY_KEY="once")
    record = IdempotencyRecord.objects.get()

    listed = back_office.get(reverse("admin:platform_idempotencyrecord_changelist"), {"q": "once"})
    shown = back_office.get(reverse("admin:platform_idempotencyrecord_change", args=[record.pk]))

    assert "POST /api/v1/auth/logout" in listed.text
    assert "response_body" not in shown.text


@pytest.mark.parametrize(("username", "email"), [("ALICE", "new@example.com"), ("new", "Alice@Example.com")])
def test_a_taken_name_or_address_is_told_in_its_place(
    back_office: Client, alice: User, username: str, email: str
) -> None:
    User.objects.filter(pk=alice.pk).update(username="alice", email="alice@example.com")
    given = {"username": username, "email": email, "language": "en"}
    passwords = {"password1": "Long-pass-77x", "password2": "Long-pass-77x"}
    form = back_office.post(reverse("admin:accounts_user_add"), given | passwords).context["adminform"].form
    assert list(form.errors) == ["username" if username == "ALICE" else "email"]


def test_logging_in_without_an_address_leads_to_the_first_page(staff: User) -> None:
    answer = Client().post(reverse("admin:login"), {"username": staff.username, "password": PASSWORD})
    assert answer.headers["Location"] == reverse("admin:index")
