"""What can be seen of a limiter's queues."""

from collections.abc import Hashable

from generation.providers.limits import Limiter


def waiting(limiter: Limiter, key: Hashable) -> int:
    """How many calls wait for their turn."""
    with limiter._using(key) as lane, lane.lock:
        return sum(len(calls) for calls in lane.queue._owners.values())
