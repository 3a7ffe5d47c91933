"""When a provider is left alone, and when it is tried again."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor

import pytest

from generation.providers import breaker
from generation.providers.base import CODES, ProviderError
from generation.providers.breaker import OWN_FAULTS, BreakerRules, CircuitBreakers, State

KEY = ("deepseek", 7)
RULES = BreakerRules(failures=3, window_s=60, cooldown_s=10, longest_cooldown_s=35, probe_s=100)


def fault(code: str = "PROVIDER_OVERLOADED", retry_after: float | None = None) -> ProviderError:
    return ProviderError(code, "x", retryable=True, charged=False, retry_after=retry_after)


class House:
    """Breakers with a clock of their own."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.heard: list[tuple[Hashable, State]] = []
        self.breakers = CircuitBreakers(
            RULES, clock=lambda: self.now, on_change=lambda key, state: self.heard.append((key, state))
        )

    def call(self, error: BaseException | None = None, key: Hashable = KEY) -> None:
        with self.breakers.guard(key, provider="deepseek"):
            if error is not None:
                raise error

    def fail(self, times: int = 1, key: Hashable = KEY, **fields: float) -> None:
        for _ in range(times):
            with pytest.raises(ProviderError, match="x"):
                self.call(fault(**fields), key)

    def refused(self, key: Hashable = KEY) -> float:
        """Seconds to wait, as the refusal says."""
        with pytest.raises(ProviderError, match="left alone") as caught:
            self.call(key=key)
        assert caught.value.retry_after is not None
        return caught.value.retry_after

    @property
    def state(self) -> State:
        return self.breakers.state(KEY)


@pytest.fixture
def house() -> House:
    return House()


class TestOpening:
    def test_it_opens_after_so_many_failures(self, house: House) -> None:
        house.fail(2)
        assert house.state is State.CLOSED
        house.fail()
        assert house.state is State.OPEN
        assert house.refused() == 10
        assert house.heard == [(KEY, State.OPEN)]

    def test_the_refusal_costs_nothing_and_lets_another_be_asked(self, house: House) -> None:
        house.fail(3)
        with pytest.raises(ProviderError) as caught:
            house.call()
        error = caught.value
        assert (error.code, error.charged, error.retryable) == ("PROVIDER_UNAVAILABLE", False, True)
        assert error.allows_fallback
        assert error.provider == "deepseek"

    def test_failures_that_are_long_past_do_not_count(self, house: House) -> None:
        house.fail(2)
        house.now += 61
        house.fail(2)
        assert house.state is State.CLOSED

    def test_a_success_in_between_forgets_them(self, house: House) -> None:
        house.fail(2)
        house.call()
        house.fail(2)
        assert house.state is State.CLOSED

    @pytest.mark.parametrize("code", sorted(CODES))
    def test_only_the_providers_own_faults_count(self, house: House, code: str) -> None:
        for _ in range(3):
            with pytest.raises(ProviderError):
                house.call(fault(code))
        assert (house.state is State.OPEN) is (code in OWN_FAULTS)

    def test_what_is_not_the_providers_says_nothing(self, house: House) -> None:
        house.fail(2)
        for error in (KeyboardInterrupt(), RuntimeError(), fault("PROVIDER_RATE_LIMITED")):
            with pytest.raises(type(error)):
                house.call(error)
        house.fail()
        assert house.state is State.OPEN

    def test_keys_of_one_provider_are_apart(self, house: House) -> None:
        house.fail(3)
        house.call(key=("deepseek", 8))
        house.call(key=("openai", 7))
        assert house.state is State.OPEN
        assert house.breakers.state(("deepseek", 8)) is house.breakers.state(("openai", 7)) is State.CLOSED

    def test_the_providers_own_time_counts_when_it_is_longer(self, house: House) -> None:
        house.fail(2)
        house.fail(retry_after=90.0)
        assert house.refused() == 90
        house.now += 89
        assert house.refused() == 1

    def test_calls_that_were_on_their_way_change_nothing(self, house: House) -> None:
        late_failure, late_success = house.breakers.guard(KEY), house.breakers.guard(KEY)
        house.fail(3)
        late_failure.failed(fault(retry_after=500.0))
        late_success.succeeded()
        assert house.state is State.OPEN
        assert house.refused() == 10


