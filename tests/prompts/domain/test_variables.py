"""Typed variables: declared, completed, filled in."""

from typing import Any

import pytest

from prompts.domain.placeholders import Variable
from prompts.domain.variables import (
    Declaration,
    check_declarations,
    completed,
    declaration_changes,
    filled_in,
    texts_for,
)
from prompts.errors import RenderedTooLongError, VariablesInvalidError, VariableValuesInvalidError

TONE = {"name": "tone", "type": "choice", "choices": ["formal", "friendly"], "default": "formal"}


def declared(*given: dict[str, Any]) -> list[Declaration]:
    return [Declaration.of(one) for one in given]


def problems(error: Any) -> list[tuple[str, str]]:
    return [(one["variable"], one["problem"]) for one in error.value.details["problems"]]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"type": "choice"}, "choices_missing"),
        ({"type": "choice", "choices": ["a", "a"]}, "choice_twice"),
        ({"type": "choice", "choices": ["a"], "default": "b"}, "default_invalid"),
        ({"choices": ["a"]}, "choices_unexpected"),
        ({"type": "number", "default": "7"}, "default_invalid"),
        ({"type": "number", "default": True}, "default_invalid"),
        ({"type": "boolean", "default": 1}, "default_invalid"),
        ({"default": 7}, "default_invalid"),
        ({"default": {"deep": []}}, "default_invalid"),
    ],
)
def test_declarations_that_contradict_themselves(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(VariablesInvalidError) as error:
        check_declarations(declared({"name": "x", **given}), ["x"])
    assert problems(error) == [("x", problem)]


def test_every_wrong_declaration_is_named() -> None:
    given = declared({"name": "a"}, {"name": "b"}, {"name": "a", "type": "number"}, {"name": "c"})
    with pytest.raises(VariablesInvalidError) as error:
        check_declarations(given, ["a", "b"])
    assert problems(error) == [("a", "declared_twice"), ("c", "not_in_content")]


def test_what_is_not_declared_is_a_required_text() -> None:
    every = completed(declared(TONE), ["topic", "tone"])
    assert [(one.name, one.type, one.required) for one in every] == [
        ("tone", "choice", False),
        ("topic", "text", True),
    ]


def test_there_may_be_fifty() -> None:
    assert len(completed([], [f"v{n}" for n in range(50)])) == 50
    with pytest.raises(VariablesInvalidError) as error:
        completed([], [f"v{n}" for n in range(51)])
    assert problems(error) == [("v50", "too_many")]


def test_values_stand_as_people_write_them() -> None:
    every = declared(
        TONE, {"name": "n", "type": "number"}, {"name": "b", "type": "boolean"},
        {"name": "t"}, {"name": "o", "required": False},
    )  # fmt: skip
    texts = texts_for(every, {"n": 2.5, "b": True, "t": "茶", "tone": None})
    assert texts == {"tone": "formal", "n": "2.5", "b": "true", "t": "茶", "o": ""}


def test_every_value_that_is_missing_or_wrong_is_named() -> None:
    every = declared(TONE, {"name": "n", "type": "number"}, {"name": "t"}, {"name": "b", "type": "boolean"})
    with pytest.raises(VariableValuesInvalidError) as error:
        texts_for(every, {"tone": "rude", "n": "7", "b": "yes", "topci": "茶"})
    assert problems(error) == [
        ("topci", "unknown"),
        ("tone", "not_a_choice"),
        ("n", "wrong_type"),
        ("t", "missing"),
        ("b", "wrong_type"),
    ]


def test_values_are_never_filled_in_again() -> None:
    parts = ["a ", Variable("x"), " ", Variable("y")]
    assert filled_in(parts, {"x": "{{y}} {{> z}}", "y": "{{x}}"}) == "a {{y}} {{> z}} {{x}}"


def test_a_text_has_an_end() -> None:
    with pytest.raises(RenderedTooLongError):
        filled_in([Variable("x")] * 100, {"x": "茶" * 3000})


def test_changes_of_declarations() -> None:
    before, after = (
        [{"name": "a", "type": "text"}, {"name": "b"}],
        [{"name": "a", "type": "number"}, {"name": "c"}],
    )
    assert declaration_changes(before, after) == {"added": ["c"], "removed": ["b"], "changed": ["a"]}
