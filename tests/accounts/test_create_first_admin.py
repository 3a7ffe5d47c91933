"""The first administrator comes from the environment, once."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from accounts.domain.tokens import token_make
from accounts.models import AccessToken, AuditEntry, User

pytestmark = pytest.mark.django_db
PASSWORD = "vier Wörter und 一只茶壶"


@pytest.fixture
def wanted(settings: Any) -> Any:
    settings.FIRST_ADMIN_USERNAME = "chef"
    settings.FIRST_ADMIN_EMAIL = "chef@example.com"
    settings.FIRST_ADMIN_PASSWORD = PASSWORD
    settings.FIRST_ADMIN_TOKEN = token_make(is_test=False)
    return settings


def create(*arguments: str) -> str:
    said = StringIO()
    call_command("create_first_admin", *arguments, stdout=said)
    return said.getvalue()


def test_it_is_made_once(wanted: Any, anonymous: APIClient) -> None:
    assert create() == "chef is the administrator.\n"
    chef = User.objects.get()
    assert (chef.is_staff, chef.is_superuser, chef.check_password(PASSWORD)) == (True, True, True)
    anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {wanted.FIRST_ADMIN_TOKEN}")
    assert anonymous.get("/api/v1/jobs").status_code == 200
    wanted.FIRST_ADMIN_USERNAME, wanted.FIRST_ADMIN_PASSWORD = "other", "another long 密码"
    assert "nothing was changed" in create()
    assert User.objects.get().check_password(PASSWORD)
    assert AuditEntry.objects.filter(action="create_first_administrator").count() == 1


def test_it_does_not_come_back_when_it_was_deleted(wanted: Any) -> None:
    create()
    User.objects.all().delete()
    assert "nothing was changed" in create()
    assert not User.objects.exists()


def test_where_there_is_a_superuser_nothing_is_made(wanted: Any, staff: User) -> None:
    assert "nothing was changed" in create()
    assert User.objects.get() == staff


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("FIRST_ADMIN_EMAIL", "", "FIRST_ADMIN_EMAIL"),
        ("FIRST_ADMIN_EMAIL", "nowhere", "address"),
        ("FIRST_ADMIN_PASSWORD", "12345678", "common"),
        ("FIRST_ADMIN_TOKEN", "atl_live_guess", "--make-token"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_made(wanted: Any, name: str, value: str, said: str) -> None:
    setattr(wanted, name, value)
    with pytest.raises(CommandError, match=said):
        create()
    assert not User.objects.exists()
    assert not AccessToken.objects.exists()


def test_a_token_can_be_made_for_it(settings: Any) -> None:
    settings.FIRST_ADMIN_TOKEN = ""
    assert create("--make-token").startswith("atl_live_")
    assert not User.objects.exists()
