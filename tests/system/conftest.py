"""The house of real processes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import House, house


@pytest.fixture
def home(tmp_path: Path, django_db_blocker: Any) -> Iterator[House]:
    with django_db_blocker.unblock(), house(tmp_path) as home:
        yield home
