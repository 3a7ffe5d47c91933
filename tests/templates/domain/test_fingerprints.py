import dataclasses
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates.domain.fingerprints import (
    input_fingerprint,
    project_fingerprint,
    template_fingerprint,
)
from templates.domain.inputs import ProjectInput, TemplateInput

PROJECT = ProjectInput(
    name_zh="邻里书架",
    name_en="Café Shelf",
    description_zh="第一行\n第二行 📚",
    description_en="One\nTwo",
    website="https://a.example",
)
TEMPLATE = TemplateInput(
    code="brief",
    name_zh="简报",
    name_en="Brief",
    prompt_zh="写 {{project_name}}",
    prompt_en="Write {{project_name}}",
)


def other_line_ends(text: str) -> str:
    return unicodedata.normalize("NFD", text).replace("\n", " \t\r\n") + "  \r\n"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_same_texts_from_another_editor_give_the_same_hash(language):
    resaved = ProjectInput(**{k: other_line_ends(v) for k, v in dataclasses.asdict(PROJECT).items()})
    assert project_fingerprint(resaved, language) == project_fingerprint(PROJECT, language)
    assert len(project_fingerprint(PROJECT, language)) == 64  # SHA-256 in hexadecimal


@pytest.mark.parametrize("field", ["name_en", "description_en", "website"])
def test_a_changed_text_changes_the_hash(field):
    changed = dataclasses.replace(PROJECT, **{field: "https://b.example/新"})
    assert project_fingerprint(changed, "en") != project_fingerprint(PROJECT, "en")


def test_one_language_is_blind_to_the_other_unless_it_falls_back():
    changed = dataclasses.replace(PROJECT, description_zh="别的说明")
    assert project_fingerprint(changed, "en") == project_fingerprint(PROJECT, "en")
    without_english = dataclasses.replace(PROJECT, description_en=" \n")
    changed = dataclasses.replace(without_english, description_zh="别的说明")
    assert project_fingerprint(changed, "en") != project_fingerprint(without_english, "en")


def test_texts_moved_between_fields_are_not_the_same():
    a = ProjectInput(name_en="ab", description_en="c")
    b = ProjectInput(name_en="a", description_en="bc")
    assert project_fingerprint(a, "en") != project_fingerprint(b, "en")


def test_the_prompt_counts_and_the_code_does_not():
    renamed = dataclasses.replace(TEMPLATE, code="other", category_code="x")
    reworded = dataclasses.replace(TEMPLATE, prompt_en="Describe {{project_name}}")
    assert template_fingerprint(renamed, "en") == template_fingerprint(TEMPLATE, "en")
    assert template_fingerprint(reworded, "en") != template_fingerprint(TEMPLATE, "en")
    assert template_fingerprint(reworded, "zh") == template_fingerprint(TEMPLATE, "zh")


def test_a_prompt_that_names_the_other_language_depends_on_it():
    mixed = dataclasses.replace(TEMPLATE, prompt_zh="{{project_name}}（{{project_name_en}}）")
    renamed = dataclasses.replace(PROJECT, name_en="New name")
    assert input_fingerprint(renamed, TEMPLATE, "zh") == input_fingerprint(PROJECT, TEMPLATE, "zh")
    assert input_fingerprint(renamed, mixed, "zh") != input_fingerprint(PROJECT, mixed, "zh")


def test_the_languages_of_one_document_have_different_hashes():
    same = ProjectInput(name_zh="A", name_en="A")
    template = TemplateInput(prompt_zh="x", prompt_en="x")
    assert input_fingerprint(same, template, "zh") != input_fingerprint(same, template, "en")


@given(st.text(max_size=30))
@settings(max_examples=60)
def test_any_text_has_a_hash(text):
    project = ProjectInput(name_zh=text, description_en=text)
    fingerprint = project_fingerprint(project, "en")
    assert len(fingerprint) == 64
    assert fingerprint == project_fingerprint(dataclasses.replace(project), "en")
