"""Thoughts in the text: what is taken out, what stays, and that pieces of any size come to the same."""

from __future__ import annotations

import random

import pytest

from generation.providers.llm import thought_tags
from generation.providers.llm.thought_tags import ThoughtSplitter

DOCUMENT = "# 标题\n\nThe text. 🙂\n"
ABOUT = "Call `<think>` first, then `</think>`.\n\n```xml\n<think>\nplan\n</think>\n```\n\nThe end.\n"
INDENTED = "# T\n\nLike this:\n\n    <think>\n    plan\n    </think>\n\nThe end.\n"

CASES = [
    (f"<think>plan</think>\n\n{DOCUMENT}", DOCUMENT, "plan"),
    (f"\n <THINK>plan\n\nmore</Think>{DOCUMENT}", DOCUMENT, "plan\n\nmore"),
    (f"<thinking>plan</thinking>{DOCUMENT}", DOCUMENT, "plan"),
    (f"<think></think>\n\n{DOCUMENT}", DOCUMENT, ""),
    (f"<think>\n\n</think>\n\n{DOCUMENT}", DOCUMENT, "\n\n"),
    (f"<think/>\n{DOCUMENT}", DOCUMENT, ""),
    (f'<think type="deep">plan</think >{DOCUMENT}', DOCUMENT, "plan"),
    (f"◁think▷plan◁/think▷{DOCUMENT}", DOCUMENT, "plan"),
    (f"<think>a <think>b</think> c</think>{DOCUMENT}", DOCUMENT, "a <think>b</think> c"),
    (
        f"<think>I will write <think> first.\n</think>\n\n{DOCUMENT}",
        DOCUMENT,
        "I will write <think> first.\n",
    ),
    (f"<think>one</think>\n<think>two</think>\n\n{DOCUMENT}", DOCUMENT, "onetwo"),
    ("# T\n\nBody.\n\n<think>second thoughts</think>\n\nMore.", "# T\n\nBody.\n\nMore.", "second thoughts"),
    ("# T\n\nBody <think>hm</think>goes on.", "# T\n\nBody goes on.", "hm"),
    (f"<reasoning>plan</reasoning>\n{DOCUMENT}", DOCUMENT, "plan"),
    (f"[THINK]plan[/THINK]{DOCUMENT}", DOCUMENT, "plan"),
    (
        f"<|begin_of_thought|>plan<|end_of_thought|>\n\n<|begin_of_solution|>\n{DOCUMENT}",
        DOCUMENT,
        "plan",
    ),
    (
        f"<|channel|>analysis<|message|>plan<|end|><|start|>assistant<|channel|>final<|message|>{DOCUMENT}",
        DOCUMENT,
        "plan",
    ),
    (
        "<|channel|>analysis<|message|>one<|end|><|start|>assistant<|channel|>commentary<|message|>two<|end|>"
        f"<|start|>assistant<|channel|>final<|message|>{DOCUMENT}",
        DOCUMENT,
        "onetwo",
    ),
    (f"<|channel|>final<|message|>{DOCUMENT}", DOCUMENT, ""),
    # only closed
    (f"plan<|end|><|start|>assistant<|channel|>final<|message|>{DOCUMENT}", DOCUMENT, "plan"),
    (f"plan\nmore\n</think>\n\n{DOCUMENT}", DOCUMENT, "plan\nmore\n"),
    (f"plan</think>{DOCUMENT}", DOCUMENT, "plan"),
    (f"</think>\n\n{DOCUMENT}", DOCUMENT, ""),
    (f"<think>plan</think>{DOCUMENT}</think>", DOCUMENT, "plan"),
    # never closed
    ("<think>plan that goes on", "", "plan that goes on"),
    ("# T\n\nBody.\n<think>\nplan that goes on", "# T\n\nBody.\n", "\nplan that goes on"),
    # words about the tags
    (ABOUT, ABOUT, ""),
    (INDENTED, INDENTED, ""),
    (f"<think>plan</think>\n\n{ABOUT}", ABOUT, "plan"),
    ("> ~~~\n> <think>x</think>\n> ~~~\n\nEnd.", "> ~~~\n> <think>x</think>\n> ~~~\n\nEnd.", ""),
    ("The <think> and </think> tags.", "The <think> and </think> tags.", ""),
    ("模型用<think>和</think>包住思考。", "模型用<think>和</think>包住思考。", ""),
    ("Put it after <think> as usual.", "Put it after <think> as usual.", ""),
    ("- [Think](https://example.org/a) first\n", "- [Think](https://example.org/a) first\n", ""),
    ("[THINK](https://example.org/a) first\n", "[THINK](https://example.org/a) first\n", ""),
    ("a < b and <thin> and <thinker>", "a < b and <thin> and <thinker>", ""),
    ("ends with <thi", "ends with <thi", ""),
    ("", "", ""),
]


def parted(answer: str, cut: int, *, hold: int = 0) -> tuple[str, str, str]:
    """Text, thoughts, and the text as it was handed on."""
    splitter = ThoughtSplitter(hold=hold)
    pieces = [splitter.feed(answer[i : i + cut]) for i in range(0, len(answer), cut)] + [splitter.end()]
    said = "".join(piece.text for piece in pieces)
    return said[splitter.misplaced :], "".join(piece.thoughts for piece in pieces), said


@pytest.mark.parametrize("cut", [1, 2, 3, 7, 10_000])
@pytest.mark.parametrize(("answer", "text", "thoughts"), CASES, ids=range(len(CASES)))
def test_thoughts_are_never_text(answer: str, text: str, thoughts: str, cut: int) -> None:
    assert parted(answer, cut)[:2] == (text, thoughts)


@pytest.mark.parametrize(("answer", "text", "thoughts"), CASES, ids=range(len(CASES)))
def test_with_a_hold_nobody_sees_short_thoughts_that_were_only_closed(
    answer: str, text: str, thoughts: str
) -> None:
    assert parted(answer, 3, hold=400) == (text, thoughts, text)


def test_long_ones_are_taken_back() -> None:
    long = "Let me think about it. " * 100
    text, thoughts, said = parted(f"{long}</think>\n\n{DOCUMENT}", 5, hold=400)
    assert (text, thoughts) == (DOCUMENT, long)
    assert said.startswith("Let me think")


def test_any_pieces_come_to_the_same() -> None:
    rng = random.Random(7)  # noqa: S311
    parts = [
        "<think>",
        "</think>",
        "`",
        "```\n",
        "\n",
        "\n\n",
        "words ",
        "<thinking>",
        "    ",
        "# 标题",
        "~~~\n",
        "<",
    ]
    for _ in range(2_000):
        answer = "".join(rng.choices(parts, k=rng.randint(1, 14)))
        whole = parted(answer, 10_000)[:2]
        assert parted(answer, rng.randint(1, 5))[:2] == whole, repr(answer)


def test_endless_tags_are_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thought_tags, "MAX_TAGS", 20)
    answer = "`<think>` " * 100
    assert parted(answer, 3)[0] == answer
