"""Reading JSON bodies from strangers."""

import codecs
import re
from collections.abc import Mapping
from email.message import Message
from typing import Any

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.files.uploadhandler import FileUploadHandler, load_handler
from django.http import UnreadablePostError
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils.translation import gettext as _
from rest_framework.parsers import BaseParser, DataAndFiles

from config.api.bodies import FORM_BYTES, UTF8_NAMES, body_limit
from config.errors import BodyTooLargeError, MalformedError, UnsupportedMediaTypeError
from config.files.errors import FileTooLargeError

MAX_DEPTH = 32
_TEXT = re.compile(rb'"(?:[^"\\]+|\\.)*+"', re.DOTALL)
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))


class StrictJSONParser(BaseParser):
    """JSON as RFC 8259 has it, within limits.

    Refused: more than the view reads (`body_limit`; 413, also when no length was announced),
    another charset than UTF-8 (415), invalid UTF-8, NaN, lone surrogates, nesting deeper than 32, and NUL characters,
    which PostgreSQL can't store (all 400). A byte order mark is skipped. Of two equal keys the last one counts, as in
    JavaScript and Python.
    """

    media_type = "application/json"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        _check_charset(media_type or "")
        body = _read(stream, parser_context).removeprefix(codecs.BOM_UTF8)
        try:
            data = orjson.loads(body)
        except orjson.JSONDecodeError as exc:
            raise MalformedError(reason=_reason(exc)) from None
        _check_depth(body)
        if b"\\u0000" in body and _has_nul(data):
            raise MalformedError(reason=_("a text contains the NUL character, which can't be stored"))
        return data


class CsvParser(BaseParser):
    """The body as bytes: a CSV file in whatever encoding, as large as the view reads (413)."""

    media_type = "text/csv"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        return _read(stream, parser_context)


class RawJsonParser(CsvParser):
    """The body as bytes: a file of JSON, which is read elsewhere."""

    media_type = "application/json"


class FileParser(BaseParser):
    """One file, as browsers send it: the part `file` of a form. Written to a temporary file while it is read, and no
    further than the view's `max_file_bytes` (413)."""

    media_type = "multipart/form-data"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> "DataAndFiles[Any, Any]":
        view: Any = (parser_context or {})["view"]
        limit: int = view.max_file_bytes
        announced = int(stream.META.get("CONTENT_LENGTH") or 0)
        if announced > limit + FORM_BYTES:
            raise FileTooLargeError(limit=limit)
        most = body_limit(view)
        if "HTTP_TRANSFER_ENCODING" in stream.META and announced > most:
            raise BodyTooLargeError(limit=most)  # of one without a length no more was read
        counted: Any = CountedStream(stream)
        handlers = [SizeLimit(limit), *map(load_handler, settings.FILE_UPLOAD_HANDLERS)]
        try:
            data, files = MultiPartParser(stream.META, counted, handlers, "utf-8").parse()
        except (MultiPartParserError, TooManyFilesSent, TooManyFieldsSent, RequestDataTooBig):
            raise MalformedError(reason=_("it is no form of multipart/form-data with one file")) from None
        except (UnreadablePostError, OSError):
            raise MalformedError(reason=_("the connection broke while the body was read")) from None
        if counted.read_bytes < announced:
            raise MalformedError(reason=_("the body is shorter than its Content-Length"))
        return DataAndFiles(data, files)


class CountedStream:
    """A body, and how much of it was read."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.read_bytes = 0

    def read(self, size: int = -1) -> bytes:
        piece: bytes = self._stream.read(size)
        self.read_bytes += len(piece)
        return piece


class SizeLimit(FileUploadHandler):
    """Stands before those that keep what comes."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        if start + len(raw_data) > self._limit:
            raise FileTooLargeError(limit=self._limit)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The next one has the file."""
        return


def _check_charset(media_type: str) -> None:
    if "charset" in media_type.lower():
        message = Message()
        message["content-type"] = media_type
        if (message.get_content_charset() or "utf-8").lower() not in UTF8_NAMES:
            raise UnsupportedMediaTypeError


def _read(stream: Any, context: Mapping[str, Any] | None) -> bytes:
    limit = body_limit((context or {}).get("view"))
    announced = int(getattr(stream, "META", {}).get("CONTENT_LENGTH") or 0)
    if announced > limit:
        raise BodyTooLargeError(limit=limit)
    try:
        body: bytes = stream.read(limit + 1)
    except (UnreadablePostError, OSError):
        raise MalformedError(reason=_("the connection broke while the body was read")) from None
    if len(body) > limit:
        raise BodyTooLargeError(limit=limit)
    if len(body) < announced:
        raise MalformedError(reason=_("the body is shorter than its Content-Length"))
    return body


def _reason(exc: orjson.JSONDecodeError) -> str:
    if "depth" in exc.msg or "recursion" in exc.msg:
        return _too_deep()
    place = {"problem": exc.msg, "line": exc.lineno, "column": exc.colno}
    return _("it is not valid JSON (%(problem)s, line %(line)d, column %(column)d)") % place


def _too_deep() -> str:
    return _("it is nested deeper than %(limit)d levels") % {"limit": MAX_DEPTH}


def _check_depth(body: bytes) -> None:
    """Of what is JSON, in as many passes over it as it is deep: whatever is in it, that takes no long time."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    brackets = _TEXT.sub(b"", body).translate(_ONE_KIND, _NO_BRACKET)
    for _depth in range(MAX_DEPTH):
        brackets = brackets.replace(b"[]", b"")
    if brackets:
        raise MalformedError(reason=_too_deep())


def _has_nul(data: Any) -> bool:
    waiting = [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            if "\x00" in value:
                return True
        elif isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value
    return False
