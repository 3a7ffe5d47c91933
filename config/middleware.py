"""What is settled before anybody looks at a request: whether its proxy is believed, and its id."""

import ipaddress
import re
from collections.abc import Callable
from functools import lru_cache

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from config.api import origin
from config.db import uuid7

HEADER = "X-Request-ID"
ACCEPTABLE = re.compile(r"^[A-Za-z0-9._-]{8,64}$")

Answer = Callable[[HttpRequest], HttpResponse]


class ProxyMiddleware:
    """Takes `X-Forwarded-Proto` away unless a proxy of ours has written it: anybody can send it.

    A proxy of ours stands in one of `TRUSTED_PROXIES`, where `NUM_PROXIES` says that there are any. A Unix socket has
    no address; whoever may open it is ours.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "HTTP_X_FORWARDED_PROTO" in request.META and not _is_ours(request.META.get("REMOTE_ADDR", "")):
            del request.META["HTTP_X_FORWARDED_PROTO"]
        return self.get_response(request)


def _is_ours(address: str) -> bool:
    return bool(settings.NUM_PROXIES) and _is_within(address, tuple(settings.TRUSTED_PROXIES))


@lru_cache(maxsize=256)
def _is_within(address: str, networks: tuple[str, ...]) -> bool:
    if not address:
        return True
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found in ipaddress.ip_network(network) for network in networks)


class RequestContextMiddleware:
    """Sets `request.request_id`. A caller's own id is kept when it is short and harmless to log."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        request_id = given if ACCEPTABLE.match(given) else uuid7().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        with origin.answering(request):
            response = self.get_response(request)
        response.headers[HEADER] = request_id
        return response
