"""Text that grows is shown in whole characters, as far as anybody can know."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.domain.characters import LONGEST_HELD, whole_end

FAMILY = "👩\u200d👩\u200d👧"
CHINA = "🇨🇳"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("好", "好"),
        ("a👩\u200d", "a"),
        ("a👩🏽\u200d", "a"),
        ("a👩\u200d❤\ufe0f\u200d", "a"),
        (f"a{FAMILY}", f"a{FAMILY}"),
        (f"a{CHINA[0]}", "a"),
        (f"a{CHINA}", f"a{CHINA}"),
        (f"{CHINA}{CHINA[0]}", CHINA),
        (f"{CHINA[0]} ", f"{CHINA[0]} "),
        ("\u200d", ""),
        ("नी\u200d", "न"),
        ("x\r", "x\r"),
    ],
)
def test_what_is_certainly_not_whole_waits(text: str, shown: str) -> None:
    assert text[: whole_end(text)] == shown


def test_what_never_becomes_whole_is_shown_as_it_comes() -> None:
    endless = "👩\u200d" * LONGEST_HELD
    assert whole_end(endless) == len(endless)


@given(st.text(alphabet=f"ab好{FAMILY}{CHINA}\u200d\ufe0f\u0301🏽"))
def test_it_never_asks_for_more_than_there_is(text: str) -> None:
    end = whole_end(text)
    assert 0 <= end <= len(text)
    assert whole_end(text[:end]) == end or end == len(text)
