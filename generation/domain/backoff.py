"""When a failed attempt may be repeated."""

from random import Random

BASE_SECONDS = 2.0
CEILING_SECONDS = 300.0


def retry_delay(failures: int, *, retry_after: float | None = None, rng: Random) -> float:
    """Seconds until the next attempt after `failures` failed ones (1 or more).

    Exponential with full jitter between half and the whole of 2, 4, 8 … seconds, at most five minutes. A vendor's
    `Retry-After` is a lower bound, jittered upwards so that a hundred refused calls don't return as one.
    """
    ceiling = min(CEILING_SECONDS, BASE_SECONDS * 2 ** (failures - 1))
    delay = rng.uniform(ceiling / 2, ceiling)
    if retry_after is None:
        return delay
    return max(delay, retry_after * rng.uniform(1.0, 1.25))
