"""From where a request came, and where it went."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The caller's IP address; empty when the server doesn't know it (a Unix socket without a proxy's header).

    `X-Forwarded-For` can be written by anybody, so it is read only from the right and only as many places as there
    are proxies of ours (`NUM_PROXIES`): each of them appends the address that it saw itself.
    """
    direct: str = request.META.get("REMOTE_ADDR", "")
    if not settings.NUM_PROXIES:
        return direct
    seen = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    return seen[-min(settings.NUM_PROXIES, len(seen))] if seen else direct


def address_group(address: str) -> str:
    """What counts as one caller: an IPv4 address, or the /64 network that a provider gives to one IPv6 customer."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    except ValueError:
        return address


def route_of(request: HttpRequest | None) -> str:
    """The pattern of the address, which says what was asked for and nothing of whom, for logs: an address may hold the
    token of a link. Empty for files and odd ones."""
    match = getattr(request, "resolver_match", None)
    return f"/{match.route}" if match else ""
