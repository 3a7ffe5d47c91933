"""The SDK clients of this process: one for each address and key, shared by all threads."""

from __future__ import annotations

import atexit
import os
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from openai import OpenAI

_KEEPALIVE_S = 4.0
"""Idle connections are dropped before common servers do it (uvicorn: 5 s): a request that meets a connection
being closed has an unknown outcome."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

_clients: dict[tuple[int, str, str, int], OpenAI] = {}
_lock = threading.Lock()


def shared_client(base_url: str, api_key: str, max_connections: int) -> OpenAI:
    """The client for `base_url` and `api_key`; at most `max_connections` of its calls are in flight at once."""
    # The process id keeps a forked child away from its parent's sockets.
    key = (os.getpid(), base_url, api_key, max_connections)
    client = _clients.get(key)
    if client is None:
        with _lock:
            client = _clients.get(key) or _build(base_url, api_key, max_connections)
            _clients[key] = client
    return client


def close_clients() -> None:
    """Close every connection of this process; the next call opens a new one."""
    with _lock:
        mine = [key for key in _clients if key[0] == os.getpid()]
        closing = [_clients.pop(key) for key in mine]
    for client in closing:
        client.close()


def authorization(api_key: str) -> dict[str, Any]:
    """The header for `api_key`, or the SDK's sign that there is to be none."""
    from openai import Omit

    return {"Authorization": f"Bearer {api_key}" if api_key else Omit()}


def _build(base_url: str, api_key: str, max_connections: int) -> OpenAI:
    import httpx2
    from openai import Omit, OpenAI

    limits = httpx2.Limits(
        max_connections=max_connections,
        max_keepalive_connections=max_connections,
        keepalive_expiry=_KEEPALIVE_S,
    )
    # A redirect would carry the prompt to an address nobody configured; a proxy for the outside world is none
    # for this machine.
    is_outside = urlsplit(base_url).hostname not in _LOOPBACK
    transport = httpx2.Client(limits=limits, follow_redirects=False, trust_env=is_outside)
    # The SDK fills what is missing from OPENAI_* variables, which are not meant for this vendor.
    headers = {"OpenAI-Organization": Omit(), "OpenAI-Project": Omit(), **authorization(api_key)}
    return OpenAI(
        api_key=api_key or "none",
        admin_api_key="",
        base_url=base_url,
        max_retries=0,
        http_client=transport,
        default_headers=headers,
    )


atexit.register(close_clients)
