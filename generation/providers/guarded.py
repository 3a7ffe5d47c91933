"""The way to model servers that users name, for the `transport` of adapters: through `config.egress`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2

CONNECTIONS = 64
"""Calls in flight at one address, whoever asks there."""
LONGEST_S = 1_800.0
"""Seconds for a whole answer, however steadily it comes. Adapters end sooner, by their own time-outs."""
MOST_BYTES = 32 * 1024 * 1024


def guarded(base_url: str) -> httpx2.BaseTransport:
    """A transport that reaches the host of `base_url` only, at addresses that are checked for each connection.

    Adapters with this very function share their connections. Raises `config.egress.EgressRefusedError` when the URL
    itself is refused; an address that is found out later is refused before anything is sent. Adapters make
    `PROVIDER_ADDRESS_REFUSED` of both.
    """
    from config.egress.calls import guarded_transport
    from config.egress.limits import Limits

    return guarded_transport(
        base_url,
        limits=Limits(connect_s=10.0, total_s=LONGEST_S, max_bytes=MOST_BYTES),
        max_connections=CONNECTIONS,
    )
