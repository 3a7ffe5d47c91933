"""When a failed attempt may be repeated."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.domain.backoff import CEILING_SECONDS, retry_delay


@pytest.mark.parametrize(("failures", "least", "most"), [(1, 1, 2), (2, 2, 4), (3, 4, 8), (7, 64, 128)])
def test_the_pause_doubles_with_each_failure(failures: int, least: float, most: float) -> None:
    rng = Random(7)
    pauses = [retry_delay(failures, rng=rng) for _ in range(200)]
    assert least <= min(pauses) < max(pauses) <= most
    assert max(pauses) - min(pauses) > (most - least) / 2  # a hundred jobs don't return as one


@given(failures=st.integers(1, 60), seed=st.integers())
def test_no_pause_is_longer_than_the_ceiling(failures: int, seed: int) -> None:
    assert 1 <= retry_delay(failures, rng=Random(seed)) <= CEILING_SECONDS


@given(
    failures=st.integers(1, 20),
    retry_after=st.floats(0, 600, allow_nan=False),
    seed=st.integers(),
)
def test_a_vendor_s_retry_after_is_a_lower_bound(failures: int, retry_after: float, seed: int) -> None:
    delay = retry_delay(failures, retry_after=retry_after, rng=Random(seed))
    assert retry_after <= delay <= max(CEILING_SECONDS, retry_after * 1.25)
