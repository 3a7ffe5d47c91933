"""Control tokens and half characters, in pieces of any size."""

from __future__ import annotations

import pytest

from generation.providers.llm.answer_text import AnswerText


def said(answer: str, cut: int) -> AnswerText:
    found = AnswerText()
    for start in range(0, len(answer), cut):
        found.feed(answer[start : start + cut])
    found.end()
    return found


@pytest.mark.parametrize("cut", [1, 2, 5, 10_000])
@pytest.mark.parametrize(
    ("answer", "text", "left_out"),
    [
        ("# 标题\n\n正文。<|im_end|>", "# 标题\n\n正文。", "<|im_end|>"),
        ("The end.\n<|im_end|>\n<|endoftext|>\n", "The end.", "<|im_end|>\n<|endoftext|>"),
        ("结束。<｜end▁of▁sentence｜>", "结束。", "<｜end▁of▁sentence｜>"),
        ("The end.</s>", "The end.", "</s>"),
        ("The end.<end_of_turn>", "The end.", "<end_of_turn>"),
        ("<|im_start|>assistant\n# Title\n", "# Title\n", "<|im_start|>assistant"),
        ("<s> [/INST] # Title", "# Title", "<s> [/INST]"),
        (
            "<|im_start|>assistant\n<think>plan</think>\n\n# T<|im_end|>",
            "# T",
            "<|im_start|>assistant<|im_end|>",
        ),
        (
            "# T<|im_end|>\n<|im_start|>user\nmore<|im_end|>\n",
            "# T",
            "<|im_end|>\n<|im_start|>user\nmore<|im_end|>\n",
        ),
        ("# T<|eot_id|><|start_header_id|>user", "# T", "<|eot_id|><|start_header_id|>user"),
        # the document's own
        (
            "```\nHi<|im_end|>\n<|im_start|>user\n```\nText",
            "```\nHi<|im_end|>\n<|im_start|>user\n```\nText",
            "",
        ),
        ("Ends with `<|im_end|>`.", "Ends with `<|im_end|>`.", ""),
        ("```\n<|im_start|>user\nHi<|im_end|>\n```\n", "```\n<|im_start|>user\nHi<|im_end|>\n```\n", ""),
        ("<s>struck</s> and more", "<s>struck</s> and more", ""),
        ("# T\n\n<s>struck</s>", "# T\n\n<s>struck</s>", ""),
        ("[link](x) <b>", "[link](x) <b>", ""),
        ("<div>\n\nText", "<div>\n\nText", ""),
        ("assistant of mine", "assistant of mine", ""),
        ("a < b", "a < b", ""),
        ("半\ud83d\ude42个", "半🙂个", ""),
        ("半\ud83d个 \ude42", "半\ufffd个 \ufffd", ""),
        ("ends in half \ud83d", "ends in half \ufffd", ""),
        ("", "", ""),
    ],
)
def test_an_answer_comes_clean(answer: str, text: str, left_out: str, cut: int) -> None:
    found = said(answer, cut)
    assert (found.text, found.cut) == (text, left_out)


def test_pieces_are_handed_on_as_they_come() -> None:
    found = AnswerText()
    pieces = [found.feed("One "), found.feed("two <"), found.feed("b> three"), found.end()]
    assert [piece.text if piece else "" for piece in pieces] == ["One", " two", " <b> three", ""]


def test_thoughts_of_both_kinds_are_reasoning() -> None:
    found = AnswerText(hold=100)
    found.feed(reasoning="first ")
    found.feed("<think>second</think>\n\nText")
    found.end()
    assert (found.text, found.reasoning) == ("Text", "first second")