class TestProbing:
    @pytest.fixture
    def due(self, house: House) -> House:
        """Its circuit was open long enough."""
        house.fail(3)
        house.now += 10
        house.heard.clear()
        return house

    def test_one_call_goes_and_the_others_wait(self, due: House) -> None:
        probe = due.breakers.guard(KEY)
        assert due.state is State.HALF_OPEN
        assert due.refused() > 0
        probe.succeeded()
        assert due.state is State.CLOSED
        due.call()
        assert [state for _, state in due.heard] == [State.HALF_OPEN, State.CLOSED]

    def test_of_many_threads_one_goes(self, due: House) -> None:
        barrier = threading.Barrier(16)

        def knock(_: int) -> bool:
            barrier.wait()
            try:
                due.breakers.guard(KEY)
            except ProviderError:
                return False
            return True

        with ThreadPoolExecutor(16) as pool:
            assert sum(pool.map(knock, range(16))) == 1

    def test_after_a_success_it_takes_as_many_failures_as_before(self, due: House) -> None:
        due.call()
        due.fail(2)
        assert due.state is State.CLOSED
        due.fail()
        assert due.refused() == 10

    def test_a_failed_probe_waits_longer_each_time(self, due: House) -> None:
        waits = []
        for _ in range(4):
            due.fail()
            waits.append(due.refused())
            due.now += waits[-1]
        assert waits == [20, 35, 35, 35]

    @pytest.mark.parametrize("code", sorted(CODES - OWN_FAULTS))
    def test_any_answer_is_a_sign_of_life(self, due: House, code: str) -> None:
        with pytest.raises(ProviderError):
            due.call(fault(code))
        assert due.state is State.CLOSED

    def test_a_probe_that_shows_nothing_makes_room_for_the_next(self, due: House) -> None:
        with pytest.raises(KeyboardInterrupt):
            due.call(KeyboardInterrupt())
        assert due.state is State.HALF_OPEN
        due.call()
        assert due.state is State.CLOSED

    def test_a_probe_that_never_comes_back_is_replaced(self, due: House) -> None:
        lost = due.breakers.guard(KEY)
        due.now += 100
        replacement = due.breakers.guard(KEY)
        lost.failed(fault())
        assert due.state is State.HALF_OPEN
        replacement.succeeded()
        assert due.state is State.CLOSED

    def test_a_stream_reports_with_its_first_piece(self, due: House) -> None:
        with due.breakers.guard(KEY) as permit:
            permit.succeeded()
            assert due.state is State.CLOSED
            permit.failed(fault("PROVIDER_CONNECTION_LOST"))
        assert due.state is State.CLOSED
        due.fail(2)
        assert due.state is State.CLOSED, "the piece that came was the report; the break after it is none"


class TestHousekeeping:
    def test_keys_without_troubles_are_not_remembered(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(breaker, "_REMEMBERED", 10)
        house.fail(3)
        for number in range(50):
            house.call(key=number)
            house.fail(key=number)
            house.now += 7
        assert len(house.breakers._circuits) <= 20
        assert house.state is State.OPEN

    def test_threads_at_one_circuit(self, house: House) -> None:
        def work(number: int) -> None:
            for turn in range(200):
                try:
                    house.call(fault() if (number + turn) % 3 else None)
                except ProviderError:
                    house.now += 0.5

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))
        changes = [state for _, state in house.heard]
        assert State.OPEN in changes
        house.now += 1_000
        house.call()
        assert house.state is State.CLOSED
