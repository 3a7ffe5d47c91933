"""What is a placeholder, and what is only braces."""

import time

import pytest

from prompts.domain.placeholders import (
    Include,
    Variable,
    includes,
    marks_of,
    parts_of,
    stray_braces,
    variable_names,
    without_marks,
)


def test_variables_of_any_script() -> None:
    parts = parts_of("写给{{ 收件人 }}的{{topic_2}}，{{ 收件人 }}好")
    assert parts == ["写给", Variable("收件人"), "的", Variable("topic_2"), "，", Variable("收件人"), "好"]
    assert variable_names(parts) == ["收件人", "topic_2"]


@pytest.mark.parametrize(
    "text",
    [
        "{{}}", "{{ }}", "{topic}", "{{2x}}", "{{a.b}}", "{{a b}}", "{{#if x}}", "{{> }}", "{{>@production}}",
        "<div style={{}}>", "{{a\n}}", "{{" + "a" * 61 + "}}", "{{a}", "{% x %}", "${x}",
    ],
)  # fmt: skip
def test_other_braces_are_text(text: str) -> None:
    assert parts_of(text) == [text]


def test_a_backslash_keeps_the_braces() -> None:
    assert parts_of(r"a \{{topic}} b {{topic}} \{{> x}}") == [
        "a ", "{{topic}}", " b ", Variable("topic"), " ", "{{> x}}",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "include"),
    [
        ("{{> signature}}", Include("", "signature")),
        ("{{>work/emails/签名}}", Include("work/emails", "签名")),
        ("{{> /work//emails/ 签名 @ Production }}", Include("work/emails", "签名", "production")),
        ("{{> me@home/签名}}", Include("me@home", "签名")),
        ("{{> 签名@上线}}", Include("", "签名", "上线")),
    ],
)
def test_includes(written: str, include: Include) -> None:
    assert includes(parts_of(f"a{written}b{written}")) == [include]


def test_marks_have_one_way_of_writing() -> None:
    text = (
        r"{{a}} {{ a }} {{> f/n@Production}} {{>f//n@production}} \{{b}} {{变量}} {{ user.name }} {{#if x}}"
    )
    assert marks_of(text) == ["{{a}}", "{{> f/n@production}}", "{{变量}}", "{{user.name}}", "{{#if x}}"]
    assert without_marks(r"a {{b}} \{{c}}").split() == ["a", r"\{{c}}"]


def test_stray_braces_belong_to_nothing() -> None:
    assert stray_braces(r"{{a}} \{{b}} {{a.b}} \{{ {{> x}}") == []
    assert stray_braces("{{a}} {{ }} b}} {{c") == ["}}", "{{"]


@pytest.mark.parametrize("piece", ["{{", "{{>", "{{ ", "{{> ", "\\{{", "{{a", "{{> a@"])
def test_hostile_texts_cost_no_more_than_others(piece: str) -> None:
    """Quadratic work on 50,000 characters would take minutes."""
    text = piece * (50_000 // len(piece)) + " " * 1000
    began = time.process_time()
    assert "".join(str(part) for part in parts_of(text)) == text
    assert time.process_time() - began < 20
