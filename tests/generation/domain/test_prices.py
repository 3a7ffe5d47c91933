"""Costs are integers, rounded up, and only what costs no money has a price without a row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.domain.prices import (
    BUILT_IN_PRICES,
    FREE,
    PLAY_MONEY,
    ItemPrice,
    Price,
    PriceTier,
    built_in_price,
)

tokens = st.integers(min_value=0, max_value=10**9)
rates = st.integers(min_value=0, max_value=10**9)


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


@given(input_rate=rates, output_rate=rates, read=tokens, written=tokens, cached=tokens)
def test_no_call_is_cheaper_than_nothing_or_dearer_than_without_a_cache(
    input_rate: int, output_rate: int, read: int, written: int, cached: int
) -> None:
    price = Price(input=input_rate, output=output_rate, cached_input=input_rate // 4)
    cost = price.cost(input_tokens=read, output_tokens=written, cached_tokens=cached)
    assert isinstance(cost, int)
    assert 0 <= cost <= price.cost(input_tokens=read, output_tokens=written)


def test_items_cost_their_number_times_the_price() -> None:
    assert ItemPrice(item=28_000).cost(4) == 112_000


@pytest.mark.parametrize("provider", ["local", "local-model"])
def test_the_operators_own_server_is_free_whatever_its_models_are_called(provider: str) -> None:
    assert built_in_price(provider, "千问-7b") == FREE


def test_the_sandbox_is_free_or_costs_play_money() -> None:
    assert built_in_price("sandbox", "sandbox") == FREE
    assert built_in_price("sandbox", "sandbox-priced") == PLAY_MONEY
    assert PLAY_MONEY.cost(input_tokens=1000, output_tokens=500, cached_tokens=200) == 2_850


@pytest.mark.parametrize(
    ("provider", "model"), [("openai", "gpt-4o"), ("deepseek", "deepseek-chat"), ("sandbox", "gpt-4o")]
)
def test_no_vendor_has_a_price_without_a_row(provider: str, model: str) -> None:
    assert built_in_price(provider, model) is None


def test_built_in_prices_name_themselves() -> None:
    assert {price.version for price in BUILT_IN_PRICES.values()} == {"built-in"}
    assert [price.is_free for price in (FREE, PLAY_MONEY)] == [True, False]


def test_a_picture_costs_what_the_narrowest_tier_says() -> None:
    small, square = 512 * 512, 1024 * 1024
    tiers = (
        PriceTier(9, most_pixels=small),
        PriceTier(30, "standard", square),
        PriceTier(20, "standard", small),
        PriceTier(50, "standard"),
    )
    price = ItemPrice(200, tiers=tiers)
    told = {
        (quality, pixels): price.of(quality=quality, pixels=pixels)
        for quality in ("standard", "high")
        for pixels in (small, square, square + 1)
    }
    assert told == {
        ("standard", small): 20,
        ("standard", square): 30,
        ("standard", square + 1): 50,
        ("high", small): 9,
        ("high", square): 200,
        ("high", square + 1): 200,
    }
    assert [PriceTier.from_row(tier.row()) for tier in tiers] == list(tiers)
