"""The gate through which this process' calls go to the providers: turns, rates and circuit breakers.

One lane per capability, provider and account (the operator's, or a key of a user's own), so that nobody's trouble is
another's, and slow pictures don't take a vendor's texts along.
Whose turn it is goes round by owner: a chat behind a batch of ten thousand waits for one call, not for ten thousand.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from uuid import UUID

import structlog
from django.conf import settings

from config.db import release_connection
from generation.domain.catalogue import IMAGE, LLM, MESH
from generation.domain.origins import is_small_model
from generation.providers.base import ProviderError
from generation.providers.breaker import CircuitBreakers, State
from generation.providers.limits import Limiter, Limits, Slot

log = structlog.get_logger(__name__)

#: Whose account a call is made with, besides the ids of users' own keys.
OPERATOR = "operator"
#: What the small local model works on at once (`launcher.local_llm.server`); more would only wait there, and time out.
SMALL_MODEL_SLOTS = 2
#: The longest that a thread stands in the queue; then its job goes back into the database's queue and makes room.
LONGEST_WAIT_S = 60.0

#: Provider, account, capability.
Lane = tuple[str, str, str]


class TurnMissedError(ProviderError):
    """Our own limit left no room in time. Nothing was sent, and the job has done nothing wrong: it comes again."""


def lane_of(provider: str, key_id: UUID | None, capability: str = LLM) -> Lane:
    return provider, OPERATOR if key_id is None else str(key_id), capability


def _limits_of(lane: Hashable) -> Limits:
    if isinstance(lane, tuple) and is_small_model(lane[0]):
        return Limits(max_in_flight=SMALL_MODEL_SLOTS)
    if isinstance(lane, tuple) and lane[2] == IMAGE:
        return Limits(max_in_flight=settings.IMAGE_MAX_IN_FLIGHT or None)
    if isinstance(lane, tuple) and lane[2] == MESH:
        return Limits(max_in_flight=settings.MESH_MAX_IN_FLIGHT or None)
    return Limits(
        max_in_flight=settings.LLM_MAX_IN_FLIGHT or None, per_minute=settings.LLM_REQUESTS_PER_MINUTE or None
    )


def _changed(lane: Hashable, state: State) -> None:
    log.warning(
        "provider.circuit", lane=":".join(map(str, lane)) if isinstance(lane, tuple) else "", state=state
    )


limiter = Limiter(_limits_of)
breakers = CircuitBreakers(on_change=_changed)


def reset() -> None:
    """Forget what was learnt about the providers, for tests."""
    global limiter, breakers
    limiter, breakers = Limiter(_limits_of), CircuitBreakers(on_change=_changed)


@contextmanager
def passage(lane: Lane, *, owner: UUID, timeout_s: float, is_cancelled: Callable[[], bool]) -> Iterator[None]:
    """Leave for one call, once it is this owner's turn.

    Raises `TurnMissedError` when the turn doesn't come within `timeout_s`, `AcquireCancelledError`, and `ProviderError`
    while the provider's circuit is open. A `ProviderError` out of the block is what the lane learns from.
    """
    provider = lane[0]
    with (
        _turn(lane, owner, min(timeout_s, LONGEST_WAIT_S), is_cancelled),
        breakers.guard(lane, provider=provider),
    ):
        yield


def _turn(lane: Lane, owner: UUID, timeout_s: float, is_cancelled: Callable[[], bool]) -> Slot:
    try:
        return limiter.acquire(lane, owner=owner, timeout_s=0, is_cancelled=is_cancelled, provider=lane[0])
    except ProviderError:
        release_connection()
    try:
        return limiter.acquire(
            lane, owner=owner, timeout_s=timeout_s, is_cancelled=is_cancelled, provider=lane[0]
        )
    except ProviderError as error:
        missed = TurnMissedError(
            error.code,
            error.message,
            retryable=True,
            charged=False,
            provider=error.provider,
            retry_after=error.retry_after,
        )
    raise missed
