"""A job's events: a page for those who poll, a stream for those who ask for one."""

import time
from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from accounts.domain.claims import Claims
from config.api.language import language_of
from config.api.lists.filters import IntFilter
from config.api.lists.query import read_list_query
from config.api.lists.reading import JsonPage
from config.api.lists.views import ListApi
from config.api.problems import capped
from config.api.renderers import JSendRenderer
from config.errors import ValidationFailedError
from generation.api.serializers.jobs import JobEventOut
from generation.api.views.streams import EventStream, slots
from generation.domain.states import TERMINAL
from generation.errors import (
    JobNotFoundError,
    StreamNotServedHereError,
    StreamsFullError,
    TooManyStreamsError,
)
from generation.selectors.jobs import job_event_list_for, job_get_for, job_list_for

LAST_EVENT_ID = "Last-Event-ID"
HEADERS = {
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",  # nginx would collect the events
    "X-Content-Type-Options": "nosniff",
}
DESCRIPTION = """The events of a job, numbered from 1 without gaps.

With `Accept: application/json` a page of those after number `after`; an empty one when there are none yet. Ask again
with the number of the last one.

With `Accept: text/event-stream` a stream. Each numbered event has an `id`, so a client that connects again sends
`Last-Event-ID` (or `?after=`) and misses nothing. `event` is the type and `data` the same object that polling shows. A
comment line comes at least every 15 seconds. A stream that ends by itself says so in a last event `end` without an id:
`{"reason", "status", "last_event"}`, where the reason is `finished`, `expired`, `revoked` (log in again),
`slow_reader`, `busy` or `gone`.

A stream lasts no longer than its token, a job may. After `expired`, `slow_reader` and `busy` there is more: come back
after the milliseconds of the last `retry` with `Last-Event-ID: <last_event>`, as an `EventSource` does by itself, and
after `expired` with a fresh token from `POST /auth/refresh`. Nothing is missed or told twice. Once the job is over and
everything was delivered, connecting again answers 204, which ends an `EventSource`.
"""


class EventStreamRenderer(BaseRenderer):
    """Stands for the media type in the negotiation; the bytes are written by `EventStream`."""

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


class JobEventListApi(ListApi):
    scope = "jobs"
    renderer_classes = (JSendRenderer, EventStreamRenderer)
    read_model = JobEventOut
    selector = job_event_list_for
    parent = job_list_for
    missing = JobNotFoundError
    filters = {"after": IntFilter("seq__gt", help="Only events with a larger number.")}
    sorts = ("seq",)
    default_sort = "seq"
    summary = "Follow a job"
    description = DESCRIPTION
    errors = (JobNotFoundError, StreamNotServedHereError, StreamsFullError, TooManyStreamsError)
    media_types = (EventStreamRenderer.media_type,)
    parameters = (
        OpenApiParameter(
            LAST_EVENT_ID,
            type=int,
            location=OpenApiParameter.HEADER,
            description="For streams, instead of `after` and before it.",
        ),
    )

    def get(self, request: Request, job_id: UUID) -> JsonPage | HttpResponse | StreamingHttpResponse:
        if request.accepted_renderer.format != EventStreamRenderer.format:
            return self.read_page(request)
        asked = (read_list_query(self.spec, request._request.GET).values or {}).get("after", 0)
        after = last_event_id(request)
        return self._stream(request, job_id, asked if after is None else after)

    def _stream(self, request: Request, job_id: UUID, after: int) -> HttpResponse | StreamingHttpResponse:
        job = job_get_for(self.caller.pk, job_id)
        if not isinstance(request._request, ASGIRequest):
            raise StreamNotServedHereError
        if job.status in TERMINAL and after >= job.event_seq:
            return HttpResponse(status=204)
        slots.check(self.caller.pk)
        stream = EventStream(
            job_id=job.pk,
            user_id=self.caller.pk,
            claims=cast(Claims, request.auth),
            # Behind the end means the end: otherwise the next events would be held back from the reader.
            after=min(after, job.event_seq),
            seconds=_longest_seconds(request),
            language=language_of(request._request),
        )
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
        message = _("Must be the id of an event of this job: a whole number from 0 on.")
        raise ValidationFailedError(
            details=capped([{"field": LAST_EVENT_ID, "code": "invalid", "message": message}])
        )
    return int(raw)


def _longest_seconds(request: Request) -> float:
    """Until the token runs out; and at most as long as a fresh one, so that whoever loses access loses the stream."""
    lifetime: Any = settings.SIMPLE_JWT["ACCESS_TOKEN_LIFETIME"]
    longest: float = lifetime.total_seconds()
    expires_at = getattr(request.auth, "expires_at", None)
    return longest if expires_at is None else max(0.0, min(longest, expires_at - time.time()))
