"""A folder of its own for each test's pictures."""

from pathlib import Path
from typing import Any

import pytest

from tests.generation.files.conftest import use_storage


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    use_storage(settings, "config.files.storages.DiskStorage", location=str(tmp_path / "media"))
