"""What the views of streams share: the media type, headers, where to go on, how long."""

from collections.abc import Mapping
from typing import Any, cast

from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from accounts.domain.claims import Claims
from config.api.addresses import route_of
from config.api.language import language_of
from config.api.problems import capped
from config.errors import ValidationFailedError
from generation.domain.sse import event_number
from generation.errors import StreamNotServedHereError
from generation.live.door import RESUMABLE, Resumable, Resume
from generation.live.slots import slots
from generation.live.streams import Reader, Stream

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


def reader_of(request: Request) -> Reader:
    user: Any = request.user
    return Reader(user.pk, cast(Claims, request.auth), language_of(request._request))


def stream_response(
    request: Request, stream: Stream[Any], *, resume: Resume | None = None
) -> StreamingHttpResponse:
    """`resume` is for who comes back with the same request. Raises TooManyStreamsError and StreamsFullError."""
    slots.check(stream.reader.user_id)
    if resume is not None:
        scope = cast(dict[str, Any], cast(ASGIRequest, request._request).scope)
        scope[RESUMABLE] = Resumable(resume, route_of(request._request))
    # The thread that answers this request keeps its connection until the response is closed, minutes from now.
    if not connection.in_atomic_block:
        connection.close()
    return StreamingHttpResponse(stream, content_type="text/event-stream; charset=utf-8", headers=HEADERS)


def last_event_id(request: Request) -> int | None:
    """The number in the header, None without one. Raises ValidationFailedError."""
    raw = request.headers.get(LAST_EVENT_ID, "").strip()
    if not raw:
        return None
    number = event_number(raw)
    if number is None:
        message = _("Must be the id of an event of this stream: a whole number from 0 on.")
        raise ValidationFailedError(
            details=capped([{"field": LAST_EVENT_ID, "code": "invalid", "message": message}])
        )
    return number
