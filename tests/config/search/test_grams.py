"""The pieces that the index knows of a text, and those that a search asks for, fit each other on either database."""

from uuid import UUID

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from config.search.folding import folded_words, search_terms
from config.search.grams import MOST_GRAMS, index_tokens, search_grams
from tests.config.search.test_corpus import CORPUS

OWNER = UUID("019a6f5e-7c1d-7a40-9d55-2f0f3f1c5b1c")


def pieces(text: str) -> set[str]:
    return {bytes.fromhex(token[1:]).decode() for token in index_tokens(OWNER.hex, text).split()}


def test_every_character_every_two_and_every_three_that_are_not_all_wide() -> None:
    assert pieces("茶馆的 tea 茶t🍵") == {
        *("茶", "馆", "的", "t", "e", "a", "🍵"),
        *("茶馆", "馆的", "te", "ea", "茶t", "t🍵"),
        *("tea", "茶t🍵"),
    }


def test_a_run_of_one_character_is_a_piece_in_each_length_up_to_eight() -> None:
    runs = {piece for piece in pieces("啊哈哈哈哈哈" + " " + "=" * 10) if len(piece) > 2}
    assert runs == {"哈哈哈", "哈哈哈哈", "哈哈哈哈哈", *("=" * length for length in range(3, 9))}
    assert search_grams(("哈哈哈哈",))[0] == "哈哈哈哈"
    assert search_grams(("=" * 10,))[0] == "=" * 8


@pytest.mark.django_db
@pytest.mark.parametrize("name", CORPUS)
def test_the_database_has_the_same_pieces(name: str) -> None:
    text = folded_words([CORPUS[name]])
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT search_grams(%s, %s)", [OWNER, text])
            assert {"c" + piece for piece in pieces(text)} == set(cursor.fetchone()[0])
        else:
            cursor.execute("SELECT search_grams(%s, %s)", [OWNER.hex, text])
            assert set(index_tokens(OWNER.hex, text).split()) == set(cursor.fetchone()[0].split())


@given(st.text("aAß1 -茶馆ガ🍵\u0301가", max_size=60), st.data())
def test_whatever_stands_in_a_text_is_asked_for_by_pieces_of_it(text: str, data: st.DataObject) -> None:
    words = folded_words([text])
    start = data.draw(st.integers(0, max(len(words) - 1, 0)))
    terms = search_terms(words[start : start + data.draw(st.integers(1, 20))])
    if terms:
        assert pieces(words).issuperset(search_grams(terms))


def test_a_long_search_asks_for_some_of_its_pieces() -> None:
    many = search_grams(("".join(chr(0x4E00 + n) for n in range(200)),))
    assert MOST_GRAMS // 2 <= len(many) <= MOST_GRAMS
