"""The text of an event stream: the format that browsers' `EventSource` reads.

Source: WHATWG HTML, "Server-sent events" (the stream's grammar, `retry`, and reconnection).
"""

#: A comment: readers skip it, proxies see that the connection lives.
HEARTBEAT = b": alive\n\n"


def retry_hint(milliseconds: int) -> bytes:
    """How long a client waits before it connects again."""
    return b"retry: %d\n\n" % milliseconds


def event_number(given: str) -> int | None:
    """What a client says as `Last-Event-ID`; None when that is no number of an event."""
    return int(given) if given.isascii() and given.isdigit() and len(given) <= 18 else None


def event(name: str, data: bytes, *, number: int | None = None) -> bytes:
    """One event. `data` is a single line (JSON); with a `number` the client sends it back as `Last-Event-ID`."""
    if b"\n" in data or b"\r" in data:
        raise ValueError("an event's data has to be one line")
    head = b"" if number is None else b"id: %d\n" % number
    return head + b"event: %s\ndata: %s\n\n" % (name.encode(), data)
