"""What doesn't answer is left alone for a while: a broker that hangs costs one caller's patience, not everybody's."""

import time
from collections.abc import Callable
from threading import Lock


class Outage:
    """Remembers a failure for `seconds`. Then one caller tries, while the others go on as if it lasted. Thread-safe."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = Lock()
        self._until: float | None = None

    @property
    def lasts(self) -> bool:
        """Whether to do without. Who is told False tries, and says how it went."""
        if self._until is None:
            return False
        with self._lock:
            now = self._clock()
            if self._until is None or now < self._until:
                return self._until is not None
            self._until = now + self._seconds
            return False

    def begin(self) -> None:
        with self._lock:
            self._until = self._clock() + self._seconds

    def end(self) -> None:
        if self._until is not None:
            with self._lock:
                self._until = None
