"""A message while it is written, as a stream."""

from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from config.api.lists.views import ResourceApi
from config.api.renderers import JSendRenderer
from config.api.schema import operation
from config.api.views import Detail
from config.errors import NotFoundError
from conversations.api.serializers.messages import MessageEventsIn, MessageRestOut
from conversations.api.views.messages import rest_of
from conversations.models import Message
from conversations.selectors import MESSAGE_TEXTS, conversation_list_for, message_list_for
from generation.errors import StreamNotServedHereError, StreamsFullError, TooManyStreamsError
from generation.live.http import (
    LAST_EVENT_ID,
    EventStreamRenderer,
    check_served,
    last_event_id,
    reader_of,
    stream_response,
)
from generation.live.text_streams import LiveReading, live_hubs

DESCRIPTION = """With `Accept: text/event-stream` a message as it grows, and when it is over its rest; with
`Accept: application/json` the same as `GET …/messages/{message_id}?after=N` answers to those who poll. Reading doesn't
hold the reply up and leaving doesn't end it.

An event `delta` has `{"text"}`; its `id` is the number of characters (Unicode code points) of the answer before it. A
reader has one rule: cut what it has to so many characters, then append. So it comes back with `Last-Event-ID`, as an
`EventSource` does by itself, as often as it likes, and has what the message has in the end. A smaller id takes back
what was shown: a process died and less was kept, or what came first turned out not to belong to the answer.

With `?reasoning=true` an event `reasoning` has `{"at", "text"}`: the same for what the model thinks aloud.

A comment line comes at least every 15 seconds. A stream that ends by itself says so in a last event `end`:
`{"reason", "status", "characters", "error"}`, where the reason is `finished`, `expired`, `revoked` (log in again),
`slow_reader`, `busy` or `gone`. After `expired`, `slow_reader` and `busy` there is more: come back after the
milliseconds of the last `retry`, after `expired` with a fresh token. The id of an `end` with the reason `finished` is
the number of characters; who comes back with it is answered 204, which ends an `EventSource`.
"""

hubs = live_hubs(MESSAGE_TEXTS)


class MessageEventsApi(ResourceApi):
    scope = "conversations"
    read_model = MessageRestOut
    selector = message_list_for
    renderer_classes = (JSendRenderer, EventStreamRenderer)

    @operation(
        "Follow a message",
        description=DESCRIPTION,
        media_types=(EventStreamRenderer.media_type,),
        parameters=(
            MessageEventsIn,
            OpenApiParameter(
                LAST_EVENT_ID,
                type=int,
                location=OpenApiParameter.HEADER,
                description="The id of the last event, instead of `after` and before it.",
            ),
        ),
        errors=(NotFoundError, StreamNotServedHereError, StreamsFullError, TooManyStreamsError),
        operation_id="followMessage",
    )
    def get(self, request: Request, **keys: Any) -> Detail | HttpResponse | StreamingHttpResponse:
        conversation_id = self.kwargs["conversation_id"]
        conversation = conversation_list_for(self.caller.pk).filter(pk=conversation_id).first()
        if conversation is None:
            raise NotFoundError
        asked = self.read_query(MessageEventsIn)
        messages = message_list_for(self.caller.pk, conversation_id)
        wanted = asked.get("message", conversation.current_message_id)
        message = messages.filter(pk=wanted).first() if wanted else None
        if message is None:
            raise NotFoundError
        if request.accepted_renderer.format != EventStreamRenderer.format:
            return Detail(rest_of(self.row_json(message.pk), message.pk, asked.get("after", 0)))
        check_served(request)
        return self._stream(request, message, asked)

    def _stream(
        self, request: Request, message: Message, asked: dict[str, Any]
    ) -> HttpResponse | StreamingHttpResponse:
        after = last_event_id(request)
        if after is not None and message.is_over and after == len(message.content):
            return HttpResponse(status=204)
        reading = LiveReading(
            hubs,
            message.pk,
            reader_of(request),
            after=asked.get("after", 0),
            with_reasoning=asked["reasoning"],
        )
        # Which message is the current one may change between two requests.
        resume = reading.resume if "message" in asked else None
        return stream_response(request, reading.stream(after), resume=resume)
