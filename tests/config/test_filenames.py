import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.filenames import MAX_NAME_BYTES, safe_download_name, safe_filename, unique_filenames


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("邻里书架 产品简报", "邻里书架 产品简报.md"),
        ("../../etc/passwd", "etc-passwd.md"),
        ("a/b\\c:d*e?f", "a-b-c-d-e-f.md"),
        ("需求／方案", "需求-方案.md"),
        ("...隐藏", "隐藏.md"),
        ("con", "_con.md"),
        ("LPT¹", "_LPT¹.md"),
        ("Aux.draft", "_Aux.draft.md"),
        ("NUL .txt", "_NUL .txt.md"),
        ("CON .", "_CON.md"),
        ("console", "console.md"),
        ("invoice\u202egpj.exe", "invoicegpj.exe.md"),
        ("a\x00b\nc", "ab c.md"),
        ("  . ", "document.md"),
        ("", "document.md"),
        ("Cafe\u0301", "Café.md"),
    ],
)
def test_names_stay_readable_and_become_safe(stem, expected):
    assert safe_filename(stem, ".md") == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tea.png", "tea.png"),
        ("con.tar.gz", "_con.tar.gz"),
        ("con", "_con"),
        (".png", "file.png"),
        ("a.b:c", "a.b-c"),
        ("图" * 200 + ".jpeg", "图" * 65 + ".jpeg"),
    ],
)
def test_what_has_an_ending_keeps_it(name, expected):
    assert safe_download_name(name) == expected


@given(st.text(max_size=150), st.sampled_from(["", ".md", ".html"]))
@settings(max_examples=60)
def test_any_text_gives_a_name_every_system_accepts(stem, extension):
    name = safe_filename(stem, extension)
    assert 0 < len(name.encode()) <= MAX_NAME_BYTES
    assert unicodedata.is_normalized("NFC", name)
    assert not set(name) & set('/\\:*?"<>|\x00\r\n\t')
    assert not name.startswith((".", " "))
    assert not name.endswith((".", " "))
    assert name.endswith(extension)


def test_long_names_are_cut_between_characters():
    name = safe_filename("👩‍🚀" * 40, ".md")
    assert name.removesuffix(".md") == "👩‍🚀" * name.count("🚀")
    assert safe_filename("图" * 100, ".md").removesuffix(".md") == "图" * 65


def test_repeated_names_are_numbered_whatever_their_case_or_form():
    assert unique_filenames(["a.md", "A.md", "zh/书.md", "zh/书.md", "Café.md", "Cafe\u0301.md"]) == [
        "a.md", "A (2).md", "zh/书.md", "zh/书 (2).md", "Café.md", "Cafe\u0301 (2).md",
    ]  # fmt: skip


@given(st.lists(st.sampled_from(["a.md", "a (2).md", "A.md", "书.md", "a"]), max_size=12))
@settings(max_examples=60)
def test_numbering_never_makes_a_new_repetition(names):
    unique = unique_filenames(names)
    assert len({name.casefold() for name in unique}) == len(names)
