"""Circuit breakers: a provider that keeps failing is left alone for a while, then tried by one call.

    with breakers.guard(("deepseek", key_id)):
        result = llm.complete(request)

One circuit per key, which names a provider and whose account is used, never the secret itself:

- closed: calls go. `failures` failures of the provider's own within `window_s`, with no success in between, open it.
- open: calls are refused at once, with an error that lets the next provider be asked, for `cooldown_s` or as long as
  the provider's `Retry-After` says. Each opening that follows a failed probe doubles the time, up to
  `longest_cooldown_s`.
- half-open: after that, one call goes as a probe while the others are still refused. Any answer of the provider's,
  even a refusal of this one request, closes the circuit; another failure opens it again.

What counts is only what the provider does to everybody: overload, outage, time-outs, lost connections. A refused key,
an empty account, a rate limit (`limits` waits for that), moderation and bad requests do not.

State is of this process: each one finds out for itself, by at most `failures` calls. Nothing here knows Django.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType

from generation.providers import base
from generation.providers.base import ProviderError

OWN_FAULTS = frozenset({base.OVERLOADED, base.UNAVAILABLE, base.TIMEOUT, base.CONNECTION_LOST})

_REMEMBERED = 1_000


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """Times in seconds. `probe_s`: a probe that has not reported by then is taken for dead, and another may go."""

    failures: int = 5
    window_s: float = 60.0
    cooldown_s: float = 15.0
    longest_cooldown_s: float = 300.0
    probe_s: float = 120.0


@dataclass(slots=True)
class _Circuit:
    state: State = State.CLOSED
    failures: list[float] = field(default_factory=list)
    until: float = 0.0
    openings: int = 0
    #: Changes with the state, so that calls which began before a change cannot report into the time after it.
    era: int = 0


class CircuitBreakers:
    """The circuits of a process. Thread-safe.

    `clock` gives seconds that never go back. `on_change` hears of each change of state, outside of all locks.
    """

    def __init__(
        self,
        rules: BreakerRules | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        on_change: Callable[[Hashable, State], None] = lambda key, state: None,
    ) -> None:
        self._rules = rules or BreakerRules()
        self._clock = clock
        self._on_change = on_change
        self._lock = threading.Lock()
        self._circuits: dict[Hashable, _Circuit] = {}

    def guard(self, key: Hashable, *, provider: str = "") -> Permit:
        """Leave for one call, to be used as a context manager.

        Raises `ProviderError` `PROVIDER_UNAVAILABLE` (not charged, `retry_after` is when to come back) while the
        circuit is open.
        """
        with self._lock:
            circuit = self._circuits.get(key)
            if circuit is None or circuit.state is State.CLOSED:
                return Permit(self, key, circuit.era if circuit else 0)
            now = self._clock()
            if now < circuit.until:
                wait = circuit.until - now
            else:
                wait = 0.0
                is_change = circuit.state is not State.HALF_OPEN
                self._enter(circuit, State.HALF_OPEN, until=now + self._rules.probe_s)
                permit = Permit(self, key, circuit.era)
        if wait:
            raise _refusal(provider, wait)
        if is_change:
            self._on_change(key, State.HALF_OPEN)
        return permit

    def state(self, key: Hashable) -> State:
        with self._lock:
            circuit = self._circuits.get(key)
            return circuit.state if circuit else State.CLOSED

    def _succeeded(self, key: Hashable, era: int) -> None:
        with self._lock:
            circuit = self._circuits.get(key)
            if circuit is None or circuit.era != era or circuit.state is State.OPEN:
                return
            is_change = circuit.state is State.HALF_OPEN
            if is_change:
                self._enter(circuit, State.CLOSED)
                circuit.openings = 0
            circuit.failures.clear()
        if is_change:
            self._on_change(key, State.CLOSED)

    def _failed(self, key: Hashable, era: int, retry_after: float | None) -> None:
        with self._lock:
            now = self._clock()
            circuit = self._circuits.get(key) or self._new(key, now)
            if circuit.era != era:
                return
            circuit.failures = [when for when in circuit.failures if when > now - self._rules.window_s]
            circuit.failures.append(now)
            is_change = circuit.state is State.HALF_OPEN or len(circuit.failures) >= self._rules.failures
            if is_change:
                self._open(circuit, now, retry_after)
        if is_change:
            self._on_change(key, State.OPEN)

    def _undecided(self, key: Hashable, era: int) -> None:
        """The call ended without showing anything: the next one may be the probe."""
        with self._lock:
            circuit = self._circuits.get(key)
            if circuit is not None and circuit.era == era and circuit.state is State.HALF_OPEN:
                circuit.until = self._clock()

    def _open(self, circuit: _Circuit, now: float, retry_after: float | None) -> None:
        rules = self._rules
        # Capped before it is raised to a power that no float holds.
        pause = min(rules.cooldown_s * 2 ** min(circuit.openings, 30), rules.longest_cooldown_s)
        self._enter(circuit, State.OPEN, until=now + max(pause, retry_after or 0.0))
        circuit.openings += 1
        circuit.failures.clear()

    def _enter(self, circuit: _Circuit, state: State, *, until: float = 0.0) -> None:
        circuit.state, circuit.until = state, until
        circuit.era += 1

    def _new(self, key: Hashable, now: float) -> _Circuit:
        """A circuit, after those of which nothing is to be remembered have gone."""
        if len(self._circuits) >= _REMEMBERED:
            since = now - self._rules.window_s
            self._circuits = {
                name: found
                for name, found in self._circuits.items()
                if found.state is not State.CLOSED or any(when > since for when in found.failures)
            }
        return self._circuits.setdefault(key, _Circuit())


class Permit:
    """Leave for one call. As a context manager it reports by itself: an own fault of the provider's, any other answer
    of the provider's, or nothing (something else was raised). A stream may report `succeeded` with its first piece.
    Only the first report counts."""

    def __init__(self, breakers: CircuitBreakers, key: Hashable, era: int) -> None:
        self._breakers = breakers
        self._key = key
        self._era = era
        self._is_reported = False

    def __enter__(self) -> Permit:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.succeeded()
        elif isinstance(error, ProviderError):
            self.failed(error)
        elif not self._is_reported:
            self._is_reported = True
            self._breakers._undecided(self._key, self._era)

    def succeeded(self) -> None:
        if not self._is_reported:
            self._is_reported = True
            self._breakers._succeeded(self._key, self._era)

    def failed(self, error: ProviderError) -> None:
        if error.code not in OWN_FAULTS:
            self._answered()
        elif not self._is_reported:
            self._is_reported = True
            self._breakers._failed(self._key, self._era, error.retry_after)

    def _answered(self) -> None:
        """The provider is there, whatever it thinks of this request: enough for a probe, and no success otherwise."""
        if self._breakers.state(self._key) is State.HALF_OPEN:
            self.succeeded()
        self._is_reported = True


def _refusal(provider: str, wait: float) -> ProviderError:
    return ProviderError(
        base.UNAVAILABLE,
        "The provider failed repeatedly and is left alone for a while.",
        retryable=True,
        charged=False,
        provider=provider,
        retry_after=wait,
    )
