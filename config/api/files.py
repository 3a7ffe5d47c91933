"""Files that are made while they are sent, under WSGI and ASGI alike, and files that are read."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from rest_framework import serializers

from config.api.serializers import StrictSerializer


def file_stream(chunks: Iterator[bytes], *, content_type: str, name: str) -> StreamingHttpResponse:
    """An attachment, called so in whatever script, whose chunks are made one by one as the client takes them."""
    disposition = content_disposition_header(True, name) or "attachment"
    return StreamingHttpResponse(
        chunks,
        content_type=content_type,
        headers={"Content-Disposition": disposition, "X-Accel-Buffering": "no"},
    )


async def one_by_one(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The same for ASGI; each chunk is made in the request's own thread."""
    take = sync_to_async(lambda: next(chunks, None))
    while (chunk := await take()) is not None:
        yield chunk


class FileImportIn(StrictSerializer):
    """How a file is read."""

    encoding = serializers.CharField(
        max_length=40,
        required=False,
        default="",
        help_text="Of the file, such as big5 or windows-1252; left out: UTF-8, UTF-16 and GB18030 are recognized.",
    )
    dry_run = serializers.BooleanField(default=False, help_text="Checks and counts; nothing is written.")
