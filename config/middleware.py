"""What surrounds every request: whether its proxy is believed, its id, its line in the log, how files are sent."""

import ipaddress
import re
from collections.abc import Callable
from functools import lru_cache
from time import perf_counter

import structlog
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from config.api import origin
from config.api.addresses import route_of
from config.api.files import one_by_one
from config.db import uuid7

HEADER = "X-Request-ID"
ACCEPTABLE = re.compile(r"^[A-Za-z0-9._-]{8,64}$")

log = structlog.get_logger(__name__)

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
    """Sets `request.request_id`, a caller's own if it is short and harmless to log; logs each request as one line.

    Of a stream the line says how long it took until it began.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        request_id = given if ACCEPTABLE.match(given) else uuid7().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = perf_counter()
        with origin.answering(request):
            response = self.get_response(request)
        response.headers[HEADER] = request_id
        route = route_of(request)
        # Whoever asks for health asks each second.
        (log.debug if route.startswith("/health") else log.info)(
            "request",
            method=request.method,
            route=route,
            status=response.status_code,
            ms=round((perf_counter() - started) * 1000, 1),
        )
        return response


class StreamMiddleware:
    """Under ASGI, files and other plain iterators are sent piece by piece, too: Django would first read them whole, and
    warn of it."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if (
            isinstance(request, ASGIRequest)
            and isinstance(response, StreamingHttpResponse)
            and not response.is_async
        ):
            response.streaming_content = one_by_one(iter(response))
        return response
