"""Generated pairs of documents: the same structure in Chinese and in English."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

SENTENCES = [
    (
        "志愿者每周整理一次书架，并记录缺少的书。",
        "Volunteers tidy the shelves every week and note which books are missing.",
    ),
    (
        "没有网络时也能登记📚，恢复后自动合并。",
        "People can register without a network; records are merged when it returns 📚.",
    ),
    (
        "目标是 10,000 名读者在 2027 年前使用。",
        "The goal is that 10,000 readers use it before 2027.",
    ),
    (
        "请运行 `make demo`，然后打开 https://a.example/zh 查看。",
        "Please run `make demo` and then open https://a.example/zh to see it.",
    ),
    (
        "详见[说明](https://b.example/doc)与 {{project_name}} 的设置。",
        "See the [notes](https://b.example/doc) and the settings of {{project_name}}.",
    ),
    (
        "“静候门诊”（Quiet Clinic）不保存病历。",
        "“静候门诊” (Quiet Clinic) keeps no medical records at all.",
    ),
    (
        "风险：多人同时编辑会产生冲突。",
        "Risk: several people who edit at once cause conflicts.",
    ),
]
CODES = ["```python\nprint('你好')\n```", "```\nplain = 1\n\nafter blank\n```", "~~~sh\nmake run\n~~~"]


@dataclass(frozen=True)
class Pair:
    zh: str
    en: str


def in_lines(pair: Pair, first: str, rest: str) -> Pair:
    return Pair(first + pair.zh.replace("\n", "\n" + rest), first + pair.en.replace("\n", "\n" + rest))


sentence = st.sampled_from(SENTENCES).map(lambda pair: Pair(*pair))
heading = st.tuples(st.integers(1, 4), sentence).map(lambda v: in_lines(v[1], "#" * v[0] + " ", ""))
quote = sentence.map(lambda pair: in_lines(pair, "> ", "> "))
code = st.sampled_from(CODES).map(lambda text: Pair(text, text))


@st.composite
def listing(draw):
    mark = draw(st.sampled_from(["- ", "1. "]))
    items = [in_lines(item, mark, "   ") for item in draw(st.lists(sentence, min_size=1, max_size=4))]
    if draw(st.booleans()):
        items.append(in_lines(draw(sentence), "   - ", "     "))
    return Pair("\n".join(item.zh for item in items), "\n".join(item.en for item in items))


@st.composite
def table(draw):
    width, height = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    rows = [[draw(sentence) for _ in range(width)] for _ in range(height + 1)]
    rule = "|" + " --- |" * width
    zh, en = (
        [f"| {' | '.join(getattr(cell, tongue) for cell in row)} |" for row in rows]
        for tongue in ("zh", "en")
    )
    return Pair("\n".join([zh[0], rule, *zh[1:]]), "\n".join([en[0], rule, *en[1:]]))


blocks = st.lists(st.one_of(heading, sentence, quote, code, listing(), table()), min_size=1, max_size=8)


def separated(parts: list[Pair]) -> list[Pair]:
    """The parts with a rule after each, so that neighbouring lists and quotes stay apart."""
    rule = Pair("---", "---")
    return [piece for part in parts for piece in (part, rule)]


def whole(parts: list[Pair]) -> Pair:
    return Pair("\n\n".join(part.zh for part in parts) + "\n", "\n\n".join(part.en for part in parts) + "\n")
