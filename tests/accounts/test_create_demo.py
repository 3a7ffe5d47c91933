"""`manage.py create_demo`: an account for a first look, on development machines only."""

import io

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from config.demo import DEMO_PASSWORD, DEMO_USERNAME


def create_demo() -> str:
    out = io.StringIO()
    call_command("create_demo", stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_twice_is_once(anonymous) -> None:
    assert create_demo() == create_demo() == f"Log in as {DEMO_USERNAME} with the password {DEMO_PASSWORD}\n"

    demo = User.objects.get()
    assert (demo.is_staff, demo.is_superuser) == (True, True)
    body = {"login": DEMO_USERNAME, "password": DEMO_PASSWORD}
    assert anonymous.post("/api/v1/auth/login", body).status_code == 200


@pytest.mark.django_db
def test_somebody_elses_account_gets_no_rights() -> None:
    User.objects.create_user(DEMO_USERNAME, "owner@example.com", "a password of their own")
    assert "stays as it is" in create_demo()
    assert User.objects.get().is_staff is False


@pytest.mark.django_db
def test_refused_under_production_settings(settings) -> None:
    settings.ALLOW_DEMO_ACCOUNT = False
    with pytest.raises(CommandError, match="production"):
        create_demo()
    assert not User.objects.exists()
