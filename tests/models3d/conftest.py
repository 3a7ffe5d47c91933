"""A folder of its own for each test's files, a maker that answers as a test wants, and a quick reading of what came."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from generation.providers.base import ProviderError
from generation.providers.mesh.base import MeshAnswer, MeshOrder
from generation.providers.mesh.sandbox import SandboxMeshes
from models3d import handlers
from tests.generation.files.conftest import use_storage
from tests.models3d.reading import inspected

Answers = list[ProviderError | MeshAnswer]


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    use_storage(settings, "config.files.storages.DiskStorage", location=str(tmp_path / "media"))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the program of its own finds out takes a second each time, and has tests of its own."""
    monkeypatch.setattr(handlers, "mesh_inspect", inspected)


@pytest.fixture
def client(client_for: Callable[[User], APIClient], alice: User) -> APIClient:
    return client_for(alice)


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> list[MeshOrder]:
    """What the sandbox was asked for."""
    seen: list[MeshOrder] = []
    make = SandboxMeshes.order

    def order(self: SandboxMeshes, order: MeshOrder) -> MeshAnswer:
        seen.append(order)
        return make(self, order)

    monkeypatch.setattr(SandboxMeshes, "order", order)
    return seen


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """What orders are answered with, one after the other, before the sandbox makes anything."""
    scripted: Answers = []
    make = SandboxMeshes.order

    def order(self: SandboxMeshes, order: MeshOrder) -> MeshAnswer:
        if not scripted:
            return make(self, order)
        answer = scripted.pop(0)
        if isinstance(answer, ProviderError):
            raise answer
        return answer

    monkeypatch.setattr(SandboxMeshes, "order", order)
    return scripted
