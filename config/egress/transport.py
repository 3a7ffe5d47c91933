"""The one mechanism of both ways out: a transport for httpx2 whose connections go to checked addresses only.

httpcore2 asks its network backend for a connection to the URL's host, and names that host itself to TLS (SNI and
certificate) and in the request. So the backend is the place to look the name up, check what is found and connect
to exactly that; nobody asks for the name a second time. Imported when first used, as httpx2 is slow to import.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, cast

import httpcore2
import httpx2

from config.egress.errors import (
    EgressError,
    EgressRefusedError,
    EgressTimeoutError,
    EgressTooLargeError,
    Reason,
)
from config.egress.limits import Limits, Until
from config.egress.policy import Policy
from config.egress.resolution import Lookup, resolve
from config.egress.sockets import PatientBackend, opened
from config.egress.urls import DEFAULT_PORTS, CheckedUrl

_WRITE_BYTES = 16 * 1024
_DECODABLE = frozenset({"gzip", "deflate"})
_ENCODING = "content-encoding"
_REPLACED = frozenset({b"host", b"accept-encoding"})
_FAILURES = (
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.UnsupportedProtocol,
)


class GuardedTransport(httpx2.BaseTransport):
    """Sends requests for one origin, the one that was checked.

    Failures are those of httpx2, with sentences of ours; `EgressError.behind` finds the egress error in them. All
    that is raised before anything was sent is a `ConnectError`, `ConnectTimeout` or `PoolTimeout`. Answers come
    unpacked: no content encoding is asked for, gzip and deflate are undone under the cap of bytes.
    """

    def __init__(
        self,
        checked: CheckedUrl,
        *,
        limits: Limits,
        max_connections: int,
        keepalive_s: float,
        lookup: Lookup | None,
    ) -> None:
        self._checked = checked
        self._limits = limits
        self._pool = httpcore2.ConnectionPool(
            ssl_context=tls_context(),
            max_connections=max_connections,
            max_keepalive_connections=max_connections,
            keepalive_expiry=keepalive_s,
            network_backend=_PinnedBackend(checked, lookup),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        with _plain_failures():
            if _origin(request.url) != (self._checked.scheme, self._checked.host, self._checked.port):
                raise EgressRefusedError(Reason.ORIGIN)
            answer = self._pool.handle_request(self._outgoing(request))
        chunks = cast("Iterable[bytes]", answer.stream)
        wire = _Capped(chunks, self._limits.max_bytes, answer.close)
        packed = httpx2.Response(answer.status, headers=answer.headers, stream=wire, request=request)
        packed.extensions.update(answer.extensions)
        return self._unpacked(packed)

    def close(self) -> None:
        self._pool.close()

    def _outgoing(self, request: httpx2.Request) -> httpcore2.Request:
        """The request as it leaves; of its extensions (SNI among them) only the time-outs are kept."""
        headers = [(name, value) for name, value in request.headers.raw if name.lower() not in _REPLACED]
        headers += [(b"Host", self._checked.netloc.encode("ascii")), (b"Accept-Encoding", b"identity")]
        return httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(
                scheme=self._checked.scheme,
                host=self._checked.host,
                port=self._checked.port,
                target=request.url.raw_path,
            ),
            headers=headers,
            content=request.stream,
            extensions={"timeout": self._timeouts(request.extensions.get("timeout") or {})},
        )

    def _timeouts(self, wanted: dict[str, float | None]) -> dict[str, Until]:
        ends = time.monotonic() + self._limits.total_s
        caps = dict.fromkeys(("connect", "read", "write", "pool"), self._limits.total_s)
        caps["connect"] = self._limits.connect_s
        asked = {name: wanted.get(name) for name in caps}
        return {
            name: Until(cap if asked[name] is None else min(cap, asked[name] or 0.0), ends)
            for name, cap in caps.items()
        }

    def _unpacked(self, packed: httpx2.Response) -> httpx2.Response:
        """The same answer without a content encoding."""
        encodings = [name.lower() for name in packed.headers.get_list(_ENCODING, split_commas=True)]
        encodings = [name for name in encodings if name not in ("", "identity")]
        if not encodings:
            return packed
        # One at most: of several, an inner one could grow without end while nothing comes out.
        if len(encodings) > 1 or encodings[0] not in _DECODABLE:
            packed.close()
            raise httpx2.DecodingError("The answer comes in an encoding that wasn't asked for.")
        left_out = {_ENCODING, "content-length"}
        return httpx2.Response(
            packed.status_code,
            headers=[(name, value) for name, value in packed.headers.multi_items() if name not in left_out],
            stream=_Capped(packed.iter_bytes(), self._limits.max_bytes, packed.close),
            extensions=packed.extensions,
        )


class _Capped(httpx2.SyncByteStream):
    """A body of at most so many bytes."""

    def __init__(self, chunks: Iterable[bytes], most: int, release: Callable[[], None]) -> None:
        self._chunks = chunks
        self._most = most
        self._release = release

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        with _plain_failures():
            for chunk in self._chunks:
                size += len(chunk)
                if size > self._most:
                    raise EgressTooLargeError(limit=self._most)
                yield chunk

    def close(self) -> None:
        self._release()


class _PinnedBackend(httpcore2.NetworkBackend):
    """Connects to what the checked host resolves to, after all of it was checked."""

    def __init__(self, checked: CheckedUrl, lookup: Lookup | None) -> None:
        self._checked = checked
        self._lookup = lookup
        self._sockets = PatientBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        return opened(lambda: self._connected(timeout))

    def _connected(self, timeout: float | None) -> httpcore2.NetworkStream:
        ends = time.monotonic() + _left(timeout, httpcore2.ConnectTimeout)
        pinned = resolve(self._checked, within_s=ends - time.monotonic(), lookup=self._lookup)
        failure: Exception = httpcore2.ConnectError()
        for tried, address in enumerate(pinned.addresses):
            share = (ends - time.monotonic()) / (len(pinned.addresses) - tried)
            if share <= 0:
                raise httpcore2.ConnectTimeout
            try:
                stream = self._sockets.connect_tcp(address, pinned.port, share, socket_options=())
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return _checked_stream(stream)
        raise failure


class _PinnedStream(httpcore2.NetworkStream):
    """A connection on which no step outlives its request."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # In pieces, as the time-out of one write starts anew with each byte that the other side takes.
        for start in range(0, len(buffer), _WRITE_BYTES):
            piece = buffer[start : start + _WRITE_BYTES]
            self._inner.write(piece, _left(timeout, httpcore2.WriteTimeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left = _left(timeout, httpcore2.ConnectTimeout)
        return _PinnedStream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def close(self) -> None:
        self._inner.close()


def _checked_stream(stream: httpcore2.NetworkStream) -> _PinnedStream:
    """The connection, unless it leads back to this machine through a public address of its own.

    Behind that address stands everything that listens here and that a firewall hides from the internet only.
    """
    here, there = (stream.get_extra_info(name)[0] for name in ("client_addr", "server_addr"))
    if here == there and not Policy.current().is_opened(ip_address(there)):
        stream.close()
        raise EgressRefusedError(Reason.ADDRESS)
    return _PinnedStream(stream)


def _left(timeout: float | None, late: type[Exception]) -> float:
    """Seconds that a step may take; `late` when the request's time is over."""
    left = timeout.left() if isinstance(timeout, Until) else (timeout or 0.0)
    if left <= 0:
        raise late
    return left


@contextmanager
def _plain_failures() -> Iterator[None]:
    """Failures as httpx2 names them, without the words of servers and libraries: those quote answers and headers."""
    try:
        yield
    except EgressTimeoutError as error:
        raise httpx2.ConnectTimeout("The name of the server wasn't found in time.") from error
    except EgressTooLargeError as error:
        raise httpx2.ReadError("The answer is too large.") from error
    except EgressError as error:
        raise httpx2.ConnectError("The address is refused or unknown.") from error
    except httpx2.DecodingError:
        raise httpx2.DecodingError("The answer can't be unpacked.") from None
    except _FAILURES as error:
        theirs: type[httpx2.TransportError] = getattr(httpx2, type(error).__name__)
        raise theirs("The address can't be reached, or the connection broke.") from None


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    host = url.raw_host.decode("ascii")
    if ":" in host:
        host = str(ip_address(host))
    return url.scheme, host, url.port or DEFAULT_PORTS.get(url.scheme)


@lru_cache(maxsize=1)
def tls_context() -> ssl.SSLContext:
    """The system's certificates, or those of SSL_CERT_FILE, by which an operator adds a CA of his own."""
    return httpx2.create_ssl_context()
