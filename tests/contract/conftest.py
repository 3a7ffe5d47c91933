"""The local model server and the requests that the adapters' tests share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from generation.providers.llm import bedrock_client
from generation.providers.openai_client import close_clients
from tests.support.bedrock_server import BedrockServer
from tests.support.llm_behaviours import echo_document
from tests.support.llm_server import LLMServer

JSON_ANSWER = '{"title": "智能客服 🤖", "tags": ["客服", "AI"]}'


def answer(body: Mapping[str, Any]) -> str:
    is_json = "response_format" in body or "JSON Schema" in body["messages"][0]["content"]
    return JSON_ANSWER if is_json else echo_document(body)


@pytest.fixture(scope="session")
def model_server() -> Iterator[LLMServer]:
    with LLMServer(answer=answer) as server:
        yield server
        close_clients()


@pytest.fixture(scope="session")
def shared_bedrock_server() -> Iterator[BedrockServer]:
    with BedrockServer(answer=answer) as server:
        yield server
        bedrock_client.close_clients()


@pytest.fixture
def bedrock_server(shared_bedrock_server: BedrockServer) -> BedrockServer:
    """The same server with nobody's calls on it: a client of its own would take a fifth of a second to make."""
    shared_bedrock_server.calls.clear()
    return shared_bedrock_server


@pytest.fixture
def server() -> Iterator[LLMServer]:
    """A server of the test's own, whose calls can be counted."""
    with LLMServer() as server:
        yield server
        close_clients()
