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


def begin_request(given: str) -> str:
    """Say in the lines of the log from now on which request is answered. Returns its id: `given` by the caller, if that
    is short and harmless to log."""
    request_id = given if ACCEPTABLE.match(given) else uuid7().hex
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id)
    return request_id


def log_request(method: str | None, route: str, status: int, started: float) -> None:
    # Whoever asks for health asks each second.
    (log.debug if route.startswith("/health") else log.info)(
        "request", method=method, route=route, status=status, ms=round((perf_counter() - started) * 1000, 1)
    )


class RequestContextMiddleware:
    """Sets `request.request_id`; logs each request as one line.

    Of a stream the line says how long it took until it began.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = begin_request(request.headers.get(HEADER, ""))
        request.request_id = request_id  # type: ignore[attr-defined]
        started = perf_counter()
        with origin.answering(request):
            response = self.get_response(request)
        response.headers[HEADER] = request_id
        log_request(request.method, route_of(request), response.status_code, started)
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
