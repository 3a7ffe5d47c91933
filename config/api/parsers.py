"""Reading JSON bodies from strangers."""

import codecs
from collections.abc import Mapping
from email.message import Message
from typing import Any

import orjson
from django.conf import settings
from django.http import UnreadablePostError
from django.utils.translation import gettext as _
from rest_framework.parsers import BaseParser

from config.errors import BodyTooLargeError, MalformedError, UnsupportedMediaTypeError

MAX_DEPTH = 32
UTF8_NAMES = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})


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
        _check_depth(body, data)
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


def body_limit(view: Any) -> int:
    """The largest body, in bytes, that a view (or its class) reads."""
    most = settings.MAX_IMPORT_BYTES if getattr(view, "takes_files", False) else settings.MAX_BODY_BYTES
    own = getattr(view, "max_body_bytes", None)
    return int(min(most, own) if own else most)


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


def _check_depth(body: bytes, data: Any) -> None:
    """Level by level, so that no nesting can exhaust the stack."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    level, depth = [data], 0
    while level:
        level = [container for container in level if isinstance(container, dict | list)]
        depth += bool(level)
        if depth > MAX_DEPTH:
            raise MalformedError(reason=_too_deep())
        level = [child for container in level for child in _children(container)]


def _children(container: Any) -> Any:
    return container.values() if isinstance(container, dict) else container


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
