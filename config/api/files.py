"""Files that are made while they are sent, under WSGI and ASGI alike."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse


def file_stream(chunks: Iterator[bytes], *, content_type: str, name: str) -> StreamingHttpResponse:
    """An attachment whose chunks are made one by one as the client takes them. `name` must be ASCII."""
    return StreamingHttpResponse(
        chunks,
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Accel-Buffering": "no"},
    )


async def one_by_one(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The same for ASGI; each chunk is made in the request's own thread."""
    take = sync_to_async(lambda: next(chunks, None))
    while (chunk := await take()) is not None:
        yield chunk
