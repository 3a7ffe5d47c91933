"""A Valkey of the tests' own, shared by those that need one; import `valkey` and `valkey_server` into a conftest."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generation.live import pieces
from launcher.supervisor.broker import Broker


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    folder: Path = tmp_path_factory.mktemp("live")
    with Broker(folder / "broker") as broker:
        yield broker


@pytest.fixture
def valkey(valkey_server: Broker, settings: Any) -> Broker:
    """It runs; a test may kill it."""
    if not valkey_server.is_ready():
        valkey_server.start()
    settings.REDIS_URL = valkey_server.url
    pieces.outage.end()
    return valkey_server
