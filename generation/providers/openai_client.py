"""The SDK clients of this process: one for each address, shared by all threads and all keys.

A key travels with its call and is kept nowhere else, so that users with keys of their own share the connections to
a vendor. As users may name addresses too, only the last `MAX_CLIENTS` are kept; one that had to go closes its
connections when the last call that uses it has ended.
"""

from __future__ import annotations

import atexit
import os
import re
import ssl
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from generation.providers import retry, rules
from generation.providers.base import ProviderError, reference
from generation.providers.quiet import quiet
from generation.providers.reading import read_object

if TYPE_CHECKING:
    import httpx2
    from openai import APIStatusError, OpenAI

    Transport = Callable[[str], httpx2.BaseTransport]
    """Makes the way to an address, such as one that refuses private networks. A function of a module, so that
    adapters with the same one share their connections."""

MAX_CLIENTS = 64

_KEEPALIVE_S = 4.0
"""Idle connections are dropped before common servers do it (uvicorn: 5 s): a request that meets a connection
being closed has an unknown outcome."""
_MAX_REFUSAL = 256 * 1024
_KEY = re.compile(r"[!-~]*")
_REFERENCES = ("x-request-id", "x-siliconcloud-trace-id")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

_clients: OrderedDict[tuple[int, str, int, Transport | None], OpenAI] = OrderedDict()
_lock = threading.Lock()


def shared_client(base_url: str, max_connections: int, transport: Transport | None = None) -> OpenAI:
    """The client for `base_url`; at most `max_connections` of its calls are in flight at once.

    Whoever calls keeps it until the answer is read. Requests need `authorization`. Raises what `transport` raises.
    """
    # The process id keeps a forked child away from its parent's sockets.
    key = (os.getpid(), base_url, max_connections, transport)
    with _lock:
        client = _clients.pop(key, None) or _build(base_url, max_connections, transport)
        _clients[key] = client
        while len(_clients) > MAX_CLIENTS:
            _clients.popitem(last=False)
    return client


def close_clients() -> None:
    """Close every connection of this process; the next call opens a new one."""
    with _lock:
        mine = [key for key in _clients if key[0] == os.getpid()]
        closing = [_clients.pop(key) for key in mine]
    for client in closing:
        client.close()


def client_for(
    provider: str, base_url: str, max_connections: int, transport: Transport | None = None
) -> OpenAI:
    """The same, raising nothing but `ProviderError`."""
    try:
        return shared_client(base_url, max_connections, transport)
    except Exception as error:  # noqa: BLE001 - a way that can't be made; what it says may name what lies behind
        failure = retry.no_way_error(error, provider=provider)
    raise failure


def authorization(provider: str, api_key: str) -> dict[str, Any]:
    """The header for `api_key`, or the SDK's sign that there is to be none. Raises `ProviderError` for a key that no
    header takes: what the HTTP library says about it would quote it."""
    from openai import Omit

    if not _KEY.fullmatch(api_key):
        raise rules.NO_KEY.error(provider)
    return {"Authorization": f"Bearer {api_key}" if api_key else Omit()}


def reference_of(response: httpx2.Response, api_key: str) -> str | None:
    """What the vendor calls the request, by which its support finds it."""
    return next(filter(None, (reference(response.headers.get(name), api_key) for name in _REFERENCES)), None)


def body_of(error: APIStatusError) -> object:
    """What a refusal says: its whole body, of which the SDK gives only a part, and nothing if it can't read it."""
    content = error.response.content[:_MAX_REFUSAL]
    return read_object(content) or content.decode("utf-8", "replace").strip()


def failure_of(
    error: Exception, *, provider: str, codes: Mapping[str, rules.Rule], api_key: str
) -> ProviderError:
    """The error for whatever the SDK raised, for a vendor whose own codes are `codes`; it never shows `api_key`.

    Raise it outside of the handler of `error`, so that no exception that knows the request's headers hangs on it.
    """
    import openai

    if isinstance(error, openai.APIStatusError):
        return retry.openai_status_error(
            error.status_code,
            body_of(error),
            error.response.headers,
            provider=provider,
            provider_ref=reference_of(error.response, api_key),
            codes=codes,
        )
    if isinstance(error, openai.APIConnectionError):
        return retry.transport_error(error.__cause__ or error, provider=provider)
    return retry.transport_error(error, provider=provider)


def _build(base_url: str, max_connections: int, transport: Transport | None) -> OpenAI:
    import httpx2
    from openai import Omit, OpenAI

    from config.egress.sockets import make_patient

    limits = httpx2.Limits(
        max_connections=max_connections,
        max_keepalive_connections=max_connections,
        keepalive_expiry=_KEEPALIVE_S,
    )
    # A redirect would carry the prompt to an address nobody configured; a proxy for the outside world is none
    # for this machine, and would do the looking up that a guarded way must do itself.
    http = httpx2.Client(
        limits=limits,
        verify=_certificates(),
        follow_redirects=False,
        transport=transport(base_url) if transport else None,
        trust_env=transport is None and urlsplit(base_url).hostname not in _LOOPBACK,
    )
    if transport is None:
        make_patient(http)
    # The SDK fills what is missing from OPENAI_* variables, which are not meant for this vendor.
    headers: dict[str, Any] = dict.fromkeys(
        ("OpenAI-Organization", "OpenAI-Project", "Authorization"), Omit()
    )
    client = OpenAI(
        api_key="none",
        admin_api_key="",
        base_url=base_url,
        max_retries=0,
        http_client=http,
        default_headers=headers,
    )
    weakref.finalize(client, http.close)
    quiet("openai", "httpx2", "httpcore2")
    return client


@cache
def _certificates() -> ssl.SSLContext:
    """Reading the certificates takes longer than all the rest of making a client."""
    import httpx2

    return httpx2.create_ssl_context()


atexit.register(close_clients)
