"""Assertions about answers: what can be asked, and what holds."""

from typing import Any

import pytest

from prompts.domain.assertions import problem_of, verdicts

SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}


def passed(assertion: dict[str, Any], text: str) -> bool:
    assert problem_of(assertion) is None
    [verdict] = verdicts([assertion], text)
    assert verdict.type == assertion["type"]
    return verdict.passed


@pytest.mark.parametrize(
    ("assertion", "right", "wrong"),
    [
        ({"type": "contains", "value": "补偿"}, "我们会补偿您。", "我们很抱歉。"),
        ({"type": "not_contains", "value": "AI"}, "Hello.", "As an AI, I can't."),
        ({"type": "matches", "pattern": r"订单\s*\d{6}"}, "订单 123456 已发出", "订单 123"),
        ({"type": "matches", "pattern": r"(?i)^dear "}, "Dear Ms Lin", "Hello"),
        ({"type": "json_schema", "schema": SCHEMA}, '{"title": "茶"}', '{"title": 1}'),
        ({"type": "json_schema", "schema": SCHEMA}, '```json\n{"title": "茶"}\n```', 'Sure: {"title": "茶"}'),
        ({"type": "json_schema", "schema": {"type": "number"}}, "1", "NaN"),
        ({"type": "length", "min": 2, "max": 4}, " 三个字 ", "一"),
        ({"type": "length", "max": 4}, "", "五个字符呀"),
        ({"type": "language", "language": "zh"}, "用 Python 写一个函数", "Write a function"),
        ({"type": "language", "language": "en"}, "Write a letter to the customer.", "写一封信"),
    ],
)
def test_it_holds_or_doesn_t(assertion: dict[str, Any], right: str, wrong: str) -> None:
    assert passed(assertion, right)
    assert not passed(assertion, wrong)


@pytest.mark.parametrize(
    ("assertion", "problem"),
    [
        ({}, "unknown_type"),
        ({"type": "is_good"}, "unknown_type"),
        ({"type": ["contains"]}, "unknown_type"),
        ({"type": "contains"}, "wrong_fields"),
        ({"type": "contains", "value": "a", "pattern": "b"}, "wrong_fields"),
        ({"type": "contains", "value": ""}, "wrong_value"),
        ({"type": "contains", "value": 1}, "wrong_value"),
        ({"type": "contains", "value": "a" * 2_001}, "wrong_value"),
        ({"type": "matches", "pattern": "("}, "pattern_invalid"),
        ({"type": "matches", "pattern": r"(?=a)b"}, "pattern_invalid"),
        ({"type": "matches", "pattern": r"(a)\1"}, "pattern_invalid"),
        ({"type": "matches", "pattern": r"(x{1,1000}){1,1000}"}, "pattern_invalid"),
        ({"type": "json_schema", "schema": []}, "wrong_value"),
        ({"type": "json_schema", "schema": {"type": "objekt"}}, "schema_invalid"),
        ({"type": "json_schema", "schema": {"$ref": "#"}}, "schema_keyword_refused"),
        ({"type": "json_schema", "schema": {"items": {"pattern": "(a+)+$"}}}, "schema_keyword_refused"),
        ({"type": "json_schema", "schema": {"title": "a" * 10_001}}, "wrong_value"),
        ({"type": "length"}, "wrong_fields"),
        ({"type": "length", "min": 5, "max": 4}, "wrong_value"),
        ({"type": "length", "min": -1}, "wrong_value"),
        ({"type": "length", "max": True}, "wrong_value"),
        ({"type": "language", "language": "klingon"}, "wrong_value"),
    ],
)
def test_what_can_t_be_checked_is_told(assertion: dict[str, Any], problem: str) -> None:
    assert problem_of(assertion) == problem


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*$", "(.*)*x", r"(\w+\s?)*$", "(a*)*b"])
def test_no_pattern_holds_a_worker(pattern: str) -> None:
    """Python's own engine would take longer than the universe is old."""
    passed({"type": "matches", "pattern": pattern}, "a" * 100_000 + "!")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 10_000, "1" * 100_000, '"\\ud83d"', ""])
def test_no_answer_breaks_a_schema(text: str) -> None:
    passed({"type": "json_schema", "schema": SCHEMA}, text)


def test_a_deep_schema_is_refused() -> None:
    schema: dict[str, Any] = {}
    for _ in range(200):
        schema = {"not": schema}
    assert problem_of({"type": "json_schema", "schema": schema}) == "wrong_value"
