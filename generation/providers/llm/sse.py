"""Server-sent events, split from the bytes of a response (WHATWG HTML, section 9.2)."""

from __future__ import annotations

from collections.abc import Iterator

MAX_EVENT_BYTES = 8 * 1024 * 1024

_BOM = b"\xef\xbb\xbf"


class SseSplitter:
    """Turns chunks of any size into the `data` of whole events.

    It works on bytes: a line break is never part of a longer UTF-8 character, so a chunk may end anywhere and
    what comes out is whole. Comments (keep-alives) and other fields are dropped; an event without its closing
    blank line is never given out. Raises `ValueError` for an event over `MAX_EVENT_BYTES`.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._data: list[bytes] = []
        self._is_first = True

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        self._buffer += chunk
        start = 0
        while (end := self._buffer.find(b"\n", max(start, self._searched))) >= 0:
            event = self._line(bytes(self._buffer[start:end]))
            start = end + 1
            if event is not None:
                yield event
        del self._buffer[:start]
        self._searched = len(self._buffer)
        if self._searched > MAX_EVENT_BYTES:
            raise ValueError("An event is too large.")

    def _line(self, line: bytes) -> bytes | None:
        """The event that `line` completes, if it does."""
        if self._is_first:
            self._is_first = False
            line = line.removeprefix(_BOM)
        line = line.removesuffix(b"\r")
        if not line:
            event = b"\n".join(self._data) if self._data else None
            self._data.clear()
            return event
        if line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
        return None
