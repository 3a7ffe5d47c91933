"""What models are called by themselves."""

import pytest
from wcwidth import wcswidth

from models3d.domain.names import COLUMNS, cut, name_of

FAMILY, FLAG, ACCENT = "👩‍👩‍👧", "🇨🇳", "e\u0301"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("一个马克杯", "一个马克杯"),
        ("  \n\n a  mug\twith a\u202e handle \nand more", "a mug with a handle"),
        ("", "…"),
        ("\u200b\n\u200b", "…"),
        (f"{FAMILY} 的家", f"{FAMILY} 的家"),
    ],
)
def test_the_first_line_with_anything_to_read(text: str, name: str) -> None:
    assert name_of(text) == name


@pytest.mark.parametrize("one", ["茶", "a", FAMILY, FLAG, ACCENT, "한", "𠮷"])
def test_never_within_a_character_and_never_too_wide(one: str) -> None:
    short = cut(one * 200)
    assert short.endswith("…")
    assert short[:-1] == one * (len(short[:-1]) // len(one))
    assert COLUMNS - 2 <= wcswidth(short) <= COLUMNS


def test_what_fits_stays_whole() -> None:
    assert cut("茶" * 30) == "茶" * 30
    assert cut("茶" * 31) == "茶" * 29 + "…"
    assert cut("a" * 60) == "a" * 60
