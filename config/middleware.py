"""The request id: taken from the caller or made here, bound to every log line, sent back with every answer."""

import re
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from config.api import origin
from config.db import uuid7

HEADER = "X-Request-ID"
ACCEPTABLE = re.compile(r"^[A-Za-z0-9._-]{8,64}$")


class RequestContextMiddleware:
    """Sets `request.request_id`. A caller's own id is kept when it is short and harmless to log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
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
