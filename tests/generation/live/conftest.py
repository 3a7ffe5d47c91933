"""A Valkey of the tests' own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generation.live import pieces
from launcher.supervisor.broker import Broker


@pytest.fixture(scope="session")
def _broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    folder: Path = tmp_path_factory.mktemp("live")
    with Broker(folder / "broker") as broker:
        yield broker


@pytest.fixture
def valkey(_broker: Broker, settings: Any) -> Broker:
    """It runs; a test may kill it."""
    if not _broker.is_ready():
        _broker.start()
    settings.REDIS_URL = _broker.url
    pieces.outage.end()
    return _broker
