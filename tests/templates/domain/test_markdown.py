"""What documents have beyond CommonMark: emphasis in Chinese, footnotes, formulas, task marks, front matter."""

import pytest

from config.markdown.front_matter import split_front_matter
from config.markdown.sanitized import markdown_to_html
from templates.domain.blocks import BlockKind, parse_blocks
from templates.domain.language import is_plausibly
from templates.domain.notes import with_small_model_note
from templates.domain.titles import title_of
from templates.domain.translation import ProblemKind, compare, merge

K = ProblemKind


def html(markdown: str) -> str:
    return markdown_to_html(markdown).html


def kinds(zh: str, en: str) -> set[ProblemKind]:
    return {problem.kind for problem in compare(zh, en, "zh", "en").errors}


class TestEmphasis:
    @pytest.mark.parametrize(
        ("markdown", "bold"),
        [
            (
                "**核心目标：**减少漏掉的预约，并坚持**“一日确认”**原则，详见**《服务手册》**第三章。",
                ["核心目标：", "“一日确认”", "《服务手册》"],
            ),
            ("**重要。**请看", ["重要。"]),
            ("坚持**“一日确认”**SOP", ["“一日确认”"]),
            ("Go**「初心者」**向", ["「初心者」"]),
            ("税込**¥10,000**で", ["¥10,000"]),
            ("**茶馆(Tea)**是", ["茶馆(Tea)"]),
            ("禰󠄀**(こちら)**豆子", ["(こちら)"]),
            ("**스크립트(script)**라고", ["스크립트(script)"]),
            ("**等等……**还有", ["等等……"]),
            ("**`代码`**后", ["<code>代码</code>"]),
            ("a **b** c", ["b"]),
            ("2 ** 3 ** 4", []),
            ("a**a«**a", []),
        ],
    )
    def test_what_the_writer_meant_is_bold(self, markdown: str, bold: list[str]) -> None:
        shown = html(markdown)
        assert [f"<strong>{text}</strong>" in shown for text in bold] == [True] * len(bold)
        assert shown.count("<strong>") == len(bold)
        assert "**" not in shown or not bold

    def test_the_other_marks_follow_it_and_names_with_underscores_stay(self) -> None:
        shown = html("*（斜）*体，~~“旧”~~新，***要点：***文，snake_case_名，中_文_字")
        assert "<em>（斜）</em>体，<s>“旧”</s>新，<em><strong>要点：</strong></em>文" in shown
        assert "snake_case_名，中_文_字" in shown

    def test_headings_and_titles_too(self) -> None:
        assert markdown_to_html("## **“茶馆”**计划").headings[0].text == "“茶馆”计划"
        assert title_of("# **“茶馆”**的 `api_v2`[^1]\n\n[^1]: 注") == "“茶馆”的 api_v2"


class TestFootnotes:
    def test_they_are_shown_below_with_ways_there_and_back(self) -> None:
        shown = html("减少预约[^1]，再次[^1]。\n\n[^1]: 见《服务手册》第三章。")
        assert shown.count('<a href="#fn1"') == 2
        assert '<li id="fn1"><p>见《服务手册》第三章。' in shown
        assert 'href="#fnref1"' in shown
        assert 'href="#fnref1:1"' in shown

    @pytest.mark.parametrize(
        ("markdown", "shown"),
        [
            ("文[^注1]。\n[^注1]：全角冒号的注。", "全角冒号的注。"),
            ("文。\n\n[^9]: 没有引用的注。", "没有引用的注。"),
            ("文[^a]。\n\n[^a]: 一段\n\n    第二段", "第二段"),
            ("| 甲 |\n|---|\n| 乙[^a] |\n\n[^a]: 表中的注", "表中的注"),
            ("没有注[^7]。", "没有注[^7]。"),
        ],
    )
    def test_no_note_is_lost(self, markdown: str, shown: str) -> None:
        assert shown in html(markdown)

    def test_an_unreferenced_note_leads_nowhere(self) -> None:
        assert "fnref" not in html("文。\n\n[^9]: 没有引用的注。")

    def test_documents_forge_no_ids(self) -> None:
        assert "id=" not in html('<a id="admin">x</a> <li id="id_password">x</li>')

    @pytest.mark.parametrize(
        ("en", "found"),
        [
            ("Fewer bookings[^1].\n\n[^1]: See chapter 3 of the Service Handbook.", set()),
            ("Fewer bookings.\n\n[^1]: See chapter 3 of the Service Handbook.", {K.NOTES_CHANGED}),
            ("Fewer bookings[^2].\n\n[^1]: See chapter 3.", {K.NOTES_CHANGED}),
            ("Fewer bookings[^1].", {K.MISSING_BLOCK}),
            ("Fewer bookings[^1].\n\n[^1]: 见《服务手册》第三章的内容。", {K.UNTRANSLATED}),
        ],
    )
    def test_a_translation_keeps_them(self, en: str, found: set[ProblemKind]) -> None:
        assert kinds("减少漏掉的预约[^1]。\n\n[^1]: 见《服务手册》第三章。", en) == found

    def test_a_dropped_note_is_repaired_in_its_place(self) -> None:
        zh, en = "减少预约[^1]。\n\n[^1]: 见第三章。\n\n结束。", "Fewer bookings[^1].\n\nThe end."
        report = compare(zh, en, "zh", "en")
        repaired = merge(zh, en, dict.fromkeys(report.blocks_to_repair, "[^1]: See chapter 3."))
        assert repaired == "Fewer bookings[^1].\n\n[^1]: See chapter 3.\n\nThe end."


