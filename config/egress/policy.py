"""What the operator allows, read from the settings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING

from django.conf import settings

from config.egress.addresses import OPENABLE, Address, Network, is_in, is_metadata, is_public

if TYPE_CHECKING:
    from config.env import Env


@dataclass(frozen=True, slots=True)
class Policy:
    """`private` are networks of the house that users' addresses may lead to; `allow_http` is for all others."""

    allow_http: bool
    private: tuple[Network, ...]

    @classmethod
    def current(cls) -> Policy:
        return cls(settings.EGRESS_ALLOW_HTTP, parse_networks(tuple(settings.EGRESS_ALLOW_PRIVATE)))

    def allows(self, address: Address, scheme: str) -> bool:
        """Whether `address` may be called at all, and in this scheme."""
        if is_metadata(address):
            return False
        return self.is_opened(address) or (is_public(address) and self.allows_scheme(scheme))

    def allows_scheme(self, scheme: str) -> bool:
        """Whether hosts outside of the opened networks may be called in this scheme."""
        return scheme == "https" or self.allow_http

    def is_opened(self, address: Address) -> bool:
        return is_in(address, self.private)


@lru_cache(maxsize=8)
def parse_networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    """The networks (`10.1.0.0/16`, `192.168.1.5`, `fd12::/64`); ValueError for one that can't be opened."""
    return tuple(_openable(text) for text in texts)


def _openable(text: str) -> Network:
    network = ip_network(text)
    if not any(_is_within(network, outer) for outer in OPENABLE):
        raise ValueError(f"{text} is not inside a private network")
    return network


def _is_within(network: Network, outer: Network) -> bool:
    if isinstance(network, IPv4Network) and isinstance(outer, IPv4Network):
        return network.subnet_of(outer)
    return isinstance(network, IPv6Network) and isinstance(outer, IPv6Network) and network.subnet_of(outer)


def egress_settings(env: Env) -> tuple[bool, list[str]]:
    """`EGRESS_ALLOW_HTTP` and `EGRESS_ALLOW_PRIVATE`; a network that can't be opened is reported at the start."""
    allow_http = env.bool(
        "EGRESS_ALLOW_HTTP", default=False, help="Let users name http:// addresses on the internet, too"
    )
    texts = env.list(
        "EGRESS_ALLOW_PRIVATE",
        default=[],
        help="Private networks that users' addresses may lead to, e.g. 192.168.1.5 or 10.1.0.0/16",
    )
    opened = []
    for text in texts:
        try:
            _openable(text)
        except ValueError as error:
            env.problem(
                f"holds what can't be opened: {error}.",
                name="EGRESS_ALLOW_PRIVATE",
                fix=f"Name networks inside {', '.join(map(str, OPENABLE))}.",
            )
        else:
            opened.append(text)
    return allow_http, opened
