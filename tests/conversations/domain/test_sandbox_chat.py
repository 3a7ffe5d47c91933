"""The sandbox's conversation is worth reading: it uses what was said, in the language spoken last."""

from __future__ import annotations

import ast
import contextlib
import io
import re

import pytest

from conversations.domain.sandbox_chat import SANDBOX_INPUTS, answer, title
from conversations.domain.sandbox_numbers import expression_in, worked_out
from generation.providers.llm.base import ChatImage, ChatMessage, ChatRequest

OFFLINE = re.compile(r"_This is the offline sandbox|_这是离线沙盒的回答")


def request(*messages: ChatMessage, **context: object) -> ChatRequest:
    return ChatRequest(messages, 4_000, kind="conversations.reply", context=context)


def talk(*said: str, system: str = "") -> list[str]:
    """What is answered to each, one after the other."""
    messages = [ChatMessage("system", system)] if system else []
    answers = []
    for text in said:
        messages.append(ChatMessage("user", text))
        answers.append(answer(request(*messages)))
        messages.append(ChatMessage("assistant", answers[-1]))
    return answers


def last(*said: str, system: str = "") -> str:
    return talk(*said, system=system)[-1]


class TestMemory:
    @pytest.mark.parametrize(
        ("told", "asked", "known"),
        [
            ("Hello, my name is Ada Lovelace.", "What's my name?", "**Ada Lovelace**"),
            ("I'm Grace and I work at the navy.", "Who am I?", "**Grace**"),
            ("I'm Grace and I work at the navy.", "Where do I work?", "**the navy**"),
            ("My favourite colour is dark blue.", "what is my favourite colour?", "**dark blue**"),
            ("I have 3 cats and a dog", "How many cats do I have?", "**3 cats**"),
            ("I live in Lisbon.", "Where do I live?", "**Lisbon**"),
            ("我叫小明，在银行上班。", "我叫什么名字？", "**小明**"),
            ("我住在杭州。", "我住在哪里？", "**杭州**"),
            ("我最喜欢的颜色是绿色", "我最喜欢的颜色是什么？", "**绿色**"),
            ("我有两只猫。", "我有几只猫？", "**两只猫**"),
        ],
    )
    def test_what_people_told_is_known_later(self, told: str, asked: str, known: str) -> None:
        assert known in last(told, "Give me a list of tips for gardens", asked)
        assert known not in last("Give me a list of tips for gardens", asked)

    def test_the_latest_word_counts(self) -> None:
        assert "**Bea**" in last("My name is Ada.", "No, my name is Bea.", "What is my name?")

    def test_a_question_tells_nothing(self) -> None:
        assert "not told me" in last("What is my name?", "And what is my name?")
        assert "还没有告诉我" in last("我叫什么名字？")

    def test_what_was_told_is_confirmed(self) -> None:
        first, second = talk("My name is Ada and I have 3 cats.", "我住在杭州")
        assert first.startswith("Ada, noted: name: **Ada**; cats: **3 cats**.")
        assert second.startswith("Ada，记下了：住处：**杭州**。")

    def test_it_looks_back(self) -> None:
        said = ("Tell me about bees", "And wasps?", "What did I ask first?")
        assert "“Tell me about bees”" in last(*said)
        assert "“And wasps?”" in last(*said[:2], "What did I just ask?")
        assert "“蜜蜂是什么？”" in last("蜜蜂是什么？", "黄蜂呢？", "我最开始问的是什么？")
        assert "first message" in last("What did I ask first?")

    def test_it_sums_up(self) -> None:
        summary = last("Tell me about bees", "And wasps?", "Summarize what we said so far")
        assert "- Tell me about bees\n- And wasps?\n" in summary
        assert "2 times" in summary
        assert "- 蜜蜂是什么？" in last("蜜蜂是什么？", "总结一下我们聊了什么")
        assert "nothing to sum up" in last("Sum up.")


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("What is 12 * 7?", "84"),
            ("12乘以7等于多少？", "84"),
            ("计算 (3+4)×2", "14"),
            ("what's 10 divided by 4", "2.5"),
            ("1/3 + 1/6 = ?", "0.5"),
            ("-3 - 4", "-7"),
            ("100减去1", "99"),
            ("0.1 + 0.2", "0.3"),
        ],
    )
    def test_it_calculates(self, text: str, value: str) -> None:
        assert f"= **{value}**" in last(text)

    def test_it_goes_on_from_the_last_result(self) -> None:
        answers = talk("What is 12 * 7?", "add 16 to that", "再除以4", "Tell me about bees", "double it")
        assert [re.findall(r"\*\*(-?[\d.]+)\*\*", text)[:1] for text in answers] == [
            ["84"],
            ["100"],
            ["25"],
            [],
            ["50"],
        ]

    def test_a_division_by_zero_is_no_crash(self) -> None:
        assert "divides by zero" in last("(3 + 4) / 0 = ?")

    @pytest.mark.parametrize(
        "text",
        [
            "Meet me on 2026-11-28.",
            "2026/11/28",
            "Call 555-0199",
            "version 1.2.3",
            "GPT-4",
            "5",
            "a-1",
            "C++ 11",
        ],
    )
    def test_dates_and_the_like_are_no_calculations(self, text: str) -> None:
        assert expression_in(text, None) is None

    @pytest.mark.parametrize("text", ["(1", "1+", "2**9", "9" * 400 + "+1", "((((1+1))))"])
    def test_odd_expressions_are_no_crash(self, text: str) -> None:
        expression = expression_in(text, None)
        assert expression is None or worked_out(expression) is None or worked_out(expression)
        assert last(text)


