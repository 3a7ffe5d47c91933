"""Readers of live replies that cost little: they share the CPUs with what is measured, so they only note what comes and
when, and read it when all is over."""

import asyncio
import json
import time
from dataclasses import dataclass, field

from benchmarks.vendor import WIDTH

END, DELTA = b"event: end\n", b"event: delta\n"


class Connection(asyncio.Protocol):
    """One time that a reader reads."""

    def __init__(self, began: int, stays: float | None) -> None:
        self.began = began
        self.stays = stays
        self.noted: list[tuple[int, bytes]] = []
        self.has_delta = False
        self.has_end = False
        self.is_over = asyncio.get_running_loop().create_future()
        self._tail = b""

    def data_received(self, data: bytes) -> None:
        if not self.noted:
            if data[9:12] not in (b"200", b"204"):
                self.is_over.set_exception(SystemExit(data.decode()))
            if self.stays is not None:
                asyncio.get_running_loop().call_later(self.stays, self.connection_lost, None)
        self.noted.append((time.monotonic_ns(), data))
        seen = self._tail + data
        self.has_delta = self.has_delta or DELTA in seen
        self._tail = data[-len(DELTA) :]
        if END in seen or b" 204 " in seen[:20]:
            self.has_end = True
            self.connection_lost(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.is_over.done():
            self.is_over.set_result(None)

    def last_id(self) -> str:
        """Of the events that came whole; empty when none did."""
        whole = b"".join(data for _at, data in self.noted).rpartition(b"\n\n")[0]
        _before, found, last = whole.rpartition(b"\nid: ")
        return last.partition(b"\n")[0].decode() if found else ""


@dataclass
class Reader:
    """Follows one message to its end. `stays`: hangs up after so many seconds and comes back; first after `first`."""

    port: int
    path: str
    token: str
    stays: float | None = None
    first: float | None = None
    connections: list[Connection] = field(default_factory=list)
    text: str = ""
    #: When each piece came, and how long after it had left.
    came: list[tuple[int, int]] = field(default_factory=list)

    @property
    def has_begun(self) -> bool:
        return any(one.has_delta for one in self.connections)

    @property
    def is_connected(self) -> bool:
        return any(one.noted for one in self.connections)

    @property
    def is_over(self) -> bool:
        return bool(self.connections and self.connections[-1].has_end)

    async def follow(self) -> None:
        last_id, stays = "", self.first
        while not self.is_over:
            connection = await self._read(last_id, stays)
            last_id, stays = connection.last_id() or last_id, self.stays

    async def _read(self, last_id: str, stays: float | None) -> Connection:
        loop = asyncio.get_running_loop()
        connection = Connection(time.monotonic_ns(), stays)
        self.connections.append(connection)
        transport, _protocol = await loop.create_connection(lambda: connection, "127.0.0.1", self.port)
        last = f"Last-Event-ID: {last_id}\r\n" if last_id else ""
        head = f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Proto: https\r\n"
        head += f"Authorization: Bearer {self.token}\r\nAccept: text/event-stream\r\n{last}\r\n"
        transport.write(head.encode())
        await connection.is_over
        transport.abort()
        return connection

    def understand(self) -> None:
        """Read what was noted, as the API tells readers to."""
        for connection in self.connections:
            unread = b""
            for at, data in connection.noted:
                *blocks, unread = (unread + data).split(b"\n\n")
                for block in blocks:
                    self._take(block, at)

    def _take(self, block: bytes, at: int) -> None:
        """An event; the frames of HTTP's chunks stand between its lines and look like none of them."""
        if DELTA not in block:
            return
        lines = dict(line.split(": ", 1) for line in block.decode().splitlines() if ": " in line)
        self.text = self.text[: int(lines["id"])] + json.loads(lines["data"])["text"]
        # A piece may end before the space: adapters hold white space back until something follows it.
        for start in range(len(self.came) * WIDTH, len(self.text) - WIDTH + 2, WIDTH):
            self.came.append((at, at - int(self.text[start : start + WIDTH])))

    def returns(self, since: int) -> list[float]:
        """How many milliseconds passed from each coming back until something came."""
        back = [one for one in self.connections[1:] if one.noted and one.began >= since]
        return [(one.noted[0][0] - one.began) / 1e6 for one in back]
