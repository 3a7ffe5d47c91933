"""How many calls go to a provider at once and per minute, and in which order users get their turn.

    with limiter.acquire(("deepseek", key_id), owner=user_id, timeout_s=60):
        result = llm.complete(request)

One lane per key, which names a provider and whose account is used, never the secret itself. A lane has

- a gate: at most `max_in_flight` calls at once, and a bucket of tokens that fills with `per_minute` and holds `burst`;
- a queue that is fair between owners: whoever waits gets one turn, then the next owner, however many calls each has
  waiting. So a chat behind a batch of ten thousand waits for one turn, not for ten thousand.

A `Retry-After` that a call brings back closes the gate for so long (`Slot`, `Limiter.pause`); afterwards calls come
back at the lane's rate instead of all at once.

State is of this process: with N worker processes a provider sees up to N times the limits, so an operator sets a part
of what the account has. The seam for a shared store is `Gate`: an implementation over Redis counts for all processes
(three short scripts: enter, leave, pause) and is handed to `Limiter(gate=...)`. Turns stay fair within each process,
and processes compete evenly. Nothing here knows Django.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol

from generation.providers import base
from generation.providers.base import ProviderError

POLL_S = 0.25
"""How often a waiting call looks whether it was cancelled."""

_ASKS_TO_WAIT = frozenset({base.RATE_LIMITED, base.OVERLOADED})
_LANES = 1_000


class AcquireCancelledError(Exception):
    """The call was cancelled while it waited for its turn. It has not gone."""


@dataclass(frozen=True, slots=True)
class Limits:
    """None: no limit. `burst` is what may go at once after a rest, by default ten seconds' worth."""

    max_in_flight: int | None = None
    per_minute: int | None = None
    burst: int | None = None

    def __post_init__(self) -> None:
        for name in ("max_in_flight", "per_minute", "burst"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1.")

    @property
    def capacity(self) -> float:
        return float(self.burst or max(1, (self.per_minute or 0) // 6))


class Gate(Protocol):
    """Whether one more call may go. Called under a lock of the lane's, so that it should answer quickly."""

    def enter(self, limits: Limits, now: float) -> float | None:
        """Take a place. None when it was given; else the seconds after which asking again makes sense, infinity for
        "when a call of this process leaves" (a shared gate doesn't know whose that will be, and says when to ask)."""

    def leave(self) -> None:
        """Give a place back."""

    def pause(self, until: float) -> None:
        """Let nobody in before `until`."""

    def is_idle(self, limits: Limits, now: float) -> bool:
        """Whether nothing would be forgotten by throwing this gate away."""


class LocalGate:
    """A gate of this process. Not thread-safe by itself."""

    def __init__(self) -> None:
        self._in_flight = 0
        self._tokens: float | None = None
        self._filled_at = 0.0
        self._closed_until = float("-inf")

    def enter(self, limits: Limits, now: float) -> float | None:
        if now < self._closed_until:
            return self._closed_until - now
        self._fill(limits, now)
        if limits.max_in_flight is not None and self._in_flight >= limits.max_in_flight:
            return float("inf")
        if limits.per_minute is not None:
            tokens = self._tokens or 0.0
            if tokens < 1.0:
                return (1.0 - tokens) * 60.0 / limits.per_minute
            self._tokens = tokens - 1.0
        self._in_flight += 1
        return None

    def leave(self) -> None:
        self._in_flight -= 1

    def pause(self, until: float) -> None:
        if until > self._closed_until:
            self._closed_until = until
            # One call goes when the pause is over, the others at the lane's rate.
            self._tokens, self._filled_at = 1.0, until

    def is_idle(self, limits: Limits, now: float) -> bool:
        self._fill(limits, now)
        is_full = limits.per_minute is None or (self._tokens or 0.0) >= limits.capacity
        return self._in_flight == 0 and now >= self._closed_until and is_full

    def _fill(self, limits: Limits, now: float) -> None:
        if limits.per_minute is None or now < self._filled_at:
            return
        if self._tokens is None:
            self._tokens = limits.capacity
        else:
            gained = (now - self._filled_at) * limits.per_minute / 60.0
            self._tokens = min(limits.capacity, self._tokens + gained)
        self._filled_at = now


@dataclass(slots=True, eq=False)
class _Waiter:
    owner: Hashable
    is_granted: bool = False
    #: Set when it was granted or when it became the first, who watches the clock for all.
    wake: threading.Event = field(default_factory=threading.Event)


class FairQueue:
    """Who is next: one of each owner's waiters in turn, an owner's own in the order they came."""

    def __init__(self) -> None:
        self._owners: OrderedDict[Hashable, deque[_Waiter]] = OrderedDict()

    def add(self, waiter: _Waiter) -> None:
        self._owners.setdefault(waiter.owner, deque()).append(waiter)

    def first(self) -> _Waiter | None:
        return next(iter(self._owners.values()))[0] if self._owners else None

    def take(self) -> _Waiter:
        """The first one; its owner's next waiter stands behind all other owners."""
        owner, waiting = self._owners.popitem(last=False)
        waiter = waiting.popleft()
        if waiting:
            self._owners[owner] = waiting
        return waiter

    def remove(self, waiter: _Waiter) -> None:
        waiting = self._owners[waiter.owner]
        waiting.remove(waiter)
        if not waiting:
            del self._owners[waiter.owner]


@dataclass(slots=True)
class _Lane:
    gate: Gate
    limits: Limits
    lock: threading.Lock = field(default_factory=threading.Lock)
    queue: FairQueue = field(default_factory=FairQueue)
    #: Threads that wait here or hold a slot; guarded by the limiter's lock.
    users: int = 0

    def let_go(self, now: float) -> float:
        """Grant all who may go now. Returns the seconds until the next one might."""
        while (waiter := self.queue.first()) is not None:
            wait = self.gate.enter(self.limits, now)
            if wait is not None:
                waiter.wake.set()
                return wait
            self.queue.take()
            waiter.is_granted = True
            waiter.wake.set()
        return float("inf")


class Slot:
    """Leave for one call, given back by `release` or at the end of a `with` block. Once is enough.

    A `ProviderError` that leaves the block and says how long to wait pauses the lane.
    """

    def __init__(self, limiter: Limiter, key: Hashable, lane: _Lane) -> None:
        self._limiter = limiter
        self._key = key
        self._lane: _Lane | None = lane

    def __enter__(self) -> Slot:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, ProviderError) and error.code in _ASKS_TO_WAIT and error.retry_after:
            self._limiter.pause(self._key, error.retry_after)
        self.release()

    def release(self) -> None:
        lane, self._lane = self._lane, None
        if lane is not None:
            self._limiter._leave(lane)


class Limiter:
    """The lanes of a process. Thread-safe.

    `limits_of` gives a lane's limits and is asked at each call, so that they can be changed while calls run. `clock`
    gives seconds that never go back.
    """

    def __init__(
        self,
        limits_of: Callable[[Hashable], Limits],
        *,
        gate: Callable[[Hashable], Gate] = lambda key: LocalGate(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits_of = limits_of
        self._gate = gate
        self._clock = clock
        self._lock = threading.Lock()
        self._lanes: dict[Hashable, _Lane] = {}

    def acquire(
        self,
        key: Hashable,
        *,
        owner: Hashable,
        timeout_s: float,
        is_cancelled: Callable[[], bool] = lambda: False,
        provider: str = "",
    ) -> Slot:
        """Wait for this owner's turn.

        Raises `ProviderError` `PROVIDER_RATE_LIMITED` (not charged; another provider may be asked) when the turn does
        not come within `timeout_s`, at once when a pause is longer than that; `AcquireCancelledError` soon after
        `is_cancelled` says so, which is asked often and should be cheap.
        """
        with self._using(key) as lane:
            waiter = _Waiter(owner)
            deadline = self._clock() + timeout_s
            with lane.lock:
                lane.queue.add(waiter)
            try:
                self._wait(lane, waiter, deadline, is_cancelled, provider)
            except BaseException:
                self._give_up(lane, waiter)
                raise
            with self._lock:
                lane.users += 1
        return Slot(self, key, lane)

    def pause(self, key: Hashable, seconds: float) -> None:
        """Let no call go for so long: what a `Retry-After` asks for."""
        with self._using(key) as lane, lane.lock:
            lane.gate.pause(self._clock() + seconds)

    def _wait(
        self, lane: _Lane, waiter: _Waiter, deadline: float, is_cancelled: Callable[[], bool], provider: str
    ) -> None:
        while True:
            with lane.lock:
                now = self._clock()
                next_in = lane.let_go(now)
                if waiter.is_granted:
                    return
                is_first = lane.queue.first() is waiter
                waiter.wake.clear()
            if is_cancelled():
                raise AcquireCancelledError
            left = deadline - now
            if left <= 0 or left < next_in < float("inf"):
                raise _too_long(provider, next_in)
            waiter.wake.wait(min(left, POLL_S, next_in if is_first else POLL_S))

    def _give_up(self, lane: _Lane, waiter: _Waiter) -> None:
        with lane.lock:
            if waiter.is_granted:
                lane.gate.leave()
            else:
                lane.queue.remove(waiter)
            lane.let_go(self._clock())

    def _leave(self, lane: _Lane) -> None:
        try:
            with lane.lock:
                lane.gate.leave()
                lane.let_go(self._clock())
        finally:
            with self._lock:
                lane.users -= 1

    @contextmanager
    def _using(self, key: Hashable) -> Iterator[_Lane]:
        limits = self._limits_of(key)
        with self._lock:
            lane = self._lanes.get(key)
            if lane is None:
                self._sweep()
                lane = self._lanes[key] = _Lane(self._gate(key), limits)
            lane.limits = limits
            lane.users += 1
        try:
            yield lane
        finally:
            with self._lock:
                lane.users -= 1

    def _sweep(self) -> None:
        """Forget lanes of which nothing has to be remembered, when there are many."""
        if len(self._lanes) < _LANES:
            return
        now = self._clock()
        for key, lane in list(self._lanes.items()):
            if lane.users == 0 and lane.gate.is_idle(lane.limits, now):
                del self._lanes[key]


def _too_long(provider: str, wait: float) -> ProviderError:
    return ProviderError(
        base.RATE_LIMITED,
        "Our own limit for this provider left no room for the call in time.",
        retryable=True,
        charged=False,
        provider=provider,
        retry_after=wait if wait < float("inf") else None,
    )
