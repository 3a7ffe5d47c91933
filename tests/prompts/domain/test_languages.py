import pytest

from prompts.domain.languages import is_other, language_of, leaning


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("写一首关于春天的诗", "zh"),
        ("用 Python 写一个 FastAPI 接口，返回 JSON", "zh"),
        ("Python 写一个快速排序并加上注释", "zh"),
        ("請翻譯這段文字", "zh"),
        ("Write a poem about spring for the school", "en"),
        ("Translate 你好世界，今天天气很好 into English", None),
        ("Translate “你好世界，今天天气很好” into English for the menu of a cafe", "en"),
        ("春についての詩を書いてください。", "ja"),
        ("봄에 대한 시를 써 주세요", "ko"),
        ("Напиши стихотворение о весне", "cyrillic"),
        ("Écris un poème sur le printemps pour les enfants et ne rime pas", "fr"),
        ("Schreibe ein Gedicht über den Frühling und die Liebe, bitte nicht zu lang", "de"),
        ("Escribe un poema sobre la primavera para los niños", "es"),
        ("haiku spring rain", "latin"),
        ("`print('hello')` {{topic}} https://example.org", None),
        ("123 🙂", None),
        ("", None),
    ],
)
def test_the_language_is_told(text: str, language: str | None) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("写一首诗", "Write a poem about the sea."),
        ("Write a poem about the sea for my friend.", "请写一首关于大海的诗。"),
        ("春についての詩を書いてください。", "请写一首关于春天的诗。"),
        ("Écris un poème sur le printemps pour les enfants", "Write a poem about spring for the children."),
    ],
)
def test_another_language_is_noticed(text: str, other: str) -> None:
    assert is_other(language_of(text), other)
    assert not is_other(language_of(text), text)


def test_a_few_latin_words_are_no_other_language() -> None:
    assert not is_other(language_of("haiku spring rain"), "Write a haiku about the rain in spring.")
    assert not is_other(language_of("Write a haiku about the rain."), "haiku spring rain")
    assert is_other(language_of("haiku spring rain"), "请写一首关于春雨的俳句。")


@pytest.mark.parametrize(
    ("text", "language"), [("写诗", "zh"), ("poem", "en"), ("123", "en"), ("Translate 你好世界 into English", "en"),
                           ("春の詩を書いて", "en")]
)  # fmt: skip
def test_a_model_is_talked_to_in_one_of_both(text: str, language: str) -> None:
    assert leaning(text) == language
