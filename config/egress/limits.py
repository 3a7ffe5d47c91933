"""How long and how much: the caps of one call, and time-outs that know the end of the whole call."""

import time
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps of one call. Seconds count from its start; bytes count twice, as sent and as unpacked."""

    connect_s: float = 5.0
    """Name lookup and TCP together; the TLS handshake may take as long again."""
    total_s: float = 30.0
    """From the start to the last byte of the answer, however steadily it drips."""
    max_bytes: int = 10_000_000


DEFAULT_LIMITS = Limits()


class Until(float):
    """A time-out in seconds that also ends at a fixed moment.

    The HTTP library hands a request's time-outs through to every read and write of its connection, and means
    "so long without a byte" by them. As this one knows its end, no read of the request outlives the request.
    """

    ends: float

    def __new__(cls, seconds: float, ends: float) -> Self:
        self = super().__new__(cls, seconds)
        self.ends = ends
        return self

    def left(self) -> float:
        """Seconds that the next step may take; zero or less when the time is over."""
        return min(float(self), self.ends - time.monotonic())