class TestForm:
    def test_lists_have_as_many_points_as_were_asked_for(self) -> None:
        assert len(re.findall(r"^\d+\. ", last("Give me three ideas for a small garden"), re.MULTILINE)) == 3
        assert len(re.findall(r"^\d+\. ", last("给我8个办公室节能的点子"), re.MULTILINE)) == 8
        assert "**small garden**" in last("Give me three ideas for a small garden")
        assert "**办公室节能**" in last("给我8个办公室节能的点子")

    def test_more_is_other_points_on_the_same(self) -> None:
        first, more = talk("Give me three ideas for a small garden", "go on")
        assert "**small garden**" in more
        assert not set(re.findall(r"^\d+\. (.+)$", first, re.MULTILINE)) & set(
            re.findall(r"^\d+\. (.+)$", more, re.MULTILINE)
        )

    @pytest.mark.parametrize(
        "text",
        [
            "Write a table about reading plans",
            "做一个关于读书计划的表格",
            "Compare cats and dogs",
            "比较苹果和梨",
        ],
    )
    def test_tables_are_tables(self, text: str) -> None:
        lines = [line for line in last(text).splitlines() if line.startswith("|")]
        assert len(lines) == 5
        assert len({line.count("|") for line in lines}) == 1
        assert lines[1] == "| --- | --- | --- |"

    @pytest.mark.parametrize(
        ("text", "printed"),
        [
            ("Write a Python function for Fibonacci numbers", "[0, 1, 1, 2, 3, 5, 8, 13, 21, 34]"),
            ("用代码列出质数", "[2, 3, 5, 7, 11, 13, 17, 19, 23, 29]"),
            ("写一个快速排序函数", "[1, 2, 3]"),
            ("a script that can reverse a string", "xobdnas 盒沙"),
            ("write code that counts words", "{'a': 2, 'b': 1}"),
        ],
    )
    def test_programs_do_what_they_say(self, text: str, printed: str) -> None:
        found = re.search(r"```python\n(.*?)\n```", last(text), re.DOTALL)
        assert found
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(ast.parse(found[1]), "answer", "exec"), {})  # noqa: S102 - the sandbox's own programs
        assert said.getvalue().strip() == printed
        assert f"# {printed}" in found[1]

    def test_other_languages_have_their_own_code(self) -> None:
        assert "```javascript\nfunction quicksort" in last("用 JavaScript 写一个排序函数")

    def test_images_are_told_by_what_can_be_known(self) -> None:
        image = ChatImage("image/png", b"0123", width=3, height=2)
        said = answer(request(ChatMessage("user", "这是什么？", (image,))))
        assert "1 张图片" in said
        assert "image/png, 3 × 2, 4 bytes" in said

    def test_who_wants_it_brief_gets_one_paragraph(self) -> None:
        assert "\n\n" not in last("How do I learn the piano?", system="Be brief.")
        assert "\n\n" not in last("如何学习钢琴？请简短回答")


