"""A small closed-loop load generator: keep-alive clients over raw sockets, each sending its next request at once.

One thread per client and no HTTP library: it costs about 0.05 ms of CPU a request, so that the server is what is
measured. Bounded in time and in count.
"""

import socket
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

LONGEST_WAIT = 30.0
MOST_REQUESTS = 200_000


@dataclass(frozen=True, slots=True)
class Request:
    """What a client repeats: the paths, in turn, with its own token."""

    paths: Sequence[str]
    token: str

    def encoded(self, port: int) -> list[bytes]:
        head = f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {self.token}\r\nAccept: application/json\r\n\r\n"
        return [f"GET {path} HTTP/1.1\r\n{head}".encode() for path in self.paths]


@dataclass(slots=True)
class Result:
    """Latencies in seconds of all answers with status 200, and how long the run took."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, percent: int) -> float:
        """Milliseconds."""
        return statistics.quantiles(self.latencies, n=100)[percent - 1] * 1000


class Connection:
    """A keep-alive connection that reads one answer at a time."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = self._connect()
        self.rest = b""

    def _connect(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.port), timeout=LONGEST_WAIT)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body. Raises ConnectionError when the server hangs up in the middle."""
        self.socket.sendall(request)
        received = self.rest
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._receive()
        head = received[:end].lower()
        at = head.index(b"content-length:") + len(b"content-length:")
        length = int(head[at:].split(b"\r\n", 1)[0])
        body = received[end + 4 :]
        while len(body) < length:
            body += self._receive()
        self.rest = body[length:]
        if b"connection: close" in head:
            self.close()
            self.socket = self._connect()
        return int(head[9:12]), body[:length]

    def _receive(self) -> bytes:
        received = self.socket.recv(262_144)
        if not received:
            raise ConnectionError("the server hung up")
        return received

    def close(self) -> None:
        self.socket.close()


def run(port: int, requests: Sequence[Request], seconds: float) -> Result:
    """Let one client per request go for so many seconds. Raises RuntimeError when any answer isn't 200."""
    result = Result()
    failures: list[str] = []
    start = threading.Barrier(len(requests) + 1)
    threads = [
        threading.Thread(target=_client, args=(port, one, seconds, start, result, failures))
        for one in requests
    ]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    result.seconds = time.perf_counter() - began
    if failures:
        raise RuntimeError(f"{len(failures)} clients failed, the first: {failures[0]}")
    return result


def _client(
    port: int, request: Request, seconds: float, start: threading.Barrier, result: Result, failures: list[str]
) -> None:
    encoded = request.encoded(port)
    latencies: list[float] = []
    connection = Connection(port)
    start.wait()
    end = time.perf_counter() + seconds
    try:
        for number in range(MOST_REQUESTS):
            sent = time.perf_counter()
            if sent >= end:
                break
            status, body = connection.ask(encoded[number % len(encoded)])
            latencies.append(time.perf_counter() - sent)
            if status != 200:
                failures.append(f"{status} {body[:300]!r}")
                break
    except (OSError, ValueError) as error:
        failures.append(repr(error))
    finally:
        connection.close()
        result.latencies += latencies
