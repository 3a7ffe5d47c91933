"""How many streams there may be."""

from collections import Counter
from threading import Lock
from uuid import UUID

from django.conf import settings

from generation.errors import StreamsFullError, TooManyStreamsError


class StreamSlots:
    """Counts the open streams of this process, together and for each user. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_user: Counter[UUID] = Counter()

    def __len__(self) -> int:
        return self._by_user.total()

    def check(self, user_id: UUID) -> None:
        """Raises TooManyStreamsError or StreamsFullError when one more would be too many."""
        with self._lock:
            self._check(user_id)

    def take(self, user_id: UUID) -> bool:
        """Count one more, unless that is too many by now."""
        with self._lock:
            try:
                self._check(user_id)
            except (StreamsFullError, TooManyStreamsError):
                return False
            self._by_user[user_id] += 1
            return True

    def free(self, user_id: UUID) -> None:
        with self._lock:
            self._by_user[user_id] -= 1
            if not self._by_user[user_id]:
                del self._by_user[user_id]

    def _check(self, user_id: UUID) -> None:
        if self._by_user[user_id] >= settings.STREAMS_PER_USER_MAX:
            raise TooManyStreamsError(limit=settings.STREAMS_PER_USER_MAX, retry_after=30)
        if self._by_user.total() >= settings.STREAMS_MAX:
            raise StreamsFullError(retry_after=30)


slots = StreamSlots()
