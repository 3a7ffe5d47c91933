"""Providers of text that say what a test wants."""

import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from generation.jobs import gateway
from generation.live import streams
from generation.providers import registry
from tests.support import scripted_llm
from tests.support.catalogue import catalogue_make


@pytest.fixture
def providers(settings: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., None]]:
    """Choose which scripted providers of text there are, best first; without a choice it is DeepSeek's place."""

    def choose(*names: str) -> None:
        scripted_llm.configure(settings, *names)
        registry.reset()

    request.getfixturevalue("arena" if "arena" in request.fixturenames else "db")
    catalogue_make()
    gateway.reset()
    scripted_llm.reset()
    choose("deepseek")
    yield choose
    scripted_llm.reset()
    registry.reset()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Put the clock of event streams forward by so many seconds; they look at it often."""
    forward = [0.0]
    monkeypatch.setattr(streams, "HEARTBEAT_SECONDS", 0.01)
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + forward[0], time=time.time)
    monkeypatch.setattr(streams, "time", clock)

    def put_forward(seconds: float) -> None:
        forward[0] += seconds

    return put_forward
