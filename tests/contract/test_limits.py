"""How many calls go at once and per minute, and whose turn it is."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from generation.providers import limits as module
from generation.providers.base import ProviderError
from generation.providers.limits import AcquireCancelledError, Gate, Limiter, Limits, LocalGate, Slot
from tests.support.patience import PATIENCE
from tests.support.programs import eventually
from tests.support.queues import waiting

KEY = ("deepseek", 7)
INFINITY = float("inf")


class TestGate:
    """Without threads, at times of the test's choosing."""

    def test_so_many_at_once(self) -> None:
        gate, limits = LocalGate(), Limits(max_in_flight=2)
        assert [gate.enter(limits, 0.0) for _ in range(3)] == [None, None, INFINITY]
        gate.leave()
        assert gate.enter(limits, 0.0) is None

    def test_so_many_per_minute(self) -> None:
        gate, limits = LocalGate(), Limits(per_minute=60, burst=3)
        assert [gate.enter(limits, 100.0) for _ in range(4)] == [None, None, None, 1.0]
        assert gate.enter(limits, 100.5) == pytest.approx(0.5)
        assert gate.enter(limits, 101.0) is None
        assert gate.enter(limits, 101.0) == pytest.approx(1.0)
        assert [gate.enter(limits, 500.0) for _ in range(4)] == [None, None, None, pytest.approx(1.0)]

    def test_over_an_hour_no_more_than_the_rate(self) -> None:
        gate, limits, gone = LocalGate(), Limits(per_minute=30), 0
        for tick in range(3600 * 4):
            gone += gate.enter(limits, tick / 4) is None
        assert 30 * 60 <= gone <= 30 * 60 + limits.capacity

    def test_a_pause_keeps_everybody_out_and_then_lets_them_in_slowly(self) -> None:
        gate, limits = LocalGate(), Limits(per_minute=60, burst=10)
        gate.pause(50.0)
        gate.pause(20.0)
        assert gate.enter(limits, 10.0) == 40.0
        assert gate.enter(limits, 49.0) == 1.0
        assert [gate.enter(limits, 50.0) for _ in range(2)] == [None, pytest.approx(1.0)]
        assert gate.enter(limits, 51.0) is None

    def test_without_limits_everybody_goes(self) -> None:
        gate = LocalGate()
        assert all(gate.enter(Limits(), 0.0) is None for _ in range(1000))

    def test_limits_may_change_while_calls_run(self) -> None:
        gate = LocalGate()
        for _ in range(5):
            gate.enter(Limits(), 0.0)
        assert gate.enter(Limits(max_in_flight=5), 0.0) == INFINITY
        assert gate.enter(Limits(max_in_flight=6), 0.0) is None
        assert gate.enter(Limits(per_minute=6, burst=1), 0.0) is None
        assert gate.enter(Limits(per_minute=6, burst=1), 0.0) == pytest.approx(10.0)

    def test_it_is_idle_when_nothing_would_be_forgotten(self) -> None:
        gate, limits = LocalGate(), Limits(per_minute=60, burst=2)
        assert gate.is_idle(limits, 0.0)
        gate.enter(limits, 0.0)
        assert not gate.is_idle(limits, 9.0)
        gate.leave()
        assert gate.is_idle(limits, 9.0)
        gate.pause(20.0)
        assert not gate.is_idle(limits, 19.0)

    @pytest.mark.parametrize("fields", [{"max_in_flight": 0}, {"per_minute": -1}, {"burst": 0}], ids=str)
    def test_senseless_limits_cannot_be_made(self, fields: dict[str, int]) -> None:
        with pytest.raises(ValueError, match="at least 1"):
            Limits(**fields)


