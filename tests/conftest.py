"""Actors (alice owns, bob has his own, charlie must see nothing, staff) and what keeps tests apart."""

import os
import socket
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import hypothesis
import pytest
from django.conf import settings
from django.contrib import admin
from django.core.cache import cache
from django.test import Client
from django.utils import translation
from rest_framework.test import APIClient

from accounts.models import User
from accounts.selectors.keys import provider_keys_forget_all
from accounts.selectors.users import principal_forget_all
from accounts.services.sessions import session_start
from config.api.docs import schema_json
from config.egress.resolution import PinnedAddress, resolve
from config.egress.urls import CheckedUrl
from config.health import checks
from generation.selectors.catalogue import catalogue_forget
from tests.support.databases import prepared_test_database
from tests.support.promises import checked

# What tests are made for each page of the back office is known when they are collected.
admin.autodiscover()

PASSWORD = "a long 密码 for tests"

# How long an example takes says something about the machine, and which ones come by chance nothing about a change.
# `--hypothesis-profile=explore` looks for new ones.
hypothesis.settings.register_profile("any machine", deadline=None, derandomize=True)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=5_000)
hypothesis.settings.load_profile("any machine")

Enqueued = list[tuple[str, dict[str, Any]]]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what asks a database runs: the rest has passed on SQLite and can't say anything else."""
    if not os.environ.get("TEST_DATABASE_URL"):
        return
    chosen = [item for item in items if _asks_a_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
    items[:] = chosen


def _asks_a_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("once"):
        return False
    fixtures = {"db", "transactional_db", "home", "arena"}
    names = fixtures.intersection(getattr(item, "fixturenames", ()))
    return bool(names or item.get_closest_marker("django_db") or item.get_closest_marker("system"))


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """It is there before Django looks (below), and removed by who made it."""
    return True


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: Any
) -> Iterator[None]:
    with django_db_blocker.unblock(), prepared_test_database():
        yield


def make_user(username: str, **fields: Any) -> User:
    return User.objects.create_user(
        username=username, email=f"{username}@example.com", password=PASSWORD, **fields
    )


@pytest.fixture(autouse=True, scope="session")
def _promises() -> Iterator[None]:
    """What a test client is answered is what the schema says, whatever the test looks at."""
    if settings.ROOT_URLCONF != "config.urls":  # the toy's addresses stand in no committed schema
        yield
        return
    with patch.object(Client, "request", checked(Client.request)):
        yield


@pytest.fixture(autouse=True)
def _schema_of_these_addresses(request: pytest.FixtureRequest) -> Iterator[None]:
    """A process makes its schema once: one made of a test's own addresses ends with the test, and begins with it."""
    has_own_addresses = request.node.get_closest_marker("urls") is not None
    if has_own_addresses:
        schema_json.cache_clear()
    yield
    if has_own_addresses:
        schema_json.cache_clear()


@pytest.fixture
def alice(db: None) -> User:
    return make_user("alice")


@pytest.fixture
def bob(db: None) -> User:
    return make_user("bob")


@pytest.fixture
def charlie(db: None) -> User:
    return make_user("charlie")


@pytest.fixture
def staff(db: None) -> User:
    return make_user("staff", is_staff=True, is_superuser=True)


@pytest.fixture
def client_for() -> Callable[[User], APIClient]:
    """A client that is logged in as the user, with a real token."""

    def logged_in(user: User) -> APIClient:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {session_start(user=user).access}")
        return client

    return logged_in


@pytest.fixture
def anonymous() -> APIClient:
    return APIClient()


@pytest.fixture(autouse=True)
def enqueued(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Enqueued:
    """The tasks that were published, as (name, arguments); nothing reaches a broker but in system tests."""
    published: Enqueued = []
    if request.node.get_closest_marker("system") is None:
        monkeypatch.setattr("config.celery._publish", lambda name, kwargs: published.append((name, kwargs)))
    return published


@pytest.fixture(autouse=True)
def lookups(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What the name server says of hosts when a key is kept; it is out of order for all others."""
    known: dict[str, list[str]] = {}

    def answer(checked: CheckedUrl, *, within_s: float) -> PinnedAddress:
        def lookup(host: str) -> list[str]:
            if host not in known:
                raise socket.gaierror(socket.EAI_AGAIN, "out of order")
            return known[host]

        return resolve(checked, within_s=within_s, lookup=lookup)

    monkeypatch.setattr("accounts.services.keys.resolve", answer)
    return known


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """What processes remember must not travel from one test to the next."""
    principal_forget_all()
    provider_keys_forget_all()
    catalogue_forget()
    cache.clear()
    checks.forget()
    yield
    translation.deactivate()
    principal_forget_all()
    provider_keys_forget_all()
    catalogue_forget()
