import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates.domain.blocks import BlockKind, parse_blocks
from templates.domain.translation import ProblemKind, compare, merge
from tests.templates.domain.documents import blocks, separated, whole

K = ProblemKind


def kinds(source, target, source_language="zh", **options):
    target_language = "en" if source_language == "zh" else "zh"
    return {
        problem.kind
        for problem in compare(source, target, source_language, target_language, **options).problems
    }


@given(blocks)
@settings(max_examples=60)
def test_a_faithful_translation_raises_no_alarm_in_either_direction(parts):
    pair = whole(separated(parts))
    assert compare(pair.zh, pair.en, "zh", "en").problems == ()
    assert compare(pair.en, pair.zh, "en", "zh").problems == ()


@given(blocks, st.data())
@settings(max_examples=60)
def test_a_dropped_part_is_always_found(parts, data):
    pieces = separated(parts)
    dropped = data.draw(st.integers(0, len(pieces) - 1))
    shortened = whole(pieces[:dropped] + pieces[dropped + 1 :])
    assert not compare(whole(pieces).zh, shortened.en, "zh", "en").is_acceptable


@given(blocks, st.data())
@settings(max_examples=60)
def test_a_dropped_block_is_always_found(parts, data):
    pair = whole(separated(parts))
    lines = pair.en.split("\n")
    block = data.draw(st.sampled_from(parse_blocks(pair.en)))
    target = "\n".join(lines[: block.start] + lines[block.end :])
    assert not compare(pair.zh, target, "zh", "en").is_acceptable


@given(blocks, st.data(), st.sampled_from(["zh", "en"]))
@settings(max_examples=60)
def test_a_block_left_in_the_source_language_is_always_found_and_repaired(parts, data, source_language):
    pieces = separated(parts)
    translatable = [i for i, part in enumerate(pieces) if part.zh != part.en]
    if not translatable:
        return
    left = data.draw(st.sampled_from(translatable))
    source = getattr(whole(pieces), source_language)
    target_language = "en" if source_language == "zh" else "zh"
    good = getattr(whole(pieces), target_language)
    texts = [getattr(p, source_language if i == left else target_language) for i, p in enumerate(pieces)]
    report = compare(source, "\n\n".join(texts), source_language, target_language)
    assert {problem.kind for problem in report.errors} == {K.UNTRANSLATED}
    twins = parse_blocks(good)
    repaired = merge(
        source, "\n\n".join(texts), {index: twins[index].markdown for index in report.blocks_to_repair}
    )
    assert compare(source, repaired, source_language, target_language).problems == ()


@given(blocks, st.data())
@settings(max_examples=60)
def test_altered_code_is_always_found_and_healed_by_merging(parts, data):
    pair = whole(separated(parts))
    codes = [block for block in parse_blocks(pair.en) if block.kind is BlockKind.CODE]
    if not codes:
        return
    block = data.draw(st.sampled_from(codes))
    lines = pair.en.split("\n")
    lines[block.start + 1] += " "
    target = "\n".join(lines)
    assert kinds(pair.zh, target) == {K.CODE_CHANGED}
    assert compare(pair.zh, merge(pair.zh, target, {}), "zh", "en").problems == ()


@given(blocks)
@settings(max_examples=60)
def test_merging_a_faithful_translation_changes_no_block(parts):
    pair = whole(separated(parts))
    merged = merge(pair.zh, pair.en, {})
    assert [b.markdown for b in parse_blocks(merged)] == [b.markdown for b in parse_blocks(pair.en)]


