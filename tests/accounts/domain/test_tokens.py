"""A token can be told from everything else without asking anybody."""

import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.tokens import ALPHABET, checksum, is_ours, is_well_formed, token_hash, token_make

GOOD = "atl_live_" + "0" * 32 + "0mlCWY"


@pytest.mark.parametrize("is_test", [False, True])
def test_shape(is_test: bool) -> None:
    token = token_make(is_test=is_test)
    assert re.fullmatch(r"atl_(live|test)_[0-9A-Za-z]{38}", token)
    assert token.startswith("atl_test_") == is_test
    assert is_ours(token)
    assert is_well_formed(token)


def test_no_two_are_alike() -> None:
    assert len({token_make(is_test=False) for _ in range(1000)}) == 1000


def test_the_checksum_stays_what_it_is() -> None:
    """Tokens outlive releases, and scanners compute it, too."""
    assert checksum("atl_live_" + "0" * 32) == GOOD[-6:]
    assert is_well_formed(GOOD)


@given(st.binary(max_size=60).map(lambda raw: raw.hex()))
def test_the_checksum_is_the_crc_in_base_62(body: str) -> None:
    digits = checksum(body)
    assert len(digits) == 6
    number = 0
    for digit in digits:
        number = number * 62 + ALPHABET.index(digit)
    assert number == zlib.crc32(body.encode())


@given(position=st.integers(0, len(GOOD) - 1), typed=st.sampled_from(ALPHABET))
def test_one_mistyped_character_is_noticed(position: int, typed: str) -> None:
    mistyped = GOOD[:position] + typed + GOOD[position + 1 :]
    assert is_well_formed(mistyped) == (mistyped == GOOD)


@given(position=st.integers(9, len(GOOD) - 2))
def test_two_neighbours_in_the_wrong_order_are_noticed(position: int) -> None:
    token = token_make(is_test=False)
    swapped = token[:position] + token[position + 1] + token[position] + token[position + 2 :]
    assert is_well_formed(swapped) == (swapped == token)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "atl_live_",
        GOOD[:-1],
        GOOD + "0",
        GOOD + "\n",
        " " + GOOD,
        GOOD.replace("live", "test"),
        GOOD.upper(),
        "atl_prod_" + GOOD[9:],
        "atl_live_" + "０" * 32 + GOOD[-6:],
        "atl_live_" + "汉" * 38,
        "atl_live_" + "\x00" * 38,
        "eyJhbGciOiJIUzI1NiJ9.e30.x",
    ],
    ids=lambda text: ascii(text)[:40],
)
def test_everything_else_is_none(text: str) -> None:
    assert not is_well_formed(text)


def test_the_hash_stays_what_it_is() -> None:
    assert token_hash(GOOD) == "7604286f2712f6069a5819e743e5a8cb14e1aabc77fb03b70e183446dd9484d7"
