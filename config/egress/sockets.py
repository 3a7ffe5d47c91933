"""Sockets that can be given up while they wait (`config.waiting`). Imported when first used: httpcore2 takes its time.

Who can give up reads along. Such a reader takes what comes in groups: a thread that wakes for each word of each of two
hundred answers spends most of its time on waking.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import httpcore2

from config import waiting

if TYPE_CHECKING:
    import httpx2


#: What comes within so short a time is read together. Nobody waits for it after a silence.
GROUP_SECONDS = 0.03


def opened(connect: Callable[[], httpcore2.NetworkStream]) -> httpcore2.NetworkStream:
    """The connection, unless it is given up before there is one, so that nothing was sent. Neither the look-up of a
    name nor a handshake can be interrupted."""
    try:
        return waiting.in_thread(connect, forget=lambda stream: stream.close())
    except waiting.GivenUpError:
        raise httpcore2.ConnectError("Nobody wants the connection any more.") from None


class PatientBackend(httpcore2.NetworkBackend):
    """Opens ordinary connections."""

    def __init__(self) -> None:
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        connect = partial(self._sockets.connect_tcp, host, port, timeout, local_address, socket_options or ())
        return _PatientStream(opened(connect))


class _PatientStream(httpcore2.NetworkStream):
    """Waits in short steps. A step that brought nothing has lost nothing either."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if not waiting.can_be_given_up():
            return self._inner.read(max_bytes, timeout)
        until = float("inf") if timeout is None else time.monotonic() + timeout
        if not self._inner.get_extra_info("is_readable"):  # else there is more of the group
            time.sleep(max(0.0, min(GROUP_SECONDS, until - time.monotonic())))
        while True:
            left = until - time.monotonic()
            try:
                return self._inner.read(max_bytes, max(0.001, min(left, waiting.LOOK_SECONDS)))
            except httpcore2.ReadTimeout:
                waiting.check()
                if time.monotonic() >= until:
                    raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _PatientStream(opened(partial(self._inner.start_tls, ssl_context, server_hostname, timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def close(self) -> None:
        self._inner.close()


def make_patient(client: httpx2.Client) -> None:
    """Have the connections of an ordinary client opened this way, its proxies' too. httpx2 has no door for it."""
    for transport in (client._transport, *client._mounts.values()):
        if (pool := getattr(transport, "_pool", None)) is not None:
            pool._network_backend = PatientBackend()