@pytest.mark.parametrize(
    ("source", "target", "kind"),
    [
        ("## 目标", "### Goals", K.LEVEL_CHANGED),
        ("目标在此", "# The goals", K.KIND_CHANGED),
        ("- 一项内容\n- 两项内容", "1. First item\n2. Second item", K.LIST_CHANGED),
        ("- 一项\n  - 两项", "- First\n- Second", K.LIST_CHANGED),
        ("| 甲 | 乙 |\n|---|---|\n| 丙 | 丁 |", "| A | B |\n|---|---|\n| C | D |\n| E | F |", K.TABLE_SHAPE),
        ("| 甲 | 乙 |\n|---|---|\n| 丙 | 丁 |", "| A | B |\n|---|---|\n| C |  |", K.EMPTY_CELL),
        (
            "| 甲 | 乙 |\n|---|---|\n| 丙 | 用户故事 |",
            "| A | B |\n|---|---|\n| C | 用户故事 |",
            K.UNTRANSLATED,
        ),
        ("```py\nx\n```", "```python\nx\n```", K.CODE_CHANGED),
        ("运行 `make run`", "Run `make demo`", K.INLINE_CODE_CHANGED),
        ("见[这里](https://a.example)", "See [here](https://b.example)", K.LINKS_CHANGED),
        ("见 https://a.example/x。", "See the site.", K.LINKS_CHANGED),
        ("![图](https://a.example/i.png)", "![image](https://a.example/j.png)", K.IMAGES_CHANGED),
        ("第一行<br>第二行", "One line and another", K.TAGS_CHANGED),
        ("你好 {{project_name}}", "Hello {{project}}", K.PLACEHOLDERS_CHANGED),
        ("**目标**", "&nbsp;", K.EMPTY_BLOCK),
        ("超过 5,000 名读者", "More than 500 readers", K.NUMBERS_CHANGED),
        ("这一段很长，" * 20, "Short.", K.MUCH_SHORTER),
        ("第一段。", "One.\n\nTwo.", K.EXTRA_BLOCK),
        ("第一段。\n\n---", "---", K.MISSING_BLOCK),
    ],
)
def test_each_difference_has_its_name(source, target, kind):
    assert kind in kinds(source, target)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("约 1万 人", "About 10,000 people"),
        ("一万二千人", "12,000 people"),
        ("2026年3月15日", "March 15, 2026"),
        ("增长 12.5%", "Growth of 12.5%"),
        ("下午 15:30 开始", "Starts at 3:30 pm"),
        ("1.2亿元", "120 million yuan"),
        ("１００００ 次", "10k times"),
    ],
)
def test_numbers_may_be_written_in_the_manner_of_the_language(source, target):
    assert kinds(source, target) == set()
    assert kinds(target, source, "en") == set()


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("- FastAPI\n- scikit-learn", "- FastAPI\n- scikit-learn"),
        ("## API", "## API"),
        ("# Shelf by Shelf", "# Shelf by Shelf"),
        ("PostgreSQL 16", "PostgreSQL 16"),
    ],
)
def test_names_may_stay_as_they_are(source, target):
    assert kinds(source, target, "en", keep=["Shelf by Shelf"]) == set()


@pytest.mark.parametrize(
    ("source", "target", "source_language"),
    [
        ("Volunteers tidy the shelves.", "The shelves are tidied by volunteers.", "en"),
        ("Volunteers tidy the shelves every week.", "志愿者 tidy the shelves every single week.", "en"),
        ("志愿者整理书架。", "书架由志愿者整理。", "zh"),
        ("志愿者整理书架。", "Volunteers 每周整理一次书架。", "zh"),
    ],
)
def test_reworded_or_half_translated_text_is_not_a_translation(source, target, source_language):
    assert K.UNTRANSLATED in kinds(source, target, source_language)


def test_warnings_do_not_make_a_translation_unacceptable():
    report = compare("共 300 人", "There are 400 people", "zh", "en")
    assert report.is_acceptable
    assert report.warnings[0].is_warning
    assert report.blocks_to_repair == ()
    assert (report.warnings[0].expected, report.warnings[0].found) == ("300", "400")


def test_of_several_like_items_none_is_trusted_when_one_is_lost():
    source = "# 题\n\n- 苹果树\n- 梨树\n- 桃树\n\n末尾。"
    target = "# Title\n\n- Pear\n- Peach\n\nThe end."
    report = compare(source, target, "zh", "en")
    assert report.blocks_to_repair == (1, 2, 3)
    merged = merge(source, target, {1: "Apple", 2: "- Pear", 3: "* Peach"})
    assert merged == "# Title\n\n- Apple\n- Pear\n- Peach\n\nThe end."


def test_repaired_blocks_keep_the_frame_of_the_source():
    source = "> 引用一\n> 引用二\n\n1. 甲\n   续行\n\n   - 乙\n\n标题\n===\n\n| 甲 |\n|---|\n| 乙 |"
    repaired = {
        0: "> Quoted one\n> and two",
        1: "1. A\n   and more",
        2: "B",
        3: "# Heading",
        4: "| A |\n|---|\n| B |",
    }
    merged = merge(source, "", repaired)
    assert (
        merged == "> Quoted one\n> and two\n\n1. A\n   and more\n\n   - B\n\n# Heading\n\n| A |\n|---|\n| B |"
    )
    assert compare(source, merged, "zh", "en").problems == ()


def test_changed_heading_levels_are_set_right_by_merging():
    source, target = "## 目标\n\n文字。\n\n### 细节", "# Goals\n\nSome text.\n\n## Details"
    assert merge(source, target, {}) == "## Goals\n\nSome text.\n\n### Details"


def test_problems_are_told_in_both_languages():
    (problem,) = compare("## 目标", "# Goals", "zh", "en").problems
    assert problem.message == "The heading's level has changed."
    assert problem.message_zh == "标题级别改变了。"


def test_a_translation_into_the_same_language_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="two languages"):
        compare("甲", "乙", "zh", "zh")
