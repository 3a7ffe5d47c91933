"""The SDK for users' own servers goes through the same guard, streams included."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest
from pytest_django import Settings

from config.egress.calls import guarded_transport
from config.egress.errors import EgressError, EgressRefusedError, EgressTimeoutError, EgressTooLargeError
from config.egress.limits import Limits
from tests.support.closed_port import closed_port
from tests.support.dns_server import SILENT, DNSServer
from tests.support.llm_server import LLMServer
from tests.support.patience import PATIENCE

HOST = "llm.example.com"
MESSAGES: Any = [{"role": "user", "content": "写一首关于猫的诗 🐱"}]


@pytest.fixture
def server() -> Iterator[LLMServer]:
    with LLMServer(answer=lambda body: "猫在月光下 🐱🌙") as running:
        yield running


@pytest.fixture
def loopback(settings: Settings) -> None:
    settings.EGRESS_ALLOW_PRIVATE = ["127.0.0.1"]


def sdk(base_url: str, **options: Any) -> openai.OpenAI:
    transport = guarded_transport(base_url, **options)
    return openai.OpenAI(
        api_key="k", base_url=base_url, max_retries=0, http_client=httpx2.Client(transport=transport)
    )


def ask(client: openai.OpenAI, model: str = "ok", **options: Any) -> Any:
    return client.chat.completions.create(model=model, messages=MESSAGES, **options)


@pytest.mark.usefixtures("loopback")
def test_whole_answers_arrive(server: LLMServer) -> None:
    with sdk(server.url) as client:
        assert ask(client).choices[0].message.content == "猫在月光下 🐱🌙"
        assert "ok" in [model.id for model in client.models.list()]
    assert server.connections == 1


@pytest.mark.usefixtures("loopback")
def test_streams_arrive_piece_by_piece() -> None:
    """The first piece is read while the server still holds the last one back."""
    from tests.support.raw_http import RawServer, Talk

    first_was_read = threading.Event()

    def answer(talk: Talk) -> None:
        talk.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        talk.send(event("猫"))
        assert first_was_read.wait(PATIENCE)
        talk.send(event("🐱") + b"data: [DONE]\n\n")
        talk.connection.shutdown(1)

    with RawServer(answer) as slow, sdk(f"http://127.0.0.1:{slow.port}/v1") as client:
        pieces = []
        for chunk in ask(client, stream=True):
            pieces.append(chunk.choices[0].delta.content)
            first_was_read.set()
    assert pieces == ["猫", "🐱"]


def event(text: str) -> bytes:
    import orjson

    chunk = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m"}
    return (
        b"data: " + orjson.dumps({**chunk, "choices": [{"index": 0, "delta": {"content": text}}]}) + b"\n\n"
    )


@pytest.mark.usefixtures("loopback")
def test_streams_of_the_model_server_are_whole(server: LLMServer) -> None:
    with sdk(server.url) as client:
        text = "".join(
            chunk.choices[0].delta.content or "" for chunk in ask(client, stream=True) if chunk.choices
        )
        assert text == "猫在月光下 🐱🌙"


@pytest.mark.usefixtures("loopback")
def test_base_urls_with_a_name_are_pinned(server: LLMServer) -> None:
    with DNSServer({HOST: [["127.0.0.1"], ["10.0.0.1"]]}) as dns:
        with sdk(f"http://{HOST}:{server.port}/v1", lookup=dns.lookup) as client:
            assert ask(client).choices
            assert ask(client).choices
        assert dns.asked(HOST) == 1
    assert server.calls[0].headers["host"] == f"{HOST}:{server.port}"


def test_a_refused_address_is_refused_when_the_transport_is_made(server: LLMServer) -> None:
    with pytest.raises(EgressRefusedError):
        guarded_transport(server.url)
    assert server.connections == 0


@pytest.mark.parametrize("stream", [False, True])
def test_a_name_that_leads_inside_reaches_nothing(
    server: LLMServer, stream: bool, settings: Settings
) -> None:
    settings.EGRESS_ALLOW_HTTP = True
    with DNSServer({HOST: [["127.0.0.1"]]}) as dns:
        url = f"http://{HOST}:{server.port}/v1"
        with sdk(url, lookup=dns.lookup) as client, pytest.raises(openai.APIConnectionError) as caught:
            ask(client, stream=stream)
    # What decides about money and repeats: nothing was sent.
    assert isinstance(caught.value.__cause__, httpx2.ConnectError)
    assert EgressRefusedError.behind(caught.value)
    assert server.connections == 0


@pytest.mark.usefixtures("loopback")
def test_errors_of_the_transport_keep_their_kind() -> None:
    with (
        sdk(f"http://127.0.0.1:{closed_port()}/v1") as client,
        pytest.raises(openai.APIConnectionError) as caught,
    ):
        ask(client)
    assert isinstance(caught.value.__cause__, httpx2.ConnectError)
    assert EgressError.behind(caught.value) is None


@pytest.mark.usefixtures("loopback")
def test_the_time_of_a_call_ends_whatever_the_client_allows(server: LLMServer) -> None:
    with (
        sdk(server.url, limits=Limits(total_s=0.2)) as client,
        pytest.raises(openai.APITimeoutError) as caught,
    ):
        ask(client, model="hang", timeout=60)
    assert isinstance(caught.value.__cause__, httpx2.ReadTimeout)


def test_connecting_ends_whatever_the_client_allows() -> None:
    with DNSServer({HOST: SILENT}) as dns:
        limits = Limits(connect_s=0.05, total_s=2 * PATIENCE)
        with (
            sdk(f"https://{HOST}/v1", limits=limits, lookup=dns.lookup) as client,
            pytest.raises(openai.APITimeoutError) as caught,
        ):
            ask(client, timeout=2 * PATIENCE)
        dns.speak()
    assert isinstance(caught.value.__cause__, httpx2.ConnectTimeout)
    assert EgressTimeoutError.behind(caught.value)


@pytest.mark.usefixtures("loopback")
def test_the_client_may_ask_for_less_time(server: LLMServer) -> None:
    with sdk(server.url) as client, pytest.raises(openai.APITimeoutError):
        ask(client, model="hang", timeout=0.2)


@pytest.mark.usefixtures("loopback")
def test_a_stream_is_cut_at_the_cap(server: LLMServer) -> None:
    with (
        sdk(server.url, limits=Limits(max_bytes=300)) as client,
        pytest.raises(openai.APIConnectionError) as caught,
    ):
        list(ask(client, stream=True))
    assert isinstance(caught.value.__cause__, httpx2.ReadError)
    assert EgressTooLargeError.behind(caught.value)


@pytest.mark.usefixtures("loopback")
def test_connections_are_limited(server: LLMServer) -> None:
    with (
        sdk(server.url, max_connections=1) as client,
        ask(client, stream=True),
        pytest.raises(openai.APITimeoutError) as caught,
    ):
        ask(client, timeout=httpx2.Timeout(5, pool=0.1))
    assert isinstance(caught.value.__cause__, httpx2.PoolTimeout)


def test_the_http_library_is_loaded_when_it_is_needed() -> None:
    program = (
        "import sys, config.egress; sys.exit(any(m in sys.modules for m in ('httpx2', 'httpcore2', 'idna')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
