"""Providers of text that say what a test wants."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from generation.jobs import gateway
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
