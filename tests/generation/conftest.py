"""Providers of text that say what a test wants."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from generation.providers import registry
from tests.support import scripted_llm


@pytest.fixture
def providers(settings: Any) -> Iterator[Callable[..., None]]:
    """Choose which scripted providers of text there are, best first; without a choice it is DeepSeek's place."""

    def choose(*names: str) -> None:
        scripted_llm.configure(settings, *names)
        registry.reset()

    scripted_llm.reset()
    choose("deepseek")
    yield choose
    scripted_llm.reset()
    registry.reset()
