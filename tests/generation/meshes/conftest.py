"""Vendors of meshes on this machine: one whose tasks nobody finds, one that gives textures by a second task."""

from collections.abc import Iterator
from typing import Any

import pytest

from generation.domain.catalogue import MESH
from generation.domain.prices import PLAIN, TEXTURED, TEXTURES
from generation.jobs import gateway
from generation.providers import registry
from generation.providers.openai_client import close_clients
from tests.support.catalogue import item_model_make
from tests.support.mesh_server import MeshServer

PATHS = {
    "tencent": "generation.providers.mesh.tencent.TencentMeshes",
    "meshy": "generation.providers.mesh.meshy.MeshyMeshes",
}
MODELS = {"tencent": "hunyuan-3d-rapid", "meshy": "meshy-6"}
KEYS = {"tencent": "AKID-1:key", "meshy": "msy-1"}
#: What a mesh costs, in millionths of a dollar; at Meshy by what is made.
MICROS = {"tencent": 300_000, TEXTURED: 600_000, PLAIN: 400_000, TEXTURES: 200_000}


@pytest.fixture(scope="module")
def server_of_module() -> Iterator[MeshServer]:
    with MeshServer() as server:
        yield server
        close_clients()


@pytest.fixture
def vendor(server_of_module: MeshServer, settings: Any, db: None) -> Iterator[MeshServer]:
    """Meshy is asked first. Links lead to this machine."""
    server_of_module.forget()
    addresses = {"tencent": server_of_module.url, "meshy": server_of_module.meshy_url}
    settings.EGRESS_ALLOW_PRIVATE = ["127.0.0.1/32"]
    settings.PROVIDERS = {
        MESH: {
            name: {
                "path": path,
                "options": {"base_url": addresses[name], "model": MODELS[name], "api_key": KEYS[name]},
            }
            for name, path in PATHS.items()
        }
    }
    settings.PROVIDER_ORDER = {MESH: ["meshy", "tencent"]}
    item_model_make("tencent", MODELS["tencent"], capability=MESH, micros=MICROS["tencent"])
    tiers = [
        {"quality": quality, "most_pixels": None, "item_micros": MICROS[quality]}
        for quality in (TEXTURED, PLAIN, TEXTURES)
    ]
    item_model_make("meshy", MODELS["meshy"], capability=MESH, micros=MICROS[TEXTURED], tiers=tiers)
    registry.reset()
    gateway.reset()
    yield server_of_module
    registry.reset()
