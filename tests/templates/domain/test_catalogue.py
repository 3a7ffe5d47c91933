import re

import pytest

from templates.domain.catalogue import CatalogueError, load_catalogue, parse_catalogue
from templates.domain.language import is_plausibly
from templates.domain.placeholders import check, names

CATALOGUE = load_catalogue()
TEMPLATES = list(CATALOGUE.templates())

VALID = """
[category]
code = "c"
order = 1
name_zh = "类"
name_en = "C"
description_zh = "述"
description_en = "D"

[[template]]
code = "t"
order = 1
name_zh = "名"
name_en = "N"
description_zh = "述"
description_en = "D"
prompt_zh = "写 {{project_name}}"
prompt_en = "Write {{project_name}}"

[[template.section]]
kind = "bullets"
title_zh = "题"
title_en = "T"
lead_zh = "引"
lead_en = "L"
points = [{ zh = "点", en = "P" }]
"""


def test_the_shipped_catalogue_is_large_enough_and_in_order():
    assert len(TEMPLATES) >= 12
    assert len(CATALOGUE.categories) == 4
    assert [category.order for category in CATALOGUE.categories] == [1, 2, 3, 4]
    assert len({template.code for template in TEMPLATES}) == len(TEMPLATES)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.code)
def test_prompts_are_complete_in_both_languages(template):
    for language in ("zh", "en"):
        prompt = template.texts.prompt(language)
        assert check(prompt) == []
        assert {"project_name", "project_description", "template_name", "language"} <= set(names(prompt))
        assert is_plausibly(re.sub(r"\{\{.*?\}\}", "", prompt), language)
        numbered = re.findall(r"^\d+\. \*\*(.+?)\*\*", prompt, re.MULTILINE)
        assert [section.title.in_language(language) for section in template.sections] == numbered[
            : len(template.sections)
        ]
    assert len(template.sections) >= 4


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (VALID.replace('name_en = "N"', ""), "name: the en text is missing"),
        (VALID.replace("Write {{project_name}}", "Write {{project}}"), "Unknown placeholder {{project}}"),
        (VALID.replace("写 {{project_name}}", "写 {{project_name"), "Unbalanced {{"),
        (VALID.replace('zh = "点"', 'zh = ""'), "the zh text is missing"),
        (VALID.replace('kind = "bullets"', 'kind = "poem"'), "kind 'poem'"),
        (VALID.replace('kind = "bullets"', 'kind = "table"'), "cells"),
        (VALID.replace("order = 1", ""), "order is missing"),
        (VALID.replace('code = "t"', ""), "code is missing"),
        (VALID + "]", "c.toml"),
    ],
)
def test_a_faulty_file_is_named_with_its_fault(broken, reason):
    with pytest.raises(CatalogueError) as caught:
        parse_catalogue({"c.toml": broken})
    assert any(reason in problem and "c.toml" in problem for problem in caught.value.problems), (
        caught.value.problems
    )


def test_codes_are_unique_across_files():
    with pytest.raises(CatalogueError) as caught:
        parse_catalogue({"a.toml": VALID, "b.toml": VALID})
    assert caught.value.problems == (
        "category code 'c' is used more than once",
        "template code 't' is used more than once",
    )


def test_a_valid_file_is_read():
    catalogue = parse_catalogue({"c.toml": VALID})
    assert catalogue.template("t").texts.category_code == "c"
    assert catalogue.template("missing") is None
    assert catalogue.category("c").name.zh == "类"
