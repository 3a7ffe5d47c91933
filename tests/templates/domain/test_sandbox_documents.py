import dataclasses
import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.domain.continuation import join, looks_complete
from templates.domain.blocks import BlockKind, parse_blocks
from templates.domain.catalogue import load_catalogue
from templates.domain.inputs import ProjectInput, TemplateInput
from templates.domain.language import IDEOGRAPH, LATIN_WORD, is_plausibly
from templates.domain.project_csv import parse_projects
from templates.domain.prompting import RepairBlock, parse_repair
from templates.domain.sandbox_documents import (
    answer_document,
    answer_translation,
    translate_document,
    write_document,
)
from templates.domain.translation import compare, merge
from tests.templates.domain.documents import blocks, separated, whole

EXAMPLES = Path(__file__).parents[3] / "examples" / "projects.csv"
PROJECTS = [
    ProjectInput.from_mapping(dataclasses.asdict(row)) for row in parse_projects(EXAMPLES.read_bytes()).rows
]
TEMPLATES = [template.texts for template in load_catalogue().templates()]
OWN_TEMPLATE = TemplateInput(
    code="our-own",
    category_code="our-category",
    name_zh="采访提纲",
    name_en="Interview guide",
    prompt_zh="请写：\n1. 开场白：轻松\n2. **核心问题** — 深入\n3. 收尾",
    prompt_en="Write:\n1. Warm-up: easy\n2. **Core questions** — deep\n3. Closing",
)


def test_there_are_three_example_projects_in_both_languages():
    assert len(PROJECTS) == 3
    assert all(value for project in PROJECTS for value in dataclasses.asdict(project).values())


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.code)
@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name_en)
def test_documents_are_whole_rich_and_aligned(project, template):
    zh, en = write_document(project, template, "zh"), write_document(project, template, "en")
    for language, text in (("zh", zh), ("en", en)):
        found = parse_blocks(text)
        kinds = [block.kind for block in found]
        assert is_plausibly(text, language)
        assert looks_complete(text)
        assert [block.level for block in found if block.kind is BlockKind.HEADING][0] == 1
        assert kinds.count(BlockKind.HEADING) >= 8
        assert BlockKind.TABLE in kinds
        assert {block.ordered for block in found if block.kind is BlockKind.LIST_ITEM} == {True, False}
        assert project.name(language) in text
        assert template.name(language) in text
        assert "{{" not in text
    assert 900 <= len(IDEOGRAPH.findall(zh)) <= 1800
    assert 700 <= len(LATIN_WORD.findall(en)) <= 1800
    assert compare(zh, en, "zh", "en").problems == ()
    assert compare(en, zh, "en", "zh").problems == ()
    assert translate_document(zh, "zh", project, template) == en
    assert translate_document(en, "en", project, template) == zh


def test_documents_are_repeatable_and_depend_on_project_and_template():
    texts = [write_document(p, t, "zh") for p in PROJECTS for t in TEMPLATES]
    assert texts == [write_document(p, t, "zh") for p in PROJECTS for t in TEMPLATES]
    assert len(set(texts)) == len(texts)


def headings(text):
    return [block.markdown for block in parse_blocks(text) if block.level == 2]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.code)
def test_a_document_has_the_sections_that_its_prompt_asks_for(template, language):
    asked = re.findall(r"^\d+\. \*\*(.+?)\*\*", template.prompt(language), re.MULTILINE)
    assert headings(write_document(PROJECTS[0], template, language)) == asked


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name_en)
def test_sections_quote_the_project_and_ask_about_it_what_the_template_wants_to_know(project, language):
    asked = []
    for template in TEMPLATES:
        text = write_document(project, template, language)
        description = project.description(language)
        quotes = [line for line in re.findall(r"“(.+?)”[ —]", text) if line in description]
        assert len(set(quotes)) == 4  # one sentence in each of the template's own sections
        assert text.count(f"<{project.website}>") == 3
        assert text.count(project.name(language)) >= 8
        asked.append(set(re.findall(r"^>\n> (.+[?？])$", text, re.MULTILINE)))
        assert len(asked[-1]) == 4
    for one, other in itertools.combinations(asked, 2):
        assert not one & other


def test_a_short_description_is_not_repeated():
    project = ProjectInput(
        name_zh="甲", name_en="A", description_zh="只有一句。", description_en="One sentence."
    )
    text = write_document(project, TEMPLATES[0], "en")
    assert text.count("One sentence.") == 1
    assert headings(text) == headings(write_document(PROJECTS[0], TEMPLATES[0], "en"))


