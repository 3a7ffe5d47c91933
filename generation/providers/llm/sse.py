"""Server-sent events, split from the bytes of a response (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_EVENT_BYTES = 8 * 1024 * 1024

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class SseSplitter:
    """Turns chunks of any size into the `data` of whole events.

    It works on bytes: a line break is never part of a longer UTF-8 character, so a chunk may end anywhere and what
    comes out is whole. Lines end with LF, CRLF or CR. Comments (keep-alives) and other fields are dropped. Raises
    `ValueError` for an event over `MAX_EVENT_BYTES`.
    """

    def __init__(self) -> None:
        self.has_events = False
        self._buffer = bytearray()
        self._searched = 0
        self._data: list[bytes] = []
        self._size = 0
        self._is_first = True
        self._is_after_return = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        if self._is_after_return and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._is_after_return = False
        self._buffer += chunk
        start = 0
        while (found := _LINE_END.search(self._buffer, max(start, self._searched))) is not None:
            event = self._line(bytes(self._buffer[start : found.start()]))
            start = self._searched = found.end()
            if event is not None:
                yield event
        self._is_after_return = self._buffer.endswith(b"\r")
        del self._buffer[:start]
        self._searched = len(self._buffer)
        if self._searched + self._size > MAX_EVENT_BYTES:
            raise ValueError("An event is too large.")

    def end(self) -> Iterator[bytes]:
        """What came after the last blank line, which may be whole all the same."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        for line in (rest, b""):
            event = self._line(line)
            if event is not None:
                yield event

    def _line(self, line: bytes) -> bytes | None:
        """The event that `line` completes, if it does."""
        if self._is_first:
            self._is_first = False
            line = line.removeprefix(_BOM)
        if not line:
            event = b"\n".join(self._data) if self._data else None
            self._data.clear()
            self._size = 0
            return event
        if line.startswith(b"data:"):
            self.has_events = True
            self._data.append(line[5:].removeprefix(b" "))
            self._size += len(line)
        return None
