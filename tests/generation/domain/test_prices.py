"""Costs are integers, rounded up, and never guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.domain.prices import FREE, PRICES, Price, price_for

tokens = st.integers(0, 10_000_000)


def test_a_million_tokens_cost_the_list_price() -> None:
    price = Price(input=270_000, output=1_100_000, cached_input=70_000)
    assert price.cost(input_tokens=1_000_000, output_tokens=0) == 270_000
    assert price.cost(input_tokens=0, output_tokens=1_000_000) == 1_100_000
    assert price.cost(input_tokens=1_000_000, output_tokens=0, cached_tokens=1_000_000) == 70_000


def test_a_fraction_of_a_micro_unit_counts_whole() -> None:
    assert Price(input=1, output=0).cost(input_tokens=1, output_tokens=0) == 1


def test_a_price_without_a_cache_rate_takes_cached_tokens_as_new_ones() -> None:
    price = Price(input=10_000, output=0)
    assert price.cost(input_tokens=1000, output_tokens=0, cached_tokens=900) == 10


@given(input_tokens=tokens, output_tokens=tokens, cached_tokens=tokens)
def test_no_call_is_cheaper_than_nothing_or_dearer_than_without_a_cache(
    input_tokens: int, output_tokens: int, cached_tokens: int
) -> None:
    for price in PRICES.values():
        cost = price.cost(input_tokens=input_tokens, output_tokens=output_tokens, cached_tokens=cached_tokens)
        assert isinstance(cost, int)
        assert 0 <= cost <= price.cost(input_tokens=input_tokens, output_tokens=output_tokens)


@pytest.mark.parametrize("name", ["sandbox", "local"])
def test_what_runs_on_this_machine_is_free_whatever_it_is_called(name: str) -> None:
    assert price_for(name, "千问-7b") == FREE


def test_an_unlisted_model_has_no_price() -> None:
    assert price_for("openai", "gpt-99") is None
    assert price_for("nobody", "gpt-4o") is None


def test_every_listed_price_can_be_paid() -> None:
    assert all(price.input >= 0 and price.output >= 0 for price in PRICES.values())
    assert price_for("deepseek", "deepseek-chat") is not None