FORMULAS = [
    "$r=\\frac{a_1}{b_2}$",
    "\\(x*y*z\\)",
    "$$E=mc^2$$",
    "$n$",
    "\\[\\sum_i x_i\\]",
    "$总量 = a \\times b$",
]


class TestFormulas:
    @pytest.mark.parametrize("formula", FORMULAS)
    def test_they_are_shown_as_written_and_kept(self, formula: str) -> None:
        zh = f"增长率为 {formula}，见下。"
        assert f'<code class="language-math">{formula}</code>' in html(zh)
        assert kinds(zh, f"Growth is {formula}, see below.") == set()
        assert kinds(zh, "Growth is r = a1 / b2, see below.") == {K.INLINE_FORMULAS_CHANGED}

    @pytest.mark.parametrize(
        "block", ["$$\n- a_1\n= b\n$$", "\\[\nE=mc^2\n\\]", "> $$\n> x_1\n> $$", "- 项\n\n  $$\n  x_1\n  $$"]
    )
    def test_blocks_of_them_are_kept_without_another_call(self, block: str) -> None:
        assert '<pre><code class="language-math">' in html(f"其中\n\n{block}")
        zh, broken = f"其中如下\n\n{block}", "Where\n\nx equals y"
        report = compare(zh, broken, "zh", "en")
        assert K.FORMULA_CHANGED in {problem.kind for problem in report.errors}
        formula = next(i for i, b in enumerate(parse_blocks(zh)) if b.kind is BlockKind.FORMULA)
        assert formula not in report.blocks_to_repair

    def test_words_inside_may_be_translated(self) -> None:
        zh, en = "$\\text{转化率} = \\frac{a}{b}$，下文", "$\\text{conversion} = \\frac{a}{b}$, below"
        assert kinds(zh, en) == set()
        assert kinds("计算 $总价 = 单价 + 2$ 元", "Compute $Total = Price + 2$ yuan") == set()
        assert kinds("计算 $总价 = 单价 + 2$ 元", "Compute $Total = Price - 2$ yuan") != set()

    @pytest.mark.parametrize(
        "markdown",
        [
            "价 $5 和 $6",
            "单价$5/人,合计$50/月",
            "$HOME和$PATH",
            "人均$$，另一家$$$",
            "\\[待定\\] 与 \\[1\\] 与 \\[draft\\_v2\\]",
            "\\$a_1\\$",
            "between $a and $b",
        ],
    )
    def test_money_and_brackets_are_none(self, markdown: str) -> None:
        assert "language-math" not in html(markdown)

    def test_they_belong_to_no_language(self) -> None:
        assert is_plausibly("速度 $\\frac{distance}{time} \\cdot \\text{factor one two}$", "zh")
        assert is_plausibly("---\ntitle: a long English title of many words\n---\n中文正文", "zh")


class TestTasks:
    def test_they_are_shown_as_signs(self) -> None:
        shown = html("- [ ] 一\n- [X] **二**\n* [x] 三\n1. [ ] 四\n- [x](https://a.example)")
        assert "☐ 一" in shown
        assert "☑ <strong>二</strong>" in shown
        assert shown.count('<li class="task">') == 4
        assert "<input" not in shown

    def test_a_changed_mark_is_taken_from_the_source(self) -> None:
        zh, en = "- [ ] 预约页面\n- [x] 确认短信", "- [x] Booking page\n- [X] Confirmation text"
        report = compare(zh, en, "zh", "en")
        assert {problem.kind for problem in report.errors} == {K.TASK_CHANGED}
        assert report.blocks_to_repair == ()
        assert merge(zh, en, {}) == "- [ ] Booking page\n- [x] Confirmation text"
        assert merge(zh, en, {0: "[x] Page"}).startswith("- [ ] Page")
        assert kinds(zh, "- Booking page\n- [x] Confirmation text") == {K.TASK_CHANGED}


FRONT = "---\ntitle: 云上茶馆\ntags:\n  - a\n# 注释\n---\n"


class TestFrontMatter:
    @pytest.mark.parametrize(
        "front", [FRONT, "---\n标题: 云\n\n日期: 2026-01-01\n...\n", '+++\ntitle = "云"\n[params]\n+++\n']
    )
    def test_it_is_no_text(self, front: str) -> None:
        document = f"{front}\n# 标题\n\n正文"
        assert html(document).strip() == '<h1 id="section-1">标题</h1>\n<p>正文</p>'
        assert title_of(document) == "标题"
        assert parse_blocks(document)[0].kind is BlockKind.FRONT_MATTER
        assert with_small_model_note(document, "zh").startswith(f"{front}> ")

    def test_a_translation_gets_it_back_without_another_call(self) -> None:
        zh, en = f"{FRONT}\n正文一段", "---\ntitle: Cloud Tea House\n---\n\nOne paragraph"
        report = compare(zh, en, "zh", "en")
        assert {problem.kind for problem in report.errors} == {K.FRONT_MATTER_CHANGED}
        assert report.blocks_to_repair == ()
        assert merge(zh, en, {}) == f"{FRONT}\nOne paragraph"
        assert merge(zh, "One paragraph", {}) == f"{FRONT}\nOne paragraph"

    @pytest.mark.parametrize(
        "document",
        [
            "---\n\n# 标题\n\n文字\n\n---\n",
            "---\n摘要：文字\n---\n",
            "---\n# 标题\n文字\n---\n",
            "---\na: b\n",
        ],
    )
    def test_a_rule_is_none(self, document: str) -> None:
        assert split_front_matter(document) == ("", document)
        assert "<hr" in html(document)


def test_a_code_comment_is_no_title() -> None:
    assert title_of("```sh\n# install\n```\n\n# 标题") == "标题"
