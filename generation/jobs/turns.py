"""Whether somebody else's work waits for a thread while this process goes on with a batch."""

import threading
import time
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from generation.domain.states import JobStatus
from generation.models import Job

#: Free threads take a message in milliseconds: one that lies about for so long waits because all are busy.
WAITS_AFTER = timedelta(seconds=1)
#: How long an answer is good enough.
REMEMBERED_SECONDS = 1.0
OWNERS_REMEMBERED = 1_000

_lock = threading.Lock()
_looked: dict[UUID, tuple[float, bool]] = {}


def others_wait(owner_id: UUID) -> bool:
    """Whether a job of somebody else's has been due and told to the workers for a while, and nobody has taken it.

    At most one query a second for each owner and process.
    """
    now = time.monotonic()
    with _lock:
        known = _looked.get(owner_id)
        if known is not None and now - known[0] < REMEMBERED_SECONDS:
            return known[1]
        if len(_looked) >= OWNERS_REMEMBERED:
            _looked.clear()
        # Other threads go on with the old answer while this one asks.
        _looked[owner_id] = now, known[1] if known is not None else False
    moment = timezone.now()
    answer = (
        Job.objects.filter(
            status=JobStatus.QUEUED, not_before__lte=moment, published_at__lte=moment - WAITS_AFTER
        )
        .exclude(owner_id=owner_id)
        .exists()
    )
    with _lock:
        _looked[owner_id] = now, answer
    return answer
