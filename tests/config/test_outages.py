"""A broker that takes a call and never answers is asked once, and then left alone for a while."""

import socket
from collections.abc import Iterator
from threading import Thread
from unittest import mock

import pytest

from config.cache import SafeRedisCache
from config.celery import _outage, _publish, publishers
from config.outages import Outage


class SilentServer:
    """Accepts whoever comes and says nothing."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self.socket.getsockname()[1]}/0"
        self.guests: list[socket.socket] = []
        Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                self.guests.append(self.socket.accept()[0])
            except OSError:
                return

    def close(self) -> None:
        for one in (self.socket, *self.guests):
            one.close()


@pytest.fixture
def silent() -> Iterator[SilentServer]:
    server = SilentServer()
    yield server
    server.close()
    _outage.end()
    SafeRedisCache.outage.end()
    publishers.cache_clear()


def test_after_a_failure_one_tries_now_and_then() -> None:
    now = [100.0]
    outage = Outage(5, clock=lambda: now[0])
    assert [outage.lasts for _ in range(3)] == [False, False, False]
    outage.begin()
    assert [outage.lasts for _ in range(3)] == [True, True, True]
    now[0] += 5
    assert [outage.lasts for _ in range(3)] == [False, True, True]
    now[0] += 5
    assert [outage.lasts for _ in range(2)] == [False, True]
    outage.end()
    assert [outage.lasts for _ in range(2)] == [False, False]


def test_a_cache_that_hangs_is_asked_once(silent: SilentServer) -> None:
    cache = SafeRedisCache(silent.url, {})
    answers = [cache.add("a", 1), cache.incr("a"), cache.get("a", "nothing"), cache.delete("a")]
    cache.set("a", 1)
    assert answers == [True, 1, "nothing", False]
    assert len(silent.guests) == 1


def test_a_broker_that_hangs_is_knocked_at_once(silent: SilentServer) -> None:
    publishers.cache_clear()
    with mock.patch.dict("os.environ", {"CELERY_BROKER_URL": silent.url}):
        for _ in range(5):
            _publish("generation.run_job", {"job_id": "1"})
    assert len(silent.guests) == 1
