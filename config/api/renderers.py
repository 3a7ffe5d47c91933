"""JSend envelopes, written by orjson."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
from django.utils.functional import Promise
from rest_framework.renderers import BaseRenderer

JSON = "application/json"
OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        # Always six digits, as in REST_FRAMEWORK["DATETIME_FORMAT"] and in the rows that the database writes.
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, Promise | Decimal):
        return str(value)
    if isinstance(value, bytes):
        return orjson.Fragment(value)
    raise TypeError(f"{type(value).__name__} can't be written as JSON")


def to_json(value: Any) -> bytes:
    """UTF-8 JSON. Knows datetimes (UTC, microseconds, `Z`), dates, UUIDs, enums, dataclasses, decimals (as strings),
    lazy translations, and bytes, which must be JSON text already."""
    return orjson.dumps(value, default=_plain, option=OPTIONS)


def success_body(data: Any) -> bytes:
    """`{"status": "success", "data": …}`, and `"meta"` for a page of the list machine."""
    rows: bytes | None = getattr(data, "data_json", None)
    if rows is not None:
        body = b'{"status":"success","data":' + rows
        return body + b"}" if data.meta is None else body + b',"meta":' + to_json(data.meta) + b"}"
    return b'{"status":"success","data":' + to_json(data) + b"}"


class JSendRenderer(BaseRenderer):
    """The envelope for views that return a `Response`; `ApiView` writes the same bytes without one."""

    media_type = JSON
    format = "json"
    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        response = (renderer_context or {}).get("response")
        if response is not None and response.status_code == 204:
            return b""
        return success_body(data)
