"""What is new about a job behind a cursor: what the reader of rows hands to the hub of streams."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """A numbered event in the form in which all streams send it; `chinese` where Chinese readers are told another."""

    seq: int
    chunk: bytes
    chinese: bytes | None = None

    def in_language(self, language: str) -> bytes:
        return self.chinese if self.chinese is not None and language == "zh" else self.chunk


@dataclass(frozen=True, slots=True)
class JobNews:
    """What there is behind a cursor: `reached` is the number up to which `events` is complete.

    `last_seq` and `status` are of one moment, and that moment isn't after the one of `events`.
    """

    events: tuple[StreamEvent, ...]
    reached: int
    last_seq: int
    status: str