def test_a_users_template_is_written_by_its_own_prompt():
    text = write_document(PROJECTS[1], OWN_TEMPLATE, "zh")
    assert headings(text) == ["开场白", "核心问题", "收尾"]
    english = write_document(PROJECTS[1], OWN_TEMPLATE, "en")
    assert headings(english) == ["Warm-up", "Core questions", "Closing"]
    assert [f"The template asks here for “{brief}”." in english for brief in ("easy", "deep")] == [True, True]
    assert compare(text, english, "zh", "en").problems == ()


def test_a_changed_prompt_of_the_catalogue_is_followed():
    changed = dataclasses.replace(TEMPLATES[0], prompt_zh="1. 新的章节", prompt_en="1. New section")
    assert "## New section" in write_document(PROJECTS[0], changed, "en")


NASTY = st.text(alphabet='中文ab 1.|`*_#-[]()<>{}\\\n"“”~&!://www.=+😀。', max_size=40)


@given(
    NASTY, NASTY, NASTY, NASTY, st.sampled_from([TEMPLATES[0], TEMPLATES[8], OWN_TEMPLATE, TemplateInput()])
)
@settings(max_examples=60)
def test_hostile_texts_never_break_the_structure(name_zh, name_en, description_zh, description_en, template):
    project = ProjectInput(
        name_zh=name_zh, name_en=name_en, description_zh=description_zh, description_en=description_en
    )
    zh, en = write_document(project, template, "zh"), write_document(project, template, "en")
    assert compare(zh, en, "zh", "en").errors == ()
    assert compare(en, zh, "en", "zh").errors == ()
    harmless = write_document(ProjectInput(name_zh="甲", name_en="A", description_zh="。"), template, "zh")
    kinds = [block.kind for block in parse_blocks(zh) if block.kind not in {BlockKind.QUOTE, BlockKind.TABLE}]
    assert kinds == [
        b.kind for b in parse_blocks(harmless) if b.kind not in {BlockKind.QUOTE, BlockKind.TABLE}
    ]


@given(blocks, st.sampled_from(["zh", "en"]))
@settings(max_examples=60)
def test_foreign_documents_get_a_translation_that_passes_the_check(parts, language):
    source = getattr(whole(separated(parts)), language)
    target_language = "en" if language == "zh" else "zh"
    target = translate_document(source, language, PROJECTS[0], TEMPLATES[0])
    assert compare(source, target, language, target_language).errors == ()


def test_the_simulated_translation_is_labelled_and_keeps_what_must_stay():
    source = (
        "## 安装\n\n运行 `make demo`，见[文档](https://a.example/x)，共 10,000 次 {{project_name}}。<br>完。"
    )
    target = translate_document(source, "zh", PROJECTS[0], TEMPLATES[0])
    assert target.count("(Simulated translation)") == 2
    assert compare(source, target, "zh", "en").errors == ()


def context(**more):
    return {
        "project": dataclasses.asdict(PROJECTS[0]) | {"id": 7},
        "template": dataclasses.asdict(TEMPLATES[0]) | {"order": 1},
        "language": "zh",
        **more,
    }


def test_requests_are_answered_from_plain_mappings():
    zh = answer_document(context())
    assert zh == write_document(PROJECTS[0], TEMPLATES[0], "zh")
    translation = answer_translation(context(source_markdown=zh, source_language="zh"))
    assert translation == write_document(PROJECTS[0], TEMPLATES[0], "en")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.93])
def test_a_broken_off_answer_is_continued_to_the_same_text(share):
    whole_text = answer_document(context())
    partial = whole_text[: int(len(whole_text) * share)]
    assert join(partial, answer_document(context(partial=partial))) == whole_text


def test_wrong_blocks_are_repaired():
    zh, en = (write_document(PROJECTS[0], TEMPLATES[0], tongue) for tongue in ("zh", "en"))
    zh += "\n外来的一段，含 `code`。\n"
    damaged = en.replace("Next steps", "下一步骤") + "\n外来的一段，含 `code`。\n"
    report = compare(zh, damaged, "zh", "en")
    source = parse_blocks(zh)
    wanted = [RepairBlock(index, source[index].markdown) for index in report.blocks_to_repair]
    assert len(wanted) == 2
    sent = [dataclasses.asdict(block) for block in wanted]
    answer = answer_translation(context(source_markdown=zh, source_language="zh", blocks=sent))
    repaired = merge(zh, damaged, parse_repair(answer, wanted))
    assert compare(zh, repaired, "zh", "en").errors == ()
    assert "## Next steps" in repaired
