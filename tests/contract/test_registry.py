"""Which adapter answers to a name, and what is imported before one is needed."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from generation.providers import registry
from generation.providers.llm.openai import OpenAIChat
from generation.providers.llm.sandbox import SandboxLLM
from tests.support.patience import PATIENCE

KEY = "sk-marked-7f3a91-never-show"
CHAT = "generation.providers.llm.openai.OpenAIChat"


@pytest.fixture(autouse=True)
def configured(settings: Any) -> Iterator[Any]:
    options = {"api_key": KEY, "base_url": "http://127.0.0.1:9/v1", "model": "deepseek-chat"}
    settings.PROVIDERS = {
        "llm": {
            "deepseek": {"path": CHAT, "options": options},
            "misspelt": {"path": "generation.providers.llm.openai.OpenAiChat", "options": options},
            "odd": {"path": CHAT, "options": {**options, "colour": "blue"}},
            "nowhere": {"path": CHAT, "options": {**options, "base_url": "ftp://x"}},
        }
    }
    settings.PROVIDER_ORDER = {"llm": ["deepseek", "sandbox"]}
    registry.reset()
    yield settings
    registry.reset()


def test_the_order_is_the_environments(configured: Any) -> None:
    assert registry.provider_names("llm") == ("deepseek", "sandbox")
    configured.PROVIDER_ORDER = {"llm": []}
    assert registry.provider_names("llm") == ("sandbox",)
    assert registry.provider_names("mesh") == ("sandbox",)


def test_an_adapter_is_built_once_even_by_many_threads() -> None:
    barrier = threading.Barrier(16)

    def get(_: int) -> int:
        barrier.wait()
        return id(registry.get_llm("deepseek"))

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(get, range(16)))) == 1
    llm = registry.get_llm("deepseek")
    assert isinstance(llm, OpenAIChat)
    assert (llm.name, llm.model) == ("deepseek", "deepseek-chat")


def test_the_sandbox_needs_no_entry() -> None:
    assert isinstance(registry.get_llm("sandbox"), SandboxLLM)


def test_reset_forgets_what_was_built() -> None:
    before = registry.get_llm("sandbox")
    registry.reset()
    assert registry.get_llm("sandbox") is not before


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("gemini", "Known: deepseek, misspelt, nowhere, odd, sandbox"),
        ("misspelt", "cannot import 'generation.providers.llm.openai.OpenAiChat'"),
        ("odd", "does not take its options (api_key, base_url, colour, model)"),
        ("nowhere", "does not take its options"),
    ],
)
def test_a_mistake_is_named_and_the_key_is_not(name: str, says: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        registry.get_llm(name)
    assert says in str(caught.value)
    assert KEY not in f"{caught.value} {caught.value.__cause__}"


@pytest.mark.system
def test_heavy_libraries_are_imported_at_the_first_call_only() -> None:
    code = """
import sys
from generation.providers.llm.openai import OpenAIChat
from generation.providers.llm.bedrock import BedrockChat
import generation.providers.llm.sandbox, generation.providers.aws_errors
assert "django" not in sys.modules
import generation.providers.registry
OpenAIChat(name="x", base_url="http://127.0.0.1:9/v1", model="m", api_key="k")
BedrockChat(name="x", model="m", region="us-east-1")
heavy = {"openai", "httpx2", "httpcore2", "httpx", "pydantic", "anyio", "boto3", "botocore", "tiktoken"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert done.stdout.strip() == "[]"
