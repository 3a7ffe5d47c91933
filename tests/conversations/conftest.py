"""Alice's client, and a scripted provider where the sandbox isn't enough."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from tests.generation.conftest import providers
from tests.support.valkey import valkey, valkey_server

__all__ = ["providers", "valkey", "valkey_server"]


@pytest.fixture
def client(alice: User, client_for: Any) -> APIClient:
    return client_for(alice)
