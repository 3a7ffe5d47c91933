import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates.domain.language import display_width, ideograph_share, is_plausibly, truncated


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("这是一个面向社区的图书管理工具。", "zh"),
        ("使用 PostgreSQL 与 Celery 处理后台任务，接口遵循 REST。", "zh"),
        ("Volunteers run a shared book corner.", "en"),
        ("The app “邻里书架” helps volunteers keep track of every book they lend to neighbours.", "en"),
        ("```python\nprint('hello world and more words')\n```\n运行上面的代码。", "zh"),
        ("见 https://example.org/a/very/long/english/path 与 `some_function_name`。", "zh"),
    ],
)
def test_a_text_is_recognised_and_not_taken_for_the_other_language(text, language):
    other = "en" if language == "zh" else "zh"
    assert is_plausibly(text, language)
    assert not is_plausibly(text, other)


@pytest.mark.parametrize("text", ["", "123 — 456", "🎈🎈", "`code only`", "https://example.org"])
def test_a_text_without_words_contradicts_no_language(text):
    assert ideograph_share(text) is None
    assert is_plausibly(text, "zh")
    assert is_plausibly(text, "en")


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        ("邻里书架管理", 12, "邻里书架管理"),
        ("邻里书架管理", 11, "邻里书架管…"),
        ("邻里书架管理", 10, "邻里书架…"),
        ("abc中文", 5, "abc…"),
        ("👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧", 5, "👨‍👩‍👧👨‍👩‍👧…"),
        ("🇨🇳🇨🇳🇨🇳", 4, "🇨🇳…"),
        ("中文", 0, ""),
    ],
)
def test_truncation_counts_columns_and_splits_no_character(text, columns, expected):
    assert truncated(text, columns) == expected


@given(st.text(alphabet="ab 中文，👍é\u0301", max_size=30), st.integers(0, 20))
@settings(max_examples=60)
def test_a_truncated_text_fits_and_starts_like_the_original(text, columns):
    short = truncated(text, columns)
    assert display_width(short) <= columns
    assert text.startswith(short.removesuffix("…"))
