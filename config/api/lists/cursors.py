"""Cursors: where a page ended, as an opaque signed text that only the same list accepts again."""

import base64
import binascii
import hmac
from collections.abc import Sequence
from typing import Any

import orjson
from django.utils.crypto import salted_hmac

from config.errors import CursorInvalidError

SIGNATURE_BYTES = 12
LONGEST_CURSOR = 4000


def write_cursor(place: str, keys: Sequence[Any]) -> str:
    """`place` says which list in which order with which filters; `keys` are what the last row is sorted by."""
    payload = orjson.dumps(keys, default=str)
    return base64.urlsafe_b64encode(_signature(place, payload) + payload).rstrip(b"=").decode()


def read_cursor(place: str, cursor: str) -> list[Any]:
    """The keys after which to go on. Raises CursorInvalidError."""
    if len(cursor) > LONGEST_CURSOR or not cursor.isascii():
        raise CursorInvalidError
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise CursorInvalidError from None
    signature, payload = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _signature(place, payload)):
        raise CursorInvalidError
    return list(orjson.loads(payload))


def _signature(place: str, payload: bytes) -> bytes:
    message = place.encode() + b"\0" + payload
    return salted_hmac("config.api.lists.cursor", message, algorithm="sha256").digest()[:SIGNATURE_BYTES]
