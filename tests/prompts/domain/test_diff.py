"""What two texts differ in."""

import random

import pytest

from prompts.domain.diff import DiffBy, DiffPart, diff


def spelled(parts: list[DiffPart]) -> str:
    marks = {"equal": "{}", "delete": "[-{}-]", "insert": "[+{}+]"}
    return "".join(marks[part.op].format(part.text) for part in parts)


@pytest.mark.parametrize(
    ("before", "after", "by", "told"),
    [
        (
            "请用中文写一封邮件。",
            "请用英文写一封长邮件。",
            DiffBy.WORD,
            "请用[-中-][+英+]文写一封[+长+]邮件。",
        ),
        (
            "Write a short e-mail.",
            "Write a long e-mail.",
            DiffBy.WORD,
            "Write a [-short-][+long+] e-mail.",
        ),
        ("用GPT写", "用 GPT 写", DiffBy.WORD, "用[+ +]GPT[+ +]写"),
        ("一\n二\n三\n", "一\n三\n四\n", DiffBy.LINE, "一\n[-二\n-]三\n[+四\n+]"),
        ("same", "same", DiffBy.LINE, "same"),
        ("", "新", DiffBy.WORD, "[+新+]"),
        ("", "", DiffBy.WORD, ""),
    ],
)
def test_what_is_told(before: str, after: str, by: DiffBy, told: str) -> None:
    assert spelled(diff(before, after, by)) == told


@pytest.mark.parametrize("by", DiffBy)
def test_both_texts_can_be_made_of_the_parts(by: DiffBy) -> None:
    made = random.Random(7)
    for _ in range(500):
        before, after = ("".join(made.choices("ab 中文\n", k=made.randint(0, 30))) for _ in range(2))
        parts = diff(before, after, by)
        assert "".join(part.text for part in parts if part.op != "insert") == before
        assert "".join(part.text for part in parts if part.op != "delete") == after
        assert all(one.op != other.op for one, other in zip(parts, parts[1:], strict=False))


def test_it_finds_no_more_edits_than_there_are() -> None:
    before = "".join(chr(0x4E00 + n) for n in range(3000))
    after = before[:1000] + "茶" + before[1001:2000] + before[2010:]
    parts = diff(before, after, DiffBy.WORD)
    assert sum(len(part.text) for part in parts if part.op != "equal") == 12


def test_texts_with_nothing_in_common_cost_little() -> None:
    made = random.Random(3)
    before, after = ("".join(made.choices("一二三四五", k=50_000)) for _ in range(2))
    assert [part.op for part in diff(before, after, DiffBy.WORD)] == ["delete", "insert"]
