"""What looks the same is the same name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.domain.names import is_email, normalized_email, normalized_username


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("李雷", "李雷"),
        ("  ａｌｉｃｅ ", "alice"),
        ("ﬁona", "fiona"),
        ("Alice", "Alice"),
        ("e\u0301va", "éva"),
    ],
)
def test_usernames(typed: str, kept: str) -> None:
    assert normalized_username(typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Li.Lei@Example.COM", "Li.Lei@example.com"),
        (" a@ｅxample.com ", "a@example.com"),
        ('"a@b"@X.cn', '"a@b"@x.cn'),
    ],
)
def test_emails(typed: str, kept: str) -> None:
    assert normalized_email(typed) == kept


@given(st.text())
def test_normalizing_twice_changes_nothing(text: str) -> None:
    once = normalized_username(text)
    assert normalized_username(once) == once


def test_full_width_at_signs_are_seen() -> None:
    assert is_email(normalized_username("a＠b.com"))
