"""Vendors of pictures on this machine: one with tasks, one without."""

from collections.abc import Iterator
from typing import Any

import pytest

from generation.domain.catalogue import IMAGE
from generation.jobs import gateway
from generation.providers import registry
from generation.providers.openai_client import close_clients
from tests.support.catalogue import item_model_make
from tests.support.image_server import ImageServer

PATHS = {
    "aliyun": "generation.providers.image.dashscope.DashScopeImages",
    "siliconflow": "generation.providers.image.openai.OpenAIImages",
}
MODELS = {"aliyun": "qwen-image-plus", "siliconflow": "Qwen/Qwen-Image"}
#: What one picture costs, in millionths of a dollar.
MICROS = {"aliyun": 30_000, "siliconflow": 50_000}


@pytest.fixture(scope="module")
def server_of_module() -> Iterator[ImageServer]:
    with ImageServer() as server:
        yield server
        close_clients()


@pytest.fixture
def vendor(server_of_module: ImageServer, settings: Any, db: None) -> Iterator[ImageServer]:
    """Aliyun has tasks and is asked first, SiliconFlow answers with the picture. Links lead to this machine."""
    server_of_module.forget()
    addresses = {"aliyun": server_of_module.aliyun_url, "siliconflow": server_of_module.openai_url}
    dialects: dict[str, dict[str, str]] = {"siliconflow": {"dialect": "siliconflow"}}
    settings.EGRESS_ALLOW_PRIVATE = ["127.0.0.1/32"]
    settings.PROVIDERS = {
        IMAGE: {
            name: {
                "path": path,
                "options": {
                    "base_url": addresses[name],
                    "model": MODELS[name],
                    "api_key": f"sk-{name}",
                    **dialects.get(name, {}),
                },
            }
            for name, path in PATHS.items()
        }
    }
    settings.PROVIDER_ORDER = {IMAGE: ["aliyun", "siliconflow"]}
    for name, micros in MICROS.items():
        item_model_make(name, MODELS[name], capability=IMAGE, micros=micros)
    registry.reset()
    gateway.reset()
    yield server_of_module
    registry.reset()
