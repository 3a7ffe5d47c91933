"""A server that answers chat completions with whatever a test says, and both ways of asking it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest

from generation.providers.llm.base import ChatDelta, ChatRequest, ChatResult
from generation.providers.llm.openai import OpenAIChat
from generation.providers.openai_client import close_clients
from tests.contract.requests import chat
from tests.support.raw_http import RawServer, Talk, ok

USAGE = {"prompt_tokens": 60, "completion_tokens": 20, "total_tokens": 80}
KEY = "sk-marked-7f3a91-never-show"

both_ways = pytest.mark.parametrize("is_stream", [False, True], ids=["complete", "stream"])


def whole(
    content: Any = "Hello there.", *, reason: Any = "stop", usage: Any = USAGE, **message: Any
) -> dict[str, Any]:
    said = {"role": "assistant", "content": content, **message}
    answer = {
        "id": "c-1",
        "model": "m-1",
        "choices": [{"index": 0, "message": said, "finish_reason": reason}],
    }
    return answer if usage is None else {**answer, "usage": usage}


def events(
    content: Any = "Hello there.", *, reason: Any = "stop", usage: Any = USAGE, **delta: Any
) -> list[Any]:
    """The same in a stream: each text in two pieces."""

    def chunk(part: dict[str, Any], finish: Any = None) -> dict[str, Any]:
        return {
            "id": "c-1",
            "model": "m-1",
            "choices": [{"index": 0, "delta": part, "finish_reason": finish}],
        }

    found = [chunk({"role": "assistant"})]
    for name, value in {**delta, "content": content}.items():
        halves = (value[:3], value[3:]) if isinstance(value, str) else (value,)
        found += [chunk({name: half}) for half in halves]
    found.append(chunk({}, reason))
    if usage is not None:
        found.append({"id": "c-1", "choices": [], "usage": usage})
    return found


def sse(found: list[Any], *, done: bool = True, end: bytes = b"\n\n") -> bytes:
    parts = [b"data: " + (event if isinstance(event, bytes) else orjson.dumps(event)) for event in found]
    return end.join([*parts, *([b"data: [DONE]"] if done else []), b""])


Body = bytes | dict[str, Any] | list[Any]


@contextmanager
def vendor(*bodies: Body, status: str = "200 OK", **options: Any) -> Iterator[tuple[OpenAIChat, RawServer]]:
    """Answers with the bodies in turn, the last one for ever: bytes as they are, a list as a stream."""
    left = list(bodies)

    def answer(talk: Talk) -> None:
        body = left.pop(0) if len(left) > 1 else left[0]
        code = status
        if isinstance(body, dict) and "http" in body:
            body = dict(body)
            code = body.pop("http")
        raw = sse(body) if isinstance(body, list) else body if isinstance(body, bytes) else orjson.dumps(body)
        talk.send(ok(raw, status=code))

    with RawServer(answer) as server:
        fields = {
            "name": "vendor",
            "base_url": f"http://127.0.0.1:{server.port}/v1",
            "model": "m-1",
            "api_key": KEY,
        }
        try:
            yield OpenAIChat(**{**fields, **options}), server
        finally:
            close_clients()  # or the server would wait for them


def ask(llm: OpenAIChat, request: ChatRequest | None = None, *, is_stream: bool) -> ChatResult:
    """What came, by either way."""
    request = request or chat("Write.")
    if not is_stream:
        return llm.complete(request)
    pieces: list[ChatDelta] = list(llm.stream(request))
    last = pieces[-1]
    assert last.finish_reason is not None
    assert last.usage is not None
    return ChatResult(
        text="".join(piece.text for piece in pieces)[last.misplaced :],
        finish_reason=last.finish_reason,
        usage=last.usage,
        provider="vendor",
        model="m-1",
        reasoning="".join(piece.reasoning for piece in pieces),
        answered_model=last.answered_model,
        cut=last.cut,
    )


def asked(make: Callable[..., Body], *, is_stream: bool, **fields: Any) -> Body:
    """`whole` or `events` with these fields."""
    return (events if is_stream else make)(**fields)
