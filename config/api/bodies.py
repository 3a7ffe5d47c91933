"""Bodies that come without a length, and types that can't be read, made safe before Django sees them.

Django takes a request without Content-Length for one without a body (under WSGI) or stores whatever arrives on disk
(under ASGI). Both doors read such a body up to the limit of the view that it is for and tell its length; of a longer
one they tell a length over the limit, so that the parser answers 413.

Django reads the `Content-Type`, and by its charset the address, before anybody could answer what is wrong with them.
"""

import io
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from email.message import Message
from typing import Any

from django.conf import settings
from django.urls import Resolver404, resolve
from django.utils.http import parse_header_parameters

#: What a form has around its file, at most.
FORM_BYTES = 64 * 1024
UTF8_NAMES = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})

Header = tuple[bytes, bytes]
Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]


def body_limit(view: Any) -> int:
    """The largest body, in bytes, that a view (or its class) reads."""
    most = getattr(settings, getattr(view, "body_setting", "MAX_BODY_BYTES"))
    own = getattr(view, "max_body_bytes", None)
    return int(min(most, own) if own else most)


def readable_type(given: str) -> str:
    """A `Content-Type` that Django can read: without parameters if one of them is in no encoding that there is, and
    without a charset, by which it would read the address, too. One that isn't UTF-8 is called unknown, to be refused.
    """
    try:
        charset = parse_header_parameters(given)[1].get("charset")
    except ValueError:  # also a number of thousands of digits
        return given.partition(";")[0]
    if charset is None:
        return given
    header = Message()
    header["content-type"] = given
    if charset.lower() in UTF8_NAMES:
        header.del_param("charset")
    else:
        header.set_param("charset", "unknown")
    return str(header["content-type"])


class WsgiBodies:
    """WSGI middleware: reads chunked bodies where the server says that their end can be seen (gunicorn does)."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["CONTENT_TYPE"] = readable_type(environ.get("CONTENT_TYPE", ""))
        is_chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        if is_chunked and environ.get("wsgi.input_terminated"):
            body = environ["wsgi.input"].read(_limit(environ.get("PATH_INFO", "/")) + 1)
            environ["wsgi.input"] = io.BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        return self.application(environ, start_response)


class AsgiBodies:
    """ASGI middleware: the same, and leaves alone what announces more than the limit. Django would write it to the
    disk before anybody asks who sent it."""

    def __init__(self, application: Callable[[Any, Any, Any], Awaitable[None]]) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["headers"] = _with_readable_type(scope["headers"])
            headers = dict(scope["headers"])
            if b"transfer-encoding" in headers and b"content-length" not in headers:
                body = await _read(receive, _limit(scope.get("path", "/")) + 1)
                scope["headers"] = [*scope["headers"], (b"content-length", str(len(body)).encode())]
                receive = _replayed(body, receive)
            elif _is_too_large(scope, headers):
                receive = _replayed(b"", receive)
        await self.application(scope, receive, send)


def _with_readable_type(headers: Iterable[Header]) -> list[Header]:
    """Django joins what stands in several headers of one name."""
    given = [value for name, value in headers if name == b"content-type"]
    joined = b",".join(given).decode("latin-1")
    if readable_type(joined) == joined:
        return list(headers)
    others = [(name, value) for name, value in headers if name != b"content-type"]
    return [*others, (b"content-type", readable_type(joined).encode("latin-1"))]


def _view(path: str) -> Any:
    """The class of the view at this address; None where there is none."""
    try:
        return getattr(resolve(path).func, "view_class", None)
    except Resolver404:
        return None


def _limit(path: str) -> int:
    """Of the view at this address."""
    return body_limit(_view(path))


def _file_limit(path: str) -> int:
    """Of the file that a form may bring along to this address."""
    return int(getattr(settings, getattr(_view(path), "file_limit", "FILE_MAX_BYTES")))


def _is_too_large(scope: Scope, headers: dict[bytes, bytes]) -> bool:
    """Addresses are looked up for large bodies only. A form may bring a file along."""
    announced = _announced(headers)
    if headers.get(b"content-type", b"").lower().startswith(b"multipart/form-data"):
        room = announced - FORM_BYTES
        return room > settings.FILE_MAX_BYTES and room > _file_limit(scope.get("path", "/"))
    return announced > settings.MAX_BODY_BYTES and announced > _limit(scope.get("path", "/"))


def _announced(headers: dict[bytes, bytes]) -> int:
    try:
        return int(headers.get(b"content-length", b"0"))
    except ValueError:
        return 0


async def _read(receive: Receive, limit: int) -> bytes:
    body = bytearray()
    while len(body) < limit:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] != "http.request" or not message.get("more_body"):
            break
    return bytes(body[:limit])


def _replayed(body: bytes, receive: Receive) -> Receive:
    """`receive` that begins with this body as a whole; what is left of the real one is skipped."""
    messages: list[Event] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Event:
        if messages:
            return messages.pop()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return message

    return replay
