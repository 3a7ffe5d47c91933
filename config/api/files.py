"""Files that are made while they are sent, under WSGI and ASGI alike."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse
from rest_framework.request import Request


def file_stream(
    request: Request, chunks: Iterator[bytes], *, content_type: str, name: str
) -> StreamingHttpResponse:
    """An attachment whose chunks are made one by one as the client takes them.

    Django collects a plain iterator whole before it sends it under ASGI; so there it gets one that makes each chunk
    in the request's own thread. `name` must be ASCII.
    """
    is_async = isinstance(request._request, ASGIRequest)
    return StreamingHttpResponse(
        _one_by_one(chunks) if is_async else chunks,
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Accel-Buffering": "no"},
    )


async def _one_by_one(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    take = sync_to_async(lambda: next(chunks, None))
    while (chunk := await take()) is not None:
        yield chunk