class Lane:
    """A limiter with one lane, and threads that wait in it."""

    def __init__(self, limits: Limits, gate: Callable[[object], Gate] | None = None) -> None:
        self.limits = limits
        self.limiter = Limiter(lambda key: self.limits, **({"gate": gate} if gate else {}))
        self.served: list[object] = []
        self.pool = ThreadPoolExecutor(60)

    def take(self, owner: object = "u", timeout_s: float = 10.0, **fields: object) -> Slot:
        return self.limiter.acquire(KEY, owner=owner, timeout_s=timeout_s, provider="deepseek", **fields)  # type: ignore[arg-type]

    def queue_up(self, owner: object, times: int = 1) -> None:
        """Calls that wait for their turn, note it and are done; returns when all stand in the queue."""
        before = waiting(self.limiter, KEY)
        for _ in range(times):
            self.pool.submit(self._serve, owner)
        assert eventually(lambda: waiting(self.limiter, KEY) == before + times)

    def _serve(self, owner: object) -> None:
        with self.take(owner):
            self.served.append(owner)

    def finish(self) -> None:
        self.pool.shutdown()


@pytest.fixture
def lane() -> Iterator[Lane]:
    """One call at a time."""
    made = Lane(Limits(max_in_flight=1))
    yield made
    made.finish()


class TestTurns:
    def test_a_chat_does_not_wait_for_a_batch(self, lane: Lane) -> None:
        with lane.take():
            lane.queue_up("批次", 40)
            lane.queue_up("chat")
        lane.finish()
        assert lane.served.index("chat") <= 1
        assert Counter(lane.served) == {"批次": 40, "chat": 1}

    def test_owners_take_turns_however_many_calls_they_have(self, lane: Lane) -> None:
        with lane.take():
            for owner, times in (("a", 9), ("b", 3), ("c", 6)):
                lane.queue_up(owner, times)
        lane.finish()
        assert "".join(map(str, lane.served)) == "abcabcabcacacacaaa"

    def test_newcomers_do_not_overtake(self, lane: Lane) -> None:
        with lane.take():
            lane.queue_up("a")
            with pytest.raises(ProviderError):
                lane.take("b", timeout_s=0)
        lane.finish()
        assert lane.served == ["a"]

    def test_lanes_do_not_wait_for_each_other(self, lane: Lane) -> None:
        with lane.take(), lane.limiter.acquire(("deepseek", 8), owner="u", timeout_s=0):
            assert waiting(lane.limiter, ("deepseek", 8)) == 0

    def test_never_more_than_allowed(self) -> None:
        lane, lock, now, most = Lane(Limits(max_in_flight=5)), threading.Lock(), 0, 0

        def work(number: int) -> None:
            nonlocal now, most
            with lane.take(owner=number % 7):
                with lock:
                    now += 1
                    most = max(most, now)
                time.sleep(0.001)
                with lock:
                    now -= 1

        with ThreadPoolExecutor(50) as pool:
            list(pool.map(work, range(300)))
        lane.finish()
        assert most == 5
        assert now == 0


class TestWaiting:
    def test_a_slot_is_given_back_once(self, lane: Lane) -> None:
        slot = lane.take()
        slot.release()
        slot.release()
        with lane.take(timeout_s=0), pytest.raises(ProviderError):
            lane.take(timeout_s=0)

    def test_too_long_is_an_error_that_lets_another_be_asked(self, lane: Lane) -> None:
        with lane.take(), pytest.raises(ProviderError) as caught:
            lane.take(timeout_s=0.05)
        error = caught.value
        assert (error.code, error.charged, error.retryable) == ("PROVIDER_RATE_LIMITED", False, True)
        assert error.allows_fallback
        assert error.provider == "deepseek"
        assert waiting(lane.limiter, KEY) == 0

    def test_a_cancelled_call_stops_waiting(self, lane: Lane) -> None:
        cancelled = threading.Event()
        with lane.take(), ThreadPoolExecutor(1) as pool:
            turn = pool.submit(lane.take, is_cancelled=cancelled.is_set)
            assert eventually(lambda: waiting(lane.limiter, KEY) == 1)
            cancelled.set()
            assert isinstance(turn.exception(PATIENCE), AcquireCancelledError)
        with lane.take(timeout_s=0):
            assert waiting(lane.limiter, KEY) == 0

    def test_whoever_gives_up_makes_room_for_the_next(self, lane: Lane) -> None:
        with lane.take(), ThreadPoolExecutor(1) as pool:
            is_cancelled = threading.Event()
            gives_up = pool.submit(lane.take, "a", is_cancelled=is_cancelled.is_set)
            assert eventually(lambda: waiting(lane.limiter, KEY) == 1)
            lane.queue_up("b")
            is_cancelled.set()
            assert isinstance(gives_up.exception(PATIENCE), AcquireCancelledError)
        lane.finish()
        assert lane.served == ["b"]

    def test_the_rate_lets_them_go_one_by_one(self) -> None:
        lane = Lane(Limits(per_minute=1200, burst=1))
        started = time.monotonic()
        for _ in range(5):
            lane.take().release()
        assert time.monotonic() - started >= 0.19
        lane.finish()

    def test_more_room_is_used_at_once(self, lane: Lane) -> None:
        with lane.take():
            lane.queue_up("a", 3)
            lane.limits = Limits(max_in_flight=10)
            with lane.take(timeout_s=PATIENCE):
                lane.finish()
        assert lane.served == ["a"] * 3


