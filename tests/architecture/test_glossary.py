"""One Chinese word for each thing: what `docs/glossary.md` rules out stands in no Chinese text that people read."""

import re
from collections.abc import Iterable, Iterator

import pytest

from config.errors import REGISTRY
from tests.architecture.house import ROOT
from tests.architecture.test_texts import chinese

GLOSSARY = ROOT / "docs" / "glossary.md"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
#: Code, placeholders, addresses and paths: names stay as they are.
NAMES = re.compile(r"`[^`]*`|\{[^}]*\}|%\([^)]*\)[sd]|<[^>]*>|&lt;|\S+://\S+|\]\([^)]*\)|[\w./-]*/[\w./-]*")
BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def terms() -> dict[str, str]:
    """What isn't said → what is said instead."""
    rows = [line.strip("| ").split(" | ") for line in GLOSSARY.read_text("utf-8").splitlines() if "|" in line]
    return {bad: row[1] for row in rows[2:] for bad in row[2].split("、")}


def texts() -> Iterator[tuple[str, str]]:
    """Every Chinese text, with its place: lines, cells of tables, sentences of errors."""
    for code, error in sorted(REGISTRY.items()):
        yield code, error.zh
    for key, text in chinese()._catalog.items():  # type: ignore[attr-defined]
        yield f"translation of {key!r}", text if key else ""
    documents = [path for path in ROOT.glob("docs/**/*.md") if path.name not in (GLOSSARY.name, "errors.md")]
    for path in (ROOT / "README.zh-CN.md", ROOT / ".env.example", *sorted(documents)):
        text = BLOCK.sub(lambda code: "\n" * code[0].count("\n"), path.read_text("utf-8"))
        for number, line in enumerate(text.splitlines(), 1):
            yield from ((f"{path.name}:{number}", cell) for cell in line.split(" | "))


def rule_of(bad: str) -> re.Pattern[str]:
    """An English word is meant as a whole, and not as a part of a name."""
    return re.compile(rf"(?<![\w.=-]){bad}s?(?![\w.=-])" if bad.isascii() else bad, re.ASCII)


def misnamed(found: Iterable[tuple[str, str]]) -> list[str]:
    wrong = terms()
    rules = {bad: rule_of(bad) for bad in wrong}
    return [
        f"{place}: {bad} is called {wrong[bad]}"
        for place, text in found
        if CHINESE.search(text)
        for bad, rule in rules.items()
        if rule.search(NAMES.sub(" ", text))
    ]


def test_every_chinese_text_uses_the_words_of_the_glossary() -> None:
    assert misnamed(texts()) == []


@pytest.mark.parametrize(
    "text", ["请联系提供商。", "上限为 100 token", "每百万tokens", "本机小型模型", "向供应商询问 {provider}"]
)
def test_the_guard_finds_another_word(text: str) -> None:
    assert len(misnamed([("x", text)])) == 1


@pytest.mark.parametrize(
    "text",
    [
        "在 `token` 字段中",
        "{token} 无效",
        "Bearer <token>，请登录",
        "A provider's token",
        "链接中 token= 之后",
    ],
)
def test_the_guard_lets_names_be(text: str) -> None:
    assert misnamed([("x", text)]) == []


def test_no_word_is_ruled_out_that_is_itself_a_word_of_the_glossary() -> None:
    said = " ".join(terms().values())
    assert not [bad for bad in terms() if bad in said]


def test_there_are_texts_to_look_at() -> None:
    places = [place for place, text in texts() if CHINESE.search(text)]
    assert len(places) > 500
    files = {place.partition(":")[0] for place in places}
    assert files >= {"README.zh-CN.md", ".env.example", "tokens.md"}
