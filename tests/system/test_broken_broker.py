"""What docs/operations.md promises of a broker that is down, hangs or refuses: requests go on, and no job is lost."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
from django.core.cache import caches
from django.test import override_settings
from rest_framework.test import APIClient

from accounts.services.sessions import session_start
from config.cache import SafeRedisCache
from config.celery import _outage
from generation.models import Job
from tests.conftest import PASSWORD
from tests.support.processes import House
from tests.templates.factories import project_of, template_of

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

#: A message costs two seconds once and the cache half of one; without that each request took ten to forty.
SECONDS = 15.0
Breaking = Callable[[House], Any]


@contextmanager
def stopped(home: House) -> Iterator[None]:
    home.broker.stop()
    yield
    home.broker.start()


@contextmanager
def frozen(home: House) -> Iterator[None]:
    with redis.Redis.from_url(home.broker.url) as client:
        pid = client.info("server")["process_id"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def refusing(home: House) -> Iterator[None]:
    """Its memory is full: every write is refused."""
    with redis.Redis.from_url(home.broker.url) as client:
        client.config_set("maxmemory", "1")
        yield
        client.config_set("maxmemory", "0")


@pytest.fixture
def _limits(home: House) -> Iterator[None]:
    """Rate limits that count in the broker, as in production."""
    counted = {"default": {"BACKEND": "config.cache.SafeRedisCache", "LOCATION": home.broker.url}}
    with override_settings(CACHES=counted, RATE_LIMIT_MAX_REQUESTS=1000, LOGIN_LIMIT_MAX_ATTEMPTS=100):
        yield
    _outage.end()
    SafeRedisCache.outage.end()


@pytest.mark.parametrize("broken", [stopped, frozen, refusing])
@pytest.mark.usefixtures("_limits")
def test_requests_go_on_and_no_job_is_lost(home: House, broken: Breaking) -> None:
    project, template = project_of(home.owner), template_of(home.owner)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {session_start(user=home.owner).access}")
    wanted = {"project_ids": [str(project.pk)], "template_codes": [template.code], "languages": ["zh"]}

    def one_round() -> list[int]:
        return [
            client.post("/api/v1/templates/batch-generate", wanted, format="json").status_code,
            client.get("/api/v1/auth/me").status_code,
            client.post(
                "/api/v1/auth/login", {"login": "alice", "password": PASSWORD}, format="json"
            ).status_code,
        ]

    assert one_round() == [202, 200, 200]
    with broken(home):
        began = time.monotonic()
        assert [one_round() for _ in range(3)] == [[202, 200, 200]] * 3
        assert time.monotonic() - began < SECONDS
    with home.worker():
        home.until_over(*Job.objects.active().filter(parent=None))
    assert not Job.objects.exclude(status="succeeded").exists()
    assert caches["default"].get("x") is None