class TestPauses:
    def test_retry_after_closes_the_lane(self) -> None:
        lane = Lane(Limits())
        error = ProviderError(
            "PROVIDER_RATE_LIMITED", "x", retryable=True, charged=False, retry_after=20_000.0
        )
        with pytest.raises(ProviderError, match="x"), lane.take():
            raise error
        with pytest.raises(ProviderError, match="Our own limit") as caught:
            lane.take(timeout_s=10_000)  # a pause that is longer than the time left is not waited for
        assert 20_000 - PATIENCE < caught.value.retry_after <= 20_000
        lane.finish()

    @pytest.mark.parametrize("code", ["PROVIDER_UNAVAILABLE", "PROVIDER_AUTH_FAILED"])
    def test_other_errors_do_not(self, code: str) -> None:
        lane = Lane(Limits())
        error = ProviderError(code, "x", retryable=True, charged=False, retry_after=30.0)
        with pytest.raises(ProviderError, match="x"), lane.take():
            raise error
        lane.take(timeout_s=0).release()
        lane.finish()

    def test_a_short_pause_is_waited_for(self) -> None:
        lane = Lane(Limits())
        lane.limiter.pause(KEY, 0.1)
        started = time.monotonic()
        lane.take().release()
        assert time.monotonic() - started >= 0.09
        lane.finish()


class TestSeams:
    def test_another_store_may_count(self) -> None:
        """Two limiters, as in two processes, over one gate."""
        shared, lock = LocalGate(), threading.Lock()

        class Locked:
            def enter(self, limits: Limits, now: float) -> float | None:
                with lock:
                    found = shared.enter(limits, now)
                return 0.01 if found == INFINITY else found

            def leave(self) -> None:
                with lock:
                    shared.leave()

            def pause(self, until: float) -> None:
                shared.pause(until)

            def is_idle(self, limits: Limits, now: float) -> bool:
                return True

        one, other = (Lane(Limits(max_in_flight=1), gate=lambda key: Locked()) for _ in range(2))
        with ThreadPoolExecutor(1) as pool, one.take():
            turn = pool.submit(other.take)
            assert eventually(lambda: waiting(other.limiter, KEY) == 1)
            assert not turn.done()
        turn.result(PATIENCE).release()
        one.finish()
        other.finish()

    def test_lanes_at_rest_are_forgotten(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "_LANES", 10)
        limiter = Limiter(lambda key: Limits(max_in_flight=2))
        held = limiter.acquire("held", owner="u", timeout_s=0)
        for number in range(100):
            limiter.acquire(number, owner="u", timeout_s=0).release()
        assert len(limiter._lanes) <= 11
        limiter.acquire("held", owner="u", timeout_s=0)
        with pytest.raises(ProviderError):
            limiter.acquire("held", owner="u", timeout_s=0)
        held.release()
