"""Texts that go round, and texts that only look like it."""

import pytest

from generation.domain.repetition import repeats_itself


@pytest.mark.parametrize(
    "text",
    [
        "# 标题\n\n" + "这是同一句话。" * 50,
        "# T\n\n" + "The system is robust and scalable.\n" * 30,
        "# T\n\nA good start with some words.\n\n" + "and more and more and " * 40,
        "# T\n\n" + "".join(f"{n}. The system is easy to use.\n" for n in range(1, 40)),
        "哈哈哈" * 200,
    ],
)
def test_the_same_over_and_over_is_seen(text: str) -> None:
    assert repeats_itself(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# 标题\n\n短。",
        "# T\n\n" + "| 待确认 | 待确认 |\n" * 40,
        "# T\n\n```\n" + "retry();\n" * 60 + "```\n\nEnd.",
        "# T\n\n" + "".join(f"- Step {n} does {n * 7919 % 1000} things in its own way.\n" for n in range(60)),
        "# T\n\nSome words first.\n\n" + "-" * 400,
        "# 目录\n\n"
        + "".join(f"## 第{n}章\n\n第{n}章讲第{n * 37 % 101}件事。待确认。\n\n" for n in range(30)),
    ],
)
def test_what_may_repeat_itself_may(text: str) -> None:
    assert not repeats_itself(text)


def test_a_long_text_takes_no_time() -> None:
    assert not repeats_itself("".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(200_000)))
