"""A client of event streams that speaks to the ASGI application in this process, and may hang up at any moment."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from asgiref.testing import ApplicationCommunicator
from django.core.asgi import get_asgi_application

from generation.live.door import StreamDoor
from tests.support.patience import PATIENCE


async def django(scope: Any, receive: Any, send: Any) -> None:
    """As the settings of the test that asks have it."""
    await get_asgi_application()(scope, receive, send)


APPLICATION = StreamDoor(django)


@dataclass(frozen=True)
class ServerEvent:
    """One event as an `EventSource` would hand it over; `id` is None when it has none of its own."""

    id: str | None
    event: str
    data: Any


@dataclass
class OpenStream:
    """A response whose body is being read."""

    status: int
    headers: Mapping[str, str]
    communicator: ApplicationCommunicator
    raw: bytes = b""
    is_complete: bool = False
    _unread: list[ServerEvent] = field(default_factory=list)

    async def read(self, timeout: float = PATIENCE) -> bytes:
        """The next piece of the body; empty at its end."""
        if self.is_complete:
            return b""
        message = await self.communicator.receive_output(timeout)
        self.is_complete = not message.get("more_body", False)
        piece: bytes = message.get("body", b"")
        self.raw += piece
        if self.headers.get("content-type", "").startswith("text/event-stream"):
            self._unread += parse(piece)
        return piece

    async def next(self) -> ServerEvent:
        while not self._unread:
            assert not self.is_complete, "the stream is over"
            await self.read()
        return self._unread.pop(0)

    async def rest(self) -> list[ServerEvent]:
        """Everything up to the end of the body."""
        while not self.is_complete:
            await self.read()
        rest, self._unread = self._unread, []
        return rest

    async def json(self) -> Any:
        while not self.is_complete:
            await self.read()
        return json.loads(self.raw)

    async def hang_up(self) -> None:
        await self.communicator.send_input({"type": "http.disconnect"})
        await self.communicator.wait(PATIENCE)


def parse(piece: bytes) -> list[ServerEvent]:
    """Events of a piece that ends where an event ends, as the server sends them; comments are skipped."""
    events = []
    for block in piece.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in fields:
            events.append(ServerEvent(fields.get("id"), fields["event"], json.loads(fields["data"])))
    return events


@asynccontextmanager
async def open_stream(
    url: str, token: str, application: Any = APPLICATION, **headers: str
) -> AsyncIterator[OpenStream]:
    """GET with `Accept: text/event-stream`; hangs up at the end of the block. Header names take `_` for `-`."""
    parts = urlsplit(url)
    given = {"host": "localhost", "accept": "text/event-stream", "authorization": f"Bearer {token}"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }
    communicator = ApplicationCommunicator(application, scope)
    await communicator.send_input({"type": "http.request", "body": b"", "more_body": False})
    start = await communicator.receive_output(PATIENCE)
    answered = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    stream = OpenStream(start["status"], answered, communicator)
    try:
        yield stream
    finally:
        if not communicator.future.done():
            await stream.hang_up()
