"""A folder of its own for each test's pictures, and a sandbox that fails as a test wants."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from generation.providers.base import ProviderError
from generation.providers.image import sandbox
from generation.providers.image.base import ImageAnswer, ImageOrder
from generation.providers.image.sandbox import SandboxImages
from tests.generation.files.conftest import use_storage
from tests.support.pictures import picture

Answers = dict[int, list[ProviderError | ImageAnswer]]


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    use_storage(settings, "config.files.storages.DiskStorage", location=str(tmp_path / "media"))


@pytest.fixture(autouse=True)
def _plain_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one colour: painting takes a second each, and has tests of its own."""

    def plain(*, width: int, height: int, **order: Any) -> bytes:
        return picture("PNG", (width, height))

    monkeypatch.setattr(sandbox, "paint", plain, raising=False)


@pytest.fixture
def client(client_for: Callable[[User], APIClient], alice: User) -> APIClient:
    return client_for(alice)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """By an order's seed: what it is answered with, one after the other, before the sandbox paints."""
    scripted: Answers = {}
    paint = SandboxImages.order

    def order(self: SandboxImages, order: ImageOrder) -> ImageAnswer:
        left = scripted.get(order.seed or 0)
        if not left:
            return paint(self, order)
        answer = left.pop(0)
        if isinstance(answer, ProviderError):
            raise answer
        return answer

    monkeypatch.setattr(SandboxImages, "order", order)
    return scripted
