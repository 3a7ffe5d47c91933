"""Who comes back to a reply that is written is let in as a moment ago, without a request's cost, and no further."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import redis
from django.db import connection
from structlog.testing import capture_logs

from accounts.models import User
from accounts.services.sessions import session_start, sessions_end_all
from config.api.throttling import count_users
from conversations.models import Message
from conversations.services.conversations import conversation_delete
from generation.live.door import StreamDoor
from generation.live.slots import slots
from launcher.supervisor.broker import Broker
from tests.conversations.factories import CONVERSATIONS, asked, conversation_of
from tests.support.asgi_stream import OpenStream, django, open_stream

pytestmark = pytest.mark.django_db(transaction=True)
SO_FAR = "先烧水。"


@dataclass
class House:
    """A door, and how many requests went through it to the framework."""

    token: str
    requests: int = 0

    def __post_init__(self) -> None:
        self.door = StreamDoor(self._count)

    async def _count(self, scope: Any, receive: Any, send: Any) -> None:
        self.requests += 1
        await django(scope, receive, send)

    def open(self, path: str, token: str = "", **headers: str) -> AbstractAsyncContextManager[OpenStream]:
        return open_stream(path, token or self.token, self.door, **headers)

    async def read(self, path: str, token: str = "", **headers: str) -> tuple[int, Any]:
        """The status, and the first event, or the code of the error."""
        async with self.open(path, token, **headers) as stream:
            if stream.status == 200:
                return stream.status, await stream.next()
            return stream.status, (await stream.json())["data"]["code"] if stream.status != 204 else None


@pytest.fixture
def house(alice: User, settings: Any) -> House:
    settings.REDIS_URL = ""
    return House(session_start(user=alice).access)


@pytest.fixture
def message(alice: User) -> Message:
    """Half of it is there, and nobody writes the rest."""
    message = asked(conversation_of(alice)).messages.get()
    rewrite(message, content=SO_FAR)
    return message


def rewrite(message: Message, **values: Any) -> None:
    for name, value in values.items():
        setattr(message, name, value)
    message.save()


def path_of(message: Message, query: str = "") -> str:
    return f"{CONVERSATIONS}/{message.conversation_id}/events?message={message.pk}{query}"


async def in_thread(work: Callable[[], Any]) -> Any:
    def released() -> Any:
        try:
            return work()
        finally:
            connection.close()

    return await asyncio.to_thread(released)


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(work())  # type: ignore[arg-type]
    assert len(slots) == 0


def test_who_comes_back_is_answered_the_same(house: House, message: Message, settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]
    settings.RATE_LIMIT_MAX_REQUESTS = 5
    path, headers = path_of(message), {"origin": "https://app.example", "traceparent": "00-1"}

    async def read() -> None:
        answers = []
        for number in range(3):
            asking = {**headers, "traceparent": f"00-{number}", "x_request_id": f"request-{number}"}
            asking |= {"last_event_id": str(number)} if number else {}
            async with house.open(path, **asking) as stream:
                event = await stream.next()
                assert (event.id, event.data["text"]) == (str(number), SO_FAR[number:])
                answers.append((stream.status, dict(stream.headers)))
        assert house.requests == 1
        for number, (_status, answered) in enumerate(answers):
            assert answered.pop("x-request-id") == f"request-{number}"
            assert answered.pop("ratelimit-remaining") == str(4 - number)
            assert int(answered.pop("ratelimit-reset")) > 0
        assert answers[0] == answers[1] == answers[2]
        assert answers[0][1]["access-control-allow-origin"] == "https://app.example"

    with capture_logs() as lines:
        run(read)
    lines = [line for line in lines if line["event"] == "request"]
    assert {(line["method"], line["status"]) for line in lines} == {("GET", 200)}
    assert {line["route"] for line in lines} == {"/api/v1/conversations/<uuid:conversation_id>/events"}
    assert len(lines) == 3


def test_whoever_asks_otherwise_is_asked_anew(house: House, message: Message, bob: User) -> None:
    path, token_of_bob = path_of(message), session_start(user=bob).access
    current = f"{CONVERSATIONS}/{message.conversation_id}/events"
    cases: list[tuple[str, Callable[[], Awaitable[tuple[int, Any]]], Any]] = [
        ("somebody else", partial(house.read, path, token_of_bob), (404, "NOT_FOUND")),
        ("nobody", partial(house.read, path, "x"), (401, "TOKEN_INVALID")),
        ("another message", partial(house.read, f"{current}?message={bob.pk}"), (404, "NOT_FOUND")),
        ("another language", partial(house.read, path, accept_language="zh"), 200),
        ("with a body", partial(house.read, path, content_length="0"), 200),
        ("no place", partial(house.read, path, last_event_id="x"), (422, "VALIDATION_FAILED")),
        ("before the beginning", partial(house.read, path, last_event_id="-1"), (422, "VALIDATION_FAILED")),
        ("the current message", partial(house.read, current), 200),
        ("the current message again", partial(house.read, current), 200),
    ]

    async def read() -> None:
        await house.read(path)
        assert house.requests == 1
        for number, (name, ask, expected) in enumerate(cases):
            status, found = await ask()
            assert expected in ((status, found), status), name
            assert house.requests == number + 2, name
        await house.read(path)  # what was refused for its place has no pass any more
        _status, event = await house.read(path, last_event_id="99")
        assert (event.id, event.data["text"]) == (str(len(SO_FAR)), "")
        assert house.requests == len(cases) + 2

    run(read)


def test_what_is_over_is_told_to_the_end_and_no_further(house: House, message: Message) -> None:
    end = SO_FAR + "再等。"

    async def read() -> None:
        await house.read(path_of(message))
        async with house.open(path_of(message), last_event_id="2") as stream:
            await stream.next()
            await in_thread(partial(rewrite, message, content=end, status="complete"))
            assert [event.event for event in await stream.rest()] == ["delta", "end"]
        _status, event = await house.read(path_of(message), last_event_id="3")
        assert event.data["text"] == end[3:]
        assert house.requests == 1
        assert await house.read(path_of(message), last_event_id=str(len(end))) == (204, None)

    run(read)


@pytest.mark.parametrize("what", ["session", "conversation"])
def test_what_has_ended_meanwhile_ends_who_comes_back(
    what: str, house: House, alice: User, message: Message, settings: Any
) -> None:
    settings.AUTH_SNAPSHOT_SECONDS = 2
    deeds: dict[str, tuple[Callable[[], Any], str, int]] = {
        "session": (lambda: sessions_end_all(owner_id=alice.pk), "revoked", 401),
        "conversation": (lambda: conversation_delete(conversation=message.conversation), "gone", 404),
    }
    do, reason, refused = deeds[what]

    async def read() -> None:
        await house.read(path_of(message))
        await in_thread(do)
        async with house.open(path_of(message)) as stream:
            if stream.status == 200:
                assert (await stream.rest())[-1].data["reason"] == reason
            else:  # it took long enough to be known
                assert stream.status == refused
        assert (await house.read(path_of(message)))[0] == refused

    run(read)


def test_requests_are_counted_by_one_connection(valkey: Broker, settings: Any) -> None:
    """Each request of an event loop has a cache of its own."""
    settings.CACHES = {"default": {"BACKEND": "config.cache.SafeRedisCache", "LOCATION": valkey.url}}
    settings.RATE_LIMIT_MAX_REQUESTS = 5

    async def count_all() -> list[Any]:
        return [await asyncio.create_task(asyncio.to_thread(count_users, ["her"])) for _ in range(3)]

    with redis.Redis.from_url(valkey.url) as client:
        before = client.info("stats")["total_connections_received"]
        windows = asyncio.run(count_all())
        assert client.info("stats")["total_connections_received"] - before <= 1
        (key,) = client.keys("*throttle:user:her:*")
        assert 0 < client.ttl(key) <= 2 * settings.RATE_LIMIT_WINDOW_MS / 1000
    assert [window.used for (window,) in windows] == [1, 2, 3]


def test_limits_hold_for_who_comes_back(house: House, message: Message, settings: Any) -> None:
    settings.STREAMS_PER_USER_MAX = 1

    async def read() -> None:
        async with house.open(path_of(message)) as stream:
            await stream.next()
            assert await house.read(path_of(message)) == (429, "TOO_MANY_STREAMS")
        settings.RATE_LIMIT_MAX_REQUESTS = 2
        for _ in range(2):
            assert (await house.read(path_of(message)))[0] == 200
        assert await house.read(path_of(message)) == (429, "RATE_LIMITED")

    run(read)
