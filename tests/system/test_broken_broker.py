"""What docs/operations.md promises of a broker that is down, hangs or refuses: requests go on, and no job is lost."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

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
from tests.conversations.factories import conversation_of
from tests.support.processes import House
from tests.templates.factories import project_of, template_of

pytestmark = pytest.mark.system

#: Of twelve requests. A message costs two seconds once and the cache half of one; without that each took ten to forty.
SECONDS = 60.0


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
    _mended()


def _mended() -> None:
    """This process knocks at the broker's door again."""
    _outage.end()
    SafeRedisCache.outage.end()


@pytest.mark.usefixtures("_limits")
def test_requests_go_on_and_no_job_is_lost(home: House) -> None:
    project, template = project_of(home.owner), template_of(home.owner)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {session_start(user=home.owner).access}")
    wanted = {"project_ids": [str(project.pk)], "template_codes": [template.code], "languages": ["zh"]}

    def one_round() -> list[int]:
        conversation = conversation_of(home.owner, title="茶")
        said = {"content": "绿茶怎么泡？"}
        return [
            client.post("/api/v1/templates/batch-generate", wanted, format="json").status_code,
            client.post(f"/api/v1/conversations/{conversation.pk}/reply", said, format="json").status_code,
            client.get("/api/v1/auth/me").status_code,
            client.post(
                "/api/v1/auth/login", {"login": "alice", "password": PASSWORD}, format="json"
            ).status_code,
        ]

    for broken in (stopped, frozen, refusing):
        assert one_round() == [202, 202, 200, 200]
        with broken(home):
            began = time.monotonic()
            assert [one_round() for _ in range(3)] == [[202, 202, 200, 200]] * 3, broken
            assert time.monotonic() - began < SECONDS, broken
        _mended()
    with home.worker():
        home.until_over(*Job.objects.active().filter(parent=None))
    assert Job.objects.filter(parent=None).count() == 24
    assert not Job.objects.exclude(status="succeeded").exists()
    assert caches["default"].get("x") is None