class TestLanguage:
    def test_it_speaks_the_language_spoken_last(self) -> None:
        english, chinese, again = talk("How do I learn the piano?", "那小提琴呢？", "and the flute?")
        assert not re.search(r"[\u4e00-\u9fff]", english)
        assert "小提琴" in chinese
        assert not re.search(r"[\u4e00-\u9fff]", again.replace("那小提琴", ""))

    def test_what_has_no_language_keeps_the_one_before(self) -> None:
        assert re.search(r"[\u4e00-\u9fff]", last("你好", "🤔"))
        assert not re.search(r"[\u4e00-\u9fff]", last("Hello", "42?"))

    def test_it_is_said_once_that_no_model_was_asked_and_what_the_instructions_are(self) -> None:
        answers = talk("How do I learn the piano?", "And the violin?", system="You are a pirate.")
        assert [bool(OFFLINE.search(text)) for text in answers] == [True, False]
        assert "“You are a pirate.”" in answers[0]

    def test_greetings_and_thanks(self) -> None:
        assert last("Hi!").startswith("Hello!")
        assert last("我叫小明。", "谢谢").startswith("不客气，小明")


class TestPromises:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            " ",
            "?",
            "🤔",
            "[[x]]",
            "{topic}",
            "{0} {name}",
            "|",
            "a" * 10_000,
            "请",
            "my",
            "\ud83d",
            "我是是是",
        ],
    )
    def test_whatever_is_said_is_answered(self, text: str) -> None:
        assert last(text).strip()
        assert last("Tell me about bees", text, "go on", "summarize our chat").strip()

    def test_the_same_conversation_gets_the_same_answers(self) -> None:
        said = ("Hi, I'm Ada.", "Tell me about bees", "12 * 7", "又如何养蜂？")
        assert talk(*said) == talk(*said)

    def test_earlier_magic_inputs_are_no_words(self) -> None:
        assert "sandbox:" not in last("Tell me about bees [[sandbox:slow=0]]", "What did I ask first?")


class TestInputs:
    def test_long_has_all_that_is_hard_to_cut(self) -> None:
        said = answer(request(ChatMessage("user", "Tell me about bees"), sandbox_inputs=frozenset({"long"})))
        assert len(said) > 10_000
        for hard in ("👩‍👩‍👧", "🇨🇳", "e\u0301"):
            assert hard in said

    def test_tool_shaped_is_a_text_like_any_other(self) -> None:
        said = answer(request(ChatMessage("user", "Weather?"), sandbox_inputs=frozenset({"tool-shaped"})))
        assert '"tool_calls"' in said
        assert "<tool_call>" in said

    def test_empty_says_nothing(self) -> None:
        assert answer(request(ChatMessage("user", "Hi"), sandbox_inputs=frozenset({"empty"}))) == ""
        assert set(SANDBOX_INPUTS) == {"long", "tool-shaped", "empty"}


class TestTitles:
    @pytest.mark.parametrize(
        ("question", "expected"),
        [
            ("Please tell me how to learn the piano in a year?", "Learn the piano in a year"),
            ("Can you give me three ideas for a small garden", "Small garden"),
            ("请帮我写一个关于读书计划的表格", "读书计划"),
            ("如何学习日语？", "学习日语"),
            ("12 * 7", "12 * 7"),
        ],
    )
    def test_a_few_words_in_the_language_of_the_conversation(self, question: str, expected: str) -> None:
        asked = request(ChatMessage("user", f"Write a title.\n{question}"), question=question)
        assert title(asked) == expected
