"""A job's events: a page for those who poll, a stream for those who ask for one."""

from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from config.api.lists.filters import IntFilter
from config.api.lists.query import read_list_query
from config.api.lists.reading import JsonPage
from config.api.lists.views import ListApi
from config.api.renderers import JSendRenderer
from generation.api.serializers.jobs import JobEventOut
from generation.domain.states import TERMINAL
from generation.errors import (
    JobNotFoundError,
    StreamNotServedHereError,
    StreamsFullError,
    TooManyStreamsError,
)
from generation.live.event_streams import EventStream
from generation.live.http import (
    LAST_EVENT_ID,
    EventStreamRenderer,
    check_served,
    last_event_id,
    reader_of,
    stream_response,
)
from generation.selectors.jobs import job_event_list_for, job_get_for, job_list_for

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
        check_served(request)
        if job.status in TERMINAL and after >= job.event_seq:
            return HttpResponse(status=204)
        stream = EventStream(
            reader_of(request),
            job_id=job.pk,
            # Behind the end means the end: otherwise the next events would be held back from the reader.
            after=min(after, job.event_seq),
        )
        return stream_response(request, stream)
