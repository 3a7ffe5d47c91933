"""A reply while it is written, over HTTP: whoever reads has the message in the end, byte for byte."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services.sessions import session_start
from conversations.models import Conversation, Message, Reply
from conversations.services.messages import reply_stop
from generation.jobs import runner
from generation.live.slots import slots
from generation.providers.base import CONNECTION_LOST, ProviderError, Usage
from generation.providers.llm.base import ChatDelta, ChatRequest
from launcher.supervisor.broker import Broker
from tests.conversations.factories import CONVERSATIONS, answered, asked, conversation_of
from tests.support import scripted_llm
from tests.support.asgi_stream import OpenStream, open_stream
from tests.support.live_texts import TextReader

pytestmark = pytest.mark.django_db(transaction=True)
PIECES = [*"你好，世界！", "👩\u200d", "👩\u200d👧", " e", "\u0301 ", "🇨", "🇳", *"Ende ✨"] * 3
TEXT = "".join(PIECES)
END = ChatDelta(finish_reason="stop", usage=Usage(input_tokens=9, output_tokens=9))


@pytest.fixture
def conversation(alice: User) -> Conversation:
    return conversation_of(alice, title="茶")


@pytest.fixture
def token(alice: User) -> str:
    return session_start(user=alice).access


def path_of(message: Any, **more: Any) -> str:
    query = "".join(f"&{name}={value}" for name, value in more.items())
    return f"{CONVERSATIONS}/{message.conversation_id}/events?message={message.pk}{query}"


def says(monkeypatch: pytest.MonkeyPatch, *plays: Any, pause: float = 0.005) -> None:
    """What the model streams; an exception breaks it off, a function is called."""

    def stream(self: Any, request: ChatRequest) -> Any:
        for play in plays:
            if isinstance(play, BaseException):
                raise play
            if callable(play):
                play()
                continue
            yield play if isinstance(play, ChatDelta) else ChatDelta(text=play)
            time.sleep(pause)

    monkeypatch.setattr(scripted_llm.ScriptedLLM, "stream", stream)


def as_it_is_written(reply: Reply, read: Callable[[], Awaitable[Any]]) -> Any:
    """Read in the event loop while a worker's thread writes."""

    def write() -> None:
        try:
            runner.run(reply.pk)
        finally:
            connection.close()

    async def both() -> Any:
        writing = asyncio.create_task(asyncio.to_thread(write))
        found = await read()
        await writing
        return found

    return asyncio.run(both())


async def drained(stream: OpenStream, reader: TextReader) -> OpenStream:
    while not stream.is_complete:
        reader.take(await stream.read())
    return stream


async def dropping(path: str, token: str) -> TextReader:
    """A reader that hangs up after each new piece."""
    reader = TextReader()
    while True:
        headers = {"last_event_id": str(reader.last_id)} if reader.text else {}
        had = len(reader.text)
        async with open_stream(path, token, **headers) as stream:
            while len(reader.text) == had and not stream.is_complete:
                reader.take(await stream.read())
            if stream.is_complete:
                return reader


