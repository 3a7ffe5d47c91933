"""A folder of its own for each test's files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from tests.generation.files.conftest import use_storage


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    use_storage(settings, "config.files.storages.DiskStorage", location=str(tmp_path / "media"))


@pytest.fixture
def client(client_for: Callable[[User], APIClient], alice: User) -> APIClient:
    return client_for(alice)
