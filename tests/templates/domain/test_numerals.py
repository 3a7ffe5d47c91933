from decimal import Decimal

import pytest

from templates.domain.numerals import possible_numbers, written_numbers


@pytest.mark.parametrize(
    "text",
    [
        "10,000 users",
        "1万人",
        "一万人",
        "10k users",
        "１００００人",
        "10 thousand",
        "１０，０００ 人",
        "10000",
    ],
)
def test_one_number_has_many_spellings(text):
    assert Decimal(10_000) in possible_numbers(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("一千二百", 1200),
        ("三万五千", 35_000),
        ("两亿", 200_000_000),
        ("二〇二六年", 2026),
        ("十五天", 15),
        ("3.5%", "3.5"),
        ("1.2亿", 120_000_000),
    ],
)
def test_values_are_read(text, value):
    assert Decimal(value) in possible_numbers(text)


def test_small_whole_numbers_and_clock_times_are_not_compared():
    assert written_numbers("3 people, 12 months, at 15:30") == frozenset()
    assert written_numbers("v2 uses utf8 and 0.5 of 64") == {Decimal("0.5"), Decimal(64)}