@pytest.mark.parametrize("has_valkey", [True, False])
def test_who_drops_and_resumes_has_the_message(
    has_valkey: bool,
    conversation: Conversation,
    token: str,
    providers: Any,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    if has_valkey:
        request.getfixturevalue("valkey")
    says(monkeypatch, *PIECES, END)
    reply = asked(conversation)
    message = reply.messages.get()
    reader = as_it_is_written(reply, lambda: dropping(path_of(message), token))
    message.refresh_from_db()
    assert reader.text == TEXT == message.content
    assert (message.status, message.is_rewritten) == ("complete", False)
    assert message.first_token_ms is not None
    assert len(slots) == 0


def test_the_end_says_what_became_of_it(conversation: Conversation, token: str) -> None:
    message = answered(conversation)

    async def read() -> Any:
        async with open_stream(path_of(message), token, accept_encoding="gzip") as stream:
            *_, end = await stream.rest()
            return end, stream.headers

    end, headers = asyncio.run(read())
    characters = len(message.content)
    assert (end.event, end.id) == ("end", str(characters))
    assert end.data == {"reason": "finished", "status": "complete", "characters": characters, "error": None}
    assert headers["x-accel-buffering"] == "no"
    assert headers["cache-control"] == "no-cache, no-transform"
    assert "content-encoding" not in headers


def test_where_a_reader_may_go_on(conversation: Conversation, token: str) -> None:
    message = answered(conversation)
    characters = len(message.content)

    async def ask(last_event_id: str) -> tuple[int, Any]:
        async with open_stream(path_of(message), token, last_event_id=last_event_id) as stream:
            if stream.status != 200:
                return stream.status, (await stream.json() if stream.status != 204 else None)
            first = await stream.next()
            return stream.status, (first.id, first.data["text"])

    async def ask_all() -> None:
        assert await ask("3") == (200, ("3", message.content[3:]))
        assert await ask(str(characters)) == (204, None)
        assert await ask(str(characters + 5)) == (200, (str(characters), ""))
        for bad in ("-1", "x", "1.5", "9" * 30):
            status, body = await ask(bad)
            assert status == 422
            assert body["data"]["details"]["fields"][0]["field"] == "Last-Event-ID"

    asyncio.run(ask_all())


def test_what_isnt_there_is_not_found(
    conversation: Conversation, token: str, alice: User, bob: User, client: APIClient
) -> None:
    message = answered(conversation)
    other = conversation_of(alice)
    events = f"{CONVERSATIONS}/{conversation.pk}/events"

    async def status(path: str, token: str = token) -> int:
        async with open_stream(path, token) as stream:
            await stream.json()
            return stream.status

    async def ask_all() -> None:
        assert await status(path_of(message), session_start_of_bob) == 404
        assert await status(f"{CONVERSATIONS}/{other.pk}/events?message={message.pk}") == 404
        assert await status(f"{events}?message={other.pk}") == 404
        assert await status(f"{events}?message=x") == 422

    session_start_of_bob = session_start(user=bob).access
    asyncio.run(ask_all())
    assert client.get(events).json()["data"]["id"] == str(message.pk)  # the current one
    assert client.get(f"{events}?after=3").json()["data"]["content"] == message.content[3:]
    refused = client.get(path_of(message), headers={"Accept": "text/event-stream"})
    assert (refused.status_code, refused.json()["data"]["code"]) == (406, "STREAM_NOT_SERVED_HERE")


def test_only_so_many_at_once(conversation: Conversation, token: str, settings: Any) -> None:
    settings.STREAMS_PER_USER_MAX = 1
    message = asked(conversation).messages.get()

    async def crowd() -> tuple[int, str]:
        async with open_stream(path_of(message), token) as stream:
            await stream.read()
            async with open_stream(path_of(message), token) as refused:
                assert refused.headers["retry-after"] == "30"
                return refused.status, (await refused.json())["data"]["code"]

    assert asyncio.run(crowd()) == (429, "TOO_MANY_STREAMS")
    assert len(slots) == 0


def test_reasoning_is_for_who_asks(
    valkey: Broker, conversation: Conversation, token: str, providers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(monkeypatch, ChatDelta(reasoning="先想"), ChatDelta(reasoning="一想"), "答案", END)
    reply = asked(conversation)
    message = reply.messages.get()

    async def read() -> list[TextReader]:
        readers = [TextReader(), TextReader()]
        paths = [path_of(message), path_of(message, reasoning="true")]

        async def follow(path: str, reader: TextReader) -> None:
            async with open_stream(path, token) as stream:
                await drained(stream, reader)

        await asyncio.gather(*map(follow, paths, readers))
        return readers

    found = as_it_is_written(reply, read)
    assert [(one.text, one.reasoning) for one in found] == [("答案", ""), ("答案", "先想一想")]


def test_stopping_keeps_what_had_come(
    valkey: Broker, conversation: Conversation, token: str, providers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(monkeypatch, "写了", "一半", lambda: reply_stop(conversation=conversation), *["再写"] * 10_000)
    reply = asked(conversation)
    message = reply.messages.get()
    reader = TextReader()

    async def read() -> Any:
        async with open_stream(path_of(message), token) as stream:
            return await drained(stream, reader)

    as_it_is_written(reply, read)
    message.refresh_from_db()
    assert message.status == "interrupted"
    assert message.error is None
    assert message.content.startswith("写了一半")
    assert reader.text == message.content
    assert message.output_tokens > 0
    reply.refresh_from_db()
    assert reply.running == 0


def test_a_provider_that_breaks_off_leaves_what_had_come(
    valkey: Broker, conversation: Conversation, token: str, providers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No other provider is asked, and the job isn't tried again: its readers have seen the beginning."""
    providers("deepseek", "openai")
    says(monkeypatch, "半句", ProviderError(CONNECTION_LOST, "lost", retryable=True, charged=None))
    reply = asked(conversation)
    message = reply.messages.get()
    reader = TextReader()

    async def read() -> Any:
        async with open_stream(path_of(message), token) as stream:
            return (await drained(stream, reader)).raw

    raw = as_it_is_written(reply, read).decode()
    message.refresh_from_db()
    assert (message.status, message.content, reader.text) == ("interrupted", "半句", "半句")
    assert message.error["code"] == "REPLY_BROKEN_OFF"
    assert '"reason":"finished","status":"interrupted","characters":2' in raw
    assert '"code":"REPLY_BROKEN_OFF"' in raw


def test_thoughts_that_are_known_as_such_at_the_end_only_are_taken_back(
    valkey: Broker, conversation: Conversation, token: str, providers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = ChatDelta(finish_reason="stop", usage=END.usage, misplaced=4)
    says(monkeypatch, "我想一想", "答案", end)
    reply = asked(conversation)
    message = reply.messages.get()

    reader = as_it_is_written(reply, lambda: dropping(path_of(message), token))
    message.refresh_from_db()
    assert reader.text == message.content == "答案"
    assert message.is_rewritten


class TestPolling:
    def test_says_the_same(
        self,
        valkey: Broker,
        client: APIClient,
        conversation: Conversation,
        providers: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        text, seen = [""], []

        def poll() -> None:
            shown = client.get(f"{path}?after={len(text[0])}").json()["data"]
            assert shown["after"] <= len(text[0])
            text[0] = text[0][: shown["after"]] + shown["content"]
            seen.append(shown["status"])

        says(monkeypatch, *[play for piece in PIECES for play in (piece, poll)], END)
        reply = asked(conversation)
        message = reply.messages.get()
        path = f"{CONVERSATIONS}/{conversation.pk}/messages/{message.pk}"
        runner.run(reply.pk)
        poll()
        assert set(seen) == {"streaming", "complete"}
        assert text[0] == TEXT

    def test_from_every_place(self, client: APIClient, conversation: Conversation) -> None:
        message = answered(conversation)
        path = f"{CONVERSATIONS}/{conversation.pk}/messages/{message.pk}"
        assert client.get(path).json()["data"]["after"] == 0
        for after in (0, 1, len(message.content), len(message.content) + 9):
            shown = client.get(f"{path}?after={after}").json()["data"]
            assert shown["after"] == min(after, len(message.content))
            assert shown["content"] == message.content[shown["after"] :]

    @pytest.mark.parametrize("after", ["-1", "x", "1.5", "9" * 30])
    def test_bad_places(self, client: APIClient, conversation: Conversation, after: str) -> None:
        message = answered(conversation)
        answer = client.get(f"{CONVERSATIONS}/{conversation.pk}/messages/{message.pk}?after={after}")
        assert answer.status_code == 422
        assert Message.objects.count() == 2
