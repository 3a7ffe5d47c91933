"""A stored file as an answer: whole or a range of it (RFC 9110), and never as a page of ours."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from config.api import etags
from config.files.errors import FileRangeError
from config.files.headers import declared_type, disposition_of

CHUNK = 64 * 1024
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
#: Whatever a browser takes the file for, it runs nothing of it and lets it reach nothing.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def file_response(
    request: HttpRequest, file: BinaryIO, *, size: int, tag: str, media_type: str, name: str, max_age: int
) -> HttpResponseBase:
    """The file, which is closed at the end, or before FileRangeError is raised for a range behind its end. Another
    content has another `tag`.

    Several ranges at once, and what can't be read as a range, get the whole file, as the standard allows.
    """
    etag = f'"{tag}"'
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": f"private, max-age={max_age}",
        "Content-Disposition": disposition_of(media_type, name),
        "Content-Security-Policy": POLICY,
        "Cross-Origin-Resource-Policy": "cross-origin",
        "ETag": etag,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    known = request.META.get("HTTP_IF_NONE_MATCH")
    if known and etags.matches(known, etag):
        file.close()
        return HttpResponse(status=304, headers=headers)
    try:
        wanted = _range(request, size, etag)
    except FileRangeError:
        file.close()
        raise
    first, length = wanted or (0, size)
    headers["Content-Length"] = str(length)
    if wanted:
        headers["Content-Range"] = f"bytes {first}-{first + length - 1}/{size}"
    return StreamingHttpResponse(
        Pieces(file, first, length if request.method == "GET" else 0),
        status=206 if wanted else 200,
        content_type=declared_type(media_type),
        headers=headers,
    )


def _range(request: HttpRequest, size: int, etag: str) -> tuple[int, int] | None:
    """First byte and length of what is asked for; None: everything."""
    asked = RANGE.fullmatch(request.META.get("HTTP_RANGE", "").strip())
    if asked is None or request.META.get("HTTP_IF_RANGE", etag) != etag:
        return None
    first, last = asked.groups()
    if not first:
        if not last:
            return None
        length = min(int(last), size)
        if not length:
            raise FileRangeError(size=size)
        return size - length, length
    begin, end = int(first), min(int(last or size), size - 1)
    if last and int(last) < begin:
        return None
    if begin >= size:
        raise FileRangeError(size=size)
    return begin, end - begin + 1


class Pieces:
    """So many bytes of a file, which the answer closes when it has ended, however it has."""

    def __init__(self, file: BinaryIO, first: int, length: int) -> None:
        file.seek(first)
        self._file = file
        self._left = length
        self.close = file.close

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = self._file.read(min(CHUNK, self._left))
        if not piece:
            raise StopIteration
        self._left -= len(piece)
        return piece
