"""What the views of streams share: the media type, headers, where to go on, how long."""

import time
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from config.api.problems import capped
from config.errors import ValidationFailedError
from generation.errors import StreamNotServedHereError
from generation.live.slots import slots
from generation.live.streams import Stream

LAST_EVENT_ID = "Last-Event-ID"
HEADERS = {
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",  # nginx would collect the events
    "X-Content-Type-Options": "nosniff",
}


class EventStreamRenderer(BaseRenderer):
    """Stands for the media type in the negotiation; the bytes are written by a `Stream`."""

    media_type = "text/event-stream"
    format = "event-stream"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        raise NotImplementedError("a stream isn't rendered from data")


def check_served(request: Request) -> None:
    """Raises StreamNotServedHereError where threads answer."""
    if not isinstance(request._request, ASGIRequest):
        raise StreamNotServedHereError


def stream_response(stream: Stream[Any], *, user_id: Any) -> StreamingHttpResponse:
    """Raises TooManyStreamsError and StreamsFullError."""
    slots.check(user_id)
    # The thread that answers this request keeps its connection until the response is closed, minutes from now.
    if not connection.in_atomic_block:
        connection.close()
    return StreamingHttpResponse(stream, content_type="text/event-stream; charset=utf-8", headers=HEADERS)


def last_event_id(request: Request) -> int | None:
    """The number in the header, None without one. Raises ValidationFailedError."""
    raw = request.headers.get(LAST_EVENT_ID, "").strip()
    if not raw:
        return None
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 18):
        message = _("Must be the id of an event of this stream: a whole number from 0 on.")
        raise ValidationFailedError(
            details=capped([{"field": LAST_EVENT_ID, "code": "invalid", "message": message}])
        )
    return int(raw)


def longest_seconds(request: Request) -> float:
    """Until the token runs out; and at most as long as a fresh one, so that whoever loses access loses the stream."""
    lifetime: Any = settings.SIMPLE_JWT["ACCESS_TOKEN_LIFETIME"]
    longest: float = lifetime.total_seconds()
    expires_at = getattr(request.auth, "expires_at", None)
    return longest if expires_at is None else max(0.0, min(longest, expires_at - time.time()))
