"""An offline maker of pictures: deterministic and free."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from generation.providers.image.base import ImageAnswer, ImageOrder, Outcome, Picture

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class SandboxImages:
    """The adapter. Thread-safe and without state."""

    has_tasks = False

    def __init__(self, *, name: str = "sandbox", model: str = "sandbox") -> None:
        self.name = name
        self.model = model

    def order(self, order: ImageOrder) -> ImageAnswer:
        return ImageAnswer(
            provider=self.name,
            model=order.model or self.model,
            picture=Picture(data=_plain(order), seed=order.seed),
        )

    def look_up(self, refs: Sequence[str]) -> Mapping[str, Outcome]:
        return {}

    def find(self, order: ImageOrder, *, sent_at: datetime, known: Sequence[str]) -> str | None:
        return None

    def cancel(self, ref: str) -> bool:
        return False


def _plain(order: ImageOrder) -> bytes:
    """A PNG of one colour, told from the prompt and the seed."""
    colour = hashlib.sha256(f"{order.seed}:{order.prompt}".encode()).digest()[:3]
    line = b"\0" + colour * order.width
    head = struct.pack(">IIBBBBB", order.width, order.height, 8, 2, 0, 0, 0)
    body = zlib.compress(line * order.height)
    return _SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
