"""What nobody sees is no answer."""

import pytest

from generation.domain.blanks import is_blank

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t",
        "\x07",
        "\x1b\x00",
        "\u200b\ufeff",
        "\u202e",
        "\u3164",
        "\u2800",
        "\ufffd\n",
        "\u0301",
        "\ue000",
    ],
)
def test_nothing_to_see(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["a", "\x07茶", "-", "1", "👍", "é", "|"])
def test_something_to_see(text: str) -> None:
    assert not is_blank(text)
