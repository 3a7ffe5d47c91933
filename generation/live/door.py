"""Who comes back to a live text is let in by what let them in a moment ago.

A reader on a shaky line comes back again and again, each time with the request it came with first, only from further
on. What that request is answered doesn't change from one second to the next: who asks, which headers middleware adds,
whose text it is. So a request that was let in leaves a pass. One that is the same, but for where it goes on and which
request it is, is answered by the pass, in the event loop: without a query, and without the way through the framework.
Whatever is different, or not known here any more, is a request like any other, and so is everything that is refused.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from hashlib import blake2b
from time import perf_counter
from typing import Any
from uuid import UUID

from django.conf import settings

from config.api.throttling import Window, count_users
from config.middleware import HEADER, begin_request, log_request
from generation.domain.sse import event_number
from generation.errors import StreamsFullError, TooManyStreamsError
from generation.live.slots import slots
from generation.live.streams import Stream

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

#: So long a pass is good. Then everything is looked at, and it is noted that a token is in use.
PASS_SECONDS = 60.0
#: When there are more, all are forgotten.
MOST_PASSES = 10_000

LAST_EVENT_ID = b"last-event-id"
REQUEST_ID = HEADER.lower().encode()
#: By what a request, and what proxies wrote into it, differs from the same request a second before.
OF_ONE_REQUEST = frozenset(
    {
        LAST_EVENT_ID,
        REQUEST_ID,
        b"cf-ray",
        b"traceparent",
        b"tracestate",
        b"x-amzn-trace-id",
        b"x-cloud-trace-context",
    }
)
#: What is said anew in each answer.
OF_ONE_ANSWER = frozenset({REQUEST_ID, *(name.lower().encode() for name in Window(0, 0, 0).headers())})


#: The same stream for who comes back and has so many characters, if they say so; None: they have to ask.
Resume = Callable[[int | None], Stream[Any] | None]
#: Where a view puts its `Resumable`, in the scope of the request.
RESUMABLE = "generation.live.resumable"


@dataclass(frozen=True, slots=True)
class Resumable:
    """What a view says of its stream."""

    resume: Resume
    route: str


@dataclass(frozen=True, slots=True)
class Pass:
    """How a request was answered."""

    stream: Resumable
    headers: Headers
    until: float


class Counts:
    """Counts the requests of those who come back, all of one moment in one trip: each in a thread of its own would wait
    in line with what reads for everybody."""

    def __init__(self) -> None:
        self._waiting: list[tuple[UUID, asyncio.Future[Window | None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def count(self, user_id: UUID) -> Window | None:
        """None: there is no limit."""
        if not settings.RATE_LIMIT_MAX_REQUESTS:
            return None
        loop = asyncio.get_running_loop()
        counted: asyncio.Future[Window | None] = loop.create_future()
        self._waiting.append((user_id, counted))
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._count())
        return await counted

    async def _count(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            try:
                windows = await asyncio.to_thread(count_users, [user_id for user_id, _counted in waiting])
            except Exception as exc:  # noqa: BLE001 — those who wait for it raise it
                for _user_id, counted in waiting:
                    if not counted.done():
                        counted.set_exception(exc)
                continue
            for (_user_id, counted), window in zip(waiting, windows, strict=True):
                if not counted.done():
                    counted.set_result(window)


class StreamDoor:
    """ASGI middleware around everything else."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._passes: dict[bytes, Pass] = {}
        self._counts = Counts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = _key(scope)
        known = None if key is None else self._passes.get(key)
        if known is not None and await self._resumed(known, scope, receive, send):
            return
        await self._application(scope, receive, send if key is None else self._noting(key, scope, send))

    async def _resumed(self, known: Pass, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer by the pass; False: it doesn't hold, and nothing was answered."""
        started = perf_counter()
        is_clear, place = _place(scope["headers"])
        if not is_clear or known.until <= time.monotonic():
            return False
        stream = known.stream.resume(place)
        if stream is None:
            return False
        try:
            slots.check(stream.reader.user_id)
        except (StreamsFullError, TooManyStreamsError):
            return False
        window = await self._counts.count(stream.reader.user_id)
        if window is not None and window.is_over:
            return False
        given = next((value for name, value in scope["headers"] if name == REQUEST_ID), b"")
        request_id = begin_request(given.decode("latin-1"))
        own = {HEADER: request_id, **(window.headers() if window is not None else {})}
        headers = [*known.headers, *((name.encode(), value.encode()) for name, value in own.items())]
        log_request(scope["method"], known.stream.route, 200, started)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await _send_all(stream, receive, send)
        return True

    def _noting(self, key: bytes, scope: Scope, send: Send) -> Send:
        """`send` that keeps a pass, if the answer is a stream that can be resumed."""

        async def note(message: Event) -> None:
            if message["type"] == "http.response.start":
                self._passes.pop(key, None)
                stream = scope.get(RESUMABLE)
                if stream is not None:
                    self._keep(key, stream, message["headers"])
            await send(message)

        return note

    def _keep(self, key: bytes, stream: Resumable, headers: Headers) -> None:
        if len(self._passes) >= MOST_PASSES:
            self._passes.clear()
        same = [(name, value) for name, value in headers if name.lower() not in OF_ONE_ANSWER]
        self._passes[key] = Pass(stream, same, time.monotonic() + PASS_SECONDS)


def _key(scope: Scope) -> bytes | None:
    """A digest of what is asked for, by whom and from where; None: not for a stream, or not so simply."""
    if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].endswith("/events"):
        return None
    parts = [scope["scheme"].encode(), scope["raw_path"], scope["query_string"]]
    parts.append(str(scope["client"] and scope["client"][0]).encode())
    for name, value in scope["headers"]:
        if name in (b"content-length", b"transfer-encoding"):
            return None
        if name not in OF_ONE_REQUEST:
            parts += (name, value)
    return blake2b(b"\n".join(parts), digest_size=32).digest()


def _place(headers: Headers) -> tuple[bool, int | None]:
    """Whether it can be told where the reader goes on, and where."""
    given = [value.strip() for name, value in headers if name == LAST_EVENT_ID]
    if not any(given):
        return True, None
    place = event_number(given[0].decode("latin-1")) if len(given) == 1 else None
    return place is not None, place


async def _send_all(stream: Stream[Any], receive: Receive, send: Send) -> None:
    """Until the stream ends, or its reader hangs up."""
    sending = asyncio.current_task()
    assert sending is not None
    listening = asyncio.create_task(_hung_up(receive))
    listening.add_done_callback(lambda _done: sending.cancel())
    try:
        async for chunk in stream:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    except asyncio.CancelledError:
        if not listening.done():
            raise
        sending.uncancel()
    finally:
        listening.cancel()
        stream.leave()


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
