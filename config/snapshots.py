"""What a process remembers of rows for some seconds, so that most requests cost no query for them."""

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from django.conf import settings

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

#: Of each kind; when there are more, all are forgotten.
MOST_KEPT = 10_000


class Snapshots(Generic[Key, Value]):
    """Answers of `look_up` by key, at most `settings.AUTH_SNAPSHOT_SECONDS` old. None isn't remembered, so that guesses
    push nothing out. A change made in this process is told by `forget`. Threads share the values: don't change them.
    """

    def __init__(self, look_up: Callable[[Key], Value | None]) -> None:
        self._look_up = look_up
        self._kept: dict[Key, tuple[float, Value]] = {}

    def get(self, key: Key, *, fresh: bool = False) -> Value | None:
        """`fresh` looks up whatever is remembered."""
        now = time.monotonic()
        known = None if fresh else self._kept.get(key)
        if known is not None and known[0] > now:
            return known[1]
        found = self._look_up(key)
        if found is None:
            self._kept.pop(key, None)
            return None
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[key] = now + settings.AUTH_SNAPSHOT_SECONDS, found
        return found

    def forget(self, key: Key) -> None:
        self._kept.pop(key, None)

    def forget_where(self, is_meant: Callable[[Key, Value], bool]) -> None:
        for key, (_stale_at, value) in list(self._kept.items()):
            if is_meant(key, value):
                self._kept.pop(key, None)

    def clear(self) -> None:
        self._kept.clear()
