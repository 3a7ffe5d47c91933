import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates.domain.inputs import ProjectInput, TemplateInput
from templates.domain.placeholders import (
    ALLOWED_PLACEHOLDERS,
    PlaceholderError,
    PlaceholderProblemKind,
    check,
    names,
    placeholder_values,
    render,
)


def test_values_are_put_in_whatever_blanks_surround_the_name():
    assert render("{{a}}-{{ a }}-{{  b}}", {"a": "项目 🎈", "b": "B"}) == "项目 🎈-项目 🎈-B"


@given(st.text(alphabet="{}ab \\中", max_size=20))
@settings(max_examples=60)
def test_a_value_is_never_rendered_again(value):
    assert render("<{{x}}|{{y}}>", {"x": value, "y": "{{x}}"}) == f"<{value}|{{{{x}}}}>"


def test_escaped_braces_stay_literal_and_single_braces_are_text():
    assert render(r"\{{name\}} {one} \n", {}) == r"{{name}} {one} \n"


def test_names_come_in_order_of_first_use_without_repeats():
    assert names(r"{{b}} {{ a }} {{b}} \{{c\}}") == ("b", "a")


def test_an_unknown_name_is_reported_with_its_position_in_both_languages():
    (problem,) = check("第一行\n你好 {{ nmae }}！", {"name"})
    assert (problem.kind, problem.found) == (PlaceholderProblemKind.UNKNOWN, "nmae")
    assert (problem.line, problem.column, problem.offset) == (2, 4, 7)
    assert "line 2, column 4" in problem.message_en
    assert "第 2 行第 4 列" in problem.message_zh


@pytest.mark.parametrize(
    "template", ["{{", "}}", "a {{ b", "{{project_name}", "{{}}", "{{ {{project_name}} }}", "{{a\nb}}"]
)
def test_unbalanced_braces_are_reported(template):
    kinds = {problem.kind for problem in check(template, ALLOWED_PLACEHOLDERS)}
    assert kinds == {PlaceholderProblemKind.UNBALANCED}


def test_a_template_that_cannot_be_filled_is_refused_as_a_whole():
    with pytest.raises(PlaceholderError) as caught:
        render("{{a}} {{b}} }}", {"a": "1"})
    assert [problem.found for problem in caught.value.problems] == ["b", "}}"]


def test_attributes_and_expressions_are_only_names_nobody_knows():
    assert check("{{project_name.__class__}}{{1+1}}{{a|b}}") != []
    assert render("{{a.b}}", {"a.b": "plain"}) == "plain"


def test_every_allowed_placeholder_has_a_value_with_fallback_to_the_other_language():
    project = ProjectInput(name_zh="书架", description_en="Books", website="https://a.example")
    template = TemplateInput(name_en="Brief", description_zh="简报")
    values = placeholder_values(project, template, "en")
    assert set(values) == ALLOWED_PLACEHOLDERS
    assert values["project_name"] == "书架"
    assert values["project_description_zh"] == "Books"
    assert (values["language"], values["template_description"]) == ("English", "简报")
