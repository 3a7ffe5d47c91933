"""Marks stand where the words are in the text as it was written, whatever folding has done to its length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.search.folding import folded, search_terms
from config.search.snippets import LONGEST_SNIPPET, Snippet, snippet

#: Joined, widened, shortened or put in another order when they are folded, and some that stay what they are.
CHARACTERS = (
    "aABbßﬁﬃİıſ㎏㍿Ⅷ½ａＢ　 \n，。!%_\\茶馆量子龘𠮷"
    "かがカ゛ﾞﾟｶｸﾊ\u3099\u309a각\u1100\u1161\u11a8é\u0301\u0323\u0307🍵👩‍👧️́"
)


def marked(found: Snippet | None) -> list[str]:
    assert found is not None
    return [found.text[start:end] for start, end in found.marks]


@pytest.mark.parametrize(
    ("text", "asked", "expected"),
    [
        ("云上茶馆 Tea House", "茶馆", ["茶馆"]),
        ("云上茶馆 Tea House", "house 茶", ["茶", "House"]),
        ("ＴＥＡ　house", "tea", ["ＴＥＡ"]),
        ("die Straße", "strasse", ["Straße"]),
        ("die Straße", "ss", ["ß"]),
        ("an oﬃce", "office", ["oﬃce"]),
        ("an oﬃce", "f", ["ﬃ"]),
        ("㍿茶馆 株式会社", "会社", ["㍿", "会社"]),
        ("5㎏ of tea", "5kg", ["5㎏"]),
        ("ｶﾞｲﾄﾞブック", "ガイド", ["ｶﾞｲﾄﾞ"]),
        ("か\u3099いど", "がい", ["か\u3099い"]),
        ("cafe\u0301 au lait", "café", ["cafe\u0301"]),
        ("茶\u0301馆", "茶", ["茶"]),
        ("Aﾞ\u0301 b", "á", ["Aﾞ\u0301"]),
        ("\u0301ﾞ", "\u0301", ["\u0301ﾞ"]),
        ("🍵👩‍👩‍👧 tea", "👩‍👩‍👧", ["👩‍👩‍👧"]),
        ("𠮷野家", "野", ["野"]),
        ("aaaa", "aa", ["aaaa"]),
        ("茶茶水水", "茶水", ["茶水"]),
        ("<b>茶</b> [[1,2]] **", "茶", ["茶"]),
        ("100% of_it \\ x", "% f_i \\", ["%", "f_i", "\\"]),
    ],
)
def test_words_are_marked_in_the_text_as_it_was_written(text: str, asked: str, expected: list[str]) -> None:
    found = snippet(text, search_terms(asked))
    assert marked(found) == expected
    assert found is not None
    assert found.text in text


@pytest.mark.parametrize("filling", ["words and more ", "没有空格的长句子，", "ｶﾞｷﾞｸﾞ", "Ünïcödé ", "각", "\n"])
@pytest.mark.parametrize("times", [0, 1, 30, 3_000])
def test_a_word_is_marked_wherever_it_stands_in_a_long_text(filling: str, times: int) -> None:
    text = f"{filling * times}量子計算{filling * times}"
    found = snippet(text, ("量子計算",))
    assert marked(found) == ["量子計算"]
    assert found is not None
    assert len(found.text) <= LONGEST_SNIPPET
    assert found.text in text


def test_a_text_without_the_words_has_no_snippet() -> None:
    assert snippet("云上茶馆", ("咖啡",)) is None
    assert snippet("", ("咖啡",)) is None


def test_marks_end_with_the_snippet() -> None:
    found = snippet("a" * 1_000, ("a",))
    assert found == Snippet("a" * LONGEST_SNIPPET, [(0, LONGEST_SNIPPET)])


@given(st.text(CHARACTERS, max_size=40), st.text(CHARACTERS, min_size=1, max_size=3))
def test_what_is_marked_means_what_was_asked(text: str, asked: str) -> None:
    terms = search_terms(asked)
    found = snippet(text, terms)
    assert (found is not None) == any(term in folded(text) for term in terms)
    if found is not None:
        assert found.text in text
        for part in marked(found):
            assert any(term in folded(part) for term in terms), (part, terms)


@given(st.text(CHARACTERS, max_size=60))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)
