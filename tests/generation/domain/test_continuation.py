import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.domain.continuation import join, looks_complete, unwrapped

TEXT = """# 潮声电台

第一段说明项目的目的，第二句也在这里。📻

- 要点一：可靠
- 要点二：简单

| 列 | 值 |
| --- | --- |
| 甲 | 1 |

```python
print("你好")
print("done")
```

The last paragraph ends here with several plain words.
"""


@given(st.integers(1, len(TEXT) - 1), st.integers(0, 80))
@settings(max_examples=60)
def test_any_cut_is_healed_when_the_model_restarts_its_line(cut, back):
    head = TEXT[:cut]
    line_start = head.rfind("\n") + 1
    start = head.rfind("\n", 0, max(0, line_start - back)) + 1 if back > 40 else line_start
    assert join(head, TEXT[start:]) == TEXT


@given(st.integers(1, len(TEXT) - 1))
@settings(max_examples=60)
def test_a_model_that_begins_again_from_the_top_changes_nothing(cut):
    assert join(TEXT[:cut], TEXT) == TEXT


def test_an_exact_continuation_is_appended():
    assert join("第一段说明项目的", "目的，第二句。") == "第一段说明项目的目的，第二句。"
    assert join("The quick bro", "wn fox") == "The quick brown fox"


def test_a_chance_match_of_a_few_letters_is_not_an_overlap():
    assert join("Read one the", "the end") == "Read one thethe end"
    assert join("提高质量和", "和平") == "提高质量和和平"


def test_a_restarted_fence_is_not_opened_twice():
    head = "Text\n\n```python\nfirst = 1\nsecond"
    joined = join(head, "```python\nsecond = 2\n```\n")
    assert joined.count("```python") == 1
    assert looks_complete(joined)


def test_a_closing_fence_is_kept():
    assert join("```\ncode\n", "```\n\nAfter.") == "```\ncode\n```\n\nAfter."


def test_a_markdown_wrapper_is_taken_off():
    assert unwrapped("```markdown\n# 标题\n\n正文\n```") == "# 标题\n\n正文"
    assert join("# 标题\n\n", "```md\n正文。\n```") == "# 标题\n\n正文。"
    assert unwrapped("```python\nx\n```") == "```python\nx\n```"


def test_an_empty_continuation_adds_nothing():
    assert join("文字", " \n") == "文字"


@pytest.mark.parametrize(
    "markdown",
    [
        TEXT,
        "# 标题\n\n一段。",
        "- a\n- b",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "a | b\n---|---\n1 | 2",
        "```\ncode\n```",
        "~~~~\n```\n~~~~",
        "价格 | 说明",
        "用 `a` 和 **b**",
    ],
)
def test_finished_documents_look_complete(markdown):
    assert looks_complete(markdown)


@pytest.mark.parametrize(
    "markdown",
    [
        "",
        "  \n",
        "```python\nprint(1)",
        "```\ncode\n~~~",
        "| a | b |\n|---|---|\n| 1 | 2",
        "| a | b |\n|---|---|",
        "| a | b |",
        "正文\n\n## 下一步",
        "正文\n\n-",
        "1. 一\n2.",
        "一个 **没有结束的",
        "一段 `代码",
    ],
)
def test_broken_off_documents_do_not(markdown):
    assert not looks_complete(markdown)
