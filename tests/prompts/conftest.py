"""Alice's client, a way to ask for prompts, and a scripted provider where the sandbox isn't enough."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from tests.generation.conftest import providers

__all__ = ["providers"]

PROMPTS = "/api/v1/prompts"
TAGS = "/api/v1/tags"

Titles = Callable[..., list[str]]


@pytest.fixture
def client(alice: User, client_for: Any) -> APIClient:
    return client_for(alice)


@pytest.fixture
def titles(client: APIClient) -> Titles:
    """The titles of a list of prompts."""

    def ask(path: str = PROMPTS, **query: str) -> list[str]:
        answer = client.get(path, query)
        assert answer.status_code == 200, answer.content
        return [row["title"] for row in answer.json()["data"]]

    return ask
