"""What `SmallModelChat` does otherwise than `OpenAIChat`: it is patient with a slow model, and nothing is charged."""

from __future__ import annotations

import time

import pytest

from generation.providers.base import ProviderError
from generation.providers.llm.base import ChatImage
from generation.providers.llm.small_model import SmallModelChat
from tests.contract.requests import PNG, SCHEMA, chat
from tests.support.closed_port import closed_port
from tests.support.llm_server import LLMServer
from tests.support.patience import PATIENCE

KEY = "sk-small"


def adapter(server: LLMServer, **options: object) -> SmallModelChat:
    fields = {"name": "local-model", "base_url": server.url, "model": "m-1", "api_key": KEY, **options}
    return SmallModelChat(**fields)  # type: ignore[arg-type]


def failure(llm: SmallModelChat, marker: str, *, is_stream: bool, **fields: object) -> ProviderError:
    request = chat(f"写一份文档 {marker}", **fields)
    with pytest.raises(ProviderError) as caught:
        list(llm.stream(request)) if is_stream else llm.complete(request)
    return caught.value


def test_the_whole_answer_is_what_the_stream_brings(server: LLMServer) -> None:
    llm = adapter(server)
    whole, pieces = llm.complete(chat()), list(llm.stream(chat()))
    assert whole.text == "".join(piece.text for piece in pieces)
    assert (whole.finish_reason, whole.usage) == (pieces[-1].finish_reason, pieces[-1].usage)
    assert not whole.usage.is_estimate
    assert (whole.provider, whole.model) == ("local-model", "m-1")
    assert [call.body["stream"] for call in server.calls] == [True, True]


def test_thoughts_and_lengths_are_kept_apart(server: LLMServer) -> None:
    thinking = adapter(server).complete(chat("写 [[server:reasoning]]"))
    assert thinking.reasoning
    assert thinking.reasoning not in thinking.text
    assert adapter(server).complete(chat("写 [[server:length]]")).finish_reason == "length"


def test_a_schema_is_asked_for(server: LLMServer) -> None:
    adapter(server).complete(chat(json_schema=SCHEMA))
    assert server.calls[0].body["response_format"]["type"] == "json_schema"


def test_slow_is_not_silent(server: LLMServer) -> None:
    server.answer = lambda body: "茶" * 60
    started = time.monotonic()
    answer = adapter(server).complete(chat("写 [[server:drip=0.004]]", timeout_s=5.0))
    assert answer.text == "茶" * 60
    assert time.monotonic() - started > 5.0, "it took longer than the request may be silent"
    assert (
        failure(adapter(server), "[[server:hang]]", is_stream=False, timeout_s=0.3).code == "PROVIDER_TIMEOUT"
    )


@pytest.mark.parametrize("is_stream", [False, True], ids=["complete", "stream"])
def test_even_a_slow_answer_has_an_end(server: LLMServer, is_stream: bool) -> None:
    server.answer = lambda body: "茶" * 200
    error = failure(
        adapter(server), "[[server:drip=0.001]]", is_stream=is_stream, timeout_s=PATIENCE, deadline_s=0.1
    )
    assert (error.code, error.charged, error.retryable) == ("PROVIDER_TOO_SLOW", False, False)
    assert error.allows_fallback, "another provider may be faster"


@pytest.mark.parametrize("is_stream", [False, True], ids=["complete", "stream"])
@pytest.mark.parametrize(
    ("marker", "code"),
    [
        ("lost", "PROVIDER_CONNECTION_LOST"),
        ("cut", "PROVIDER_CONNECTION_LOST"),
        ("hang", "PROVIDER_TIMEOUT"),
        ("stream-error", "PROVIDER_UNAVAILABLE"),
        ("context-too-long", "PROVIDER_CONTEXT_TOO_LONG"),
    ],
)
def test_nothing_that_fails_has_cost_anything(
    server: LLMServer, marker: str, code: str, is_stream: bool
) -> None:
    error = failure(
        adapter(server),
        f"[[server:{marker}]]",
        is_stream=is_stream,
        timeout_s=0.5 if marker == "hang" else PATIENCE,
    )
    assert (error.code, error.charged) == (code, False)
    assert error.__cause__ is None
    assert KEY not in repr(error)


def test_images_are_refused_before_anything_is_sent(server: LLMServer) -> None:
    llm = adapter(server)
    request = chat(images=(ChatImage("image/png", PNG, 3, 2),))
    for ask in (llm.complete, lambda request: list(llm.stream(request))):
        with pytest.raises(ProviderError) as caught:
            ask(request)
        assert (caught.value.code, caught.value.charged) == ("PROVIDER_IMAGES_REFUSED", False)
    assert server.calls == []


def test_a_server_that_is_being_started_again_is_worth_another_try() -> None:
    llm = SmallModelChat(name="local-model", base_url=f"http://127.0.0.1:{closed_port()}/v1", model="m")
    error = failure(llm, "", is_stream=False)
    assert (error.retryable, error.charged) == (True, False)
