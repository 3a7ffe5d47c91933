"""What is new about a job behind a cursor: what the reader of rows hands to the hub of streams."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """A numbered event in the form in which all streams send it."""

    seq: int
    chunk: bytes


@dataclass(frozen=True, slots=True)
class JobNews:
    """What there is behind a cursor: `reached` is the number up to which `events` is complete.

    `last_seq` and `status` are of one moment, and that moment isn't after the one of `events`.
    """

    events: tuple[StreamEvent, ...]
    reached: int
    last_seq: int
    status: str
