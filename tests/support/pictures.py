"""Pictures for tests, made where they are needed."""

import io
import struct
import zlib
from typing import Any

from PIL import Image


def picture(
    format_: str = "PNG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **options: Any
) -> bytes:
    """A picture with something on it, so that it has more than a few bytes."""
    gradient = Image.linear_gradient("L").resize(size)
    made = io.BytesIO()
    gradient.convert(mode).save(made, format_, **options)
    return made.getvalue()


def png_bomb(width: int = 40_000, height: int = 40_000, rows: int = 0) -> bytes:
    """A few kilobytes that say they are a picture of gigabytes; with `rows`, so many lines of it are there."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(bytes((width * 3 + 1) * rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
