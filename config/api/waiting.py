"""`?wait=SECONDS`: hold an answer back until its job has finished.

The kernel knows no jobs: whoever owns them registers how to wait for one (`register`, from `AppConfig.ready`).
"""

from collections.abc import Callable, Mapping
from threading import BoundedSemaphore

from django.conf import settings
from django.utils.translation import gettext as _

from config.api.problems import capped
from config.errors import ValidationFailedError

#: Called with the job's id and the seconds left; returns whether the job has ended by then.
Waiter = Callable[[str, float], bool]

LONGEST_SECONDS = 60

_waiter: Waiter | None = None
_slots = BoundedSemaphore(settings.WAITING_REQUESTS_MAX)


def register(waiter: Waiter | None) -> Waiter | None:
    """Make `waiter` the one that waits, and return the one before."""
    global _waiter
    before, _waiter = _waiter, waiter
    return before


def seconds_of(query: Mapping[str, str]) -> float:
    """The `wait` of a query string, 0 without one. Raises ValidationFailedError unless it is 0 to 60."""
    text = query.get("wait")
    if text is None:
        return 0.0
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= LONGEST_SECONDS:
        message = _("Give a number of seconds from 0 to %(longest)d.") % {"longest": LONGEST_SECONDS}
        raise ValidationFailedError(
            details=capped([{"field": "wait", "code": "invalid", "message": message}])
        )
    return seconds


def wait_for(job_id: str, seconds: float) -> bool:
    """Whether the job has ended, after so many seconds at most.

    Must be called outside of a transaction. Each waiting request occupies a thread of the server, so only
    `settings.WAITING_REQUESTS_MAX` wait at once in a process; the others hear no immediately, which is the
    answer 202 that they would have got without `wait`.
    """
    if _waiter is None or seconds <= 0 or not _slots.acquire(blocking=False):
        return False
    try:
        return _waiter(job_id, seconds)
    finally:
        _slots.release()
