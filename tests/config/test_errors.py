"""The registry of codes: complete, said in both languages, and equal to its table in the docs."""

import re
import string

import pytest
from django.core.management import CommandError, call_command

from config.errors import REGISTRY, AppError, BodyTooLargeError, ValidationFailedError, describe
from config.management.commands import document_errors
from config.management.commands.document_errors import house_errors


def test_table_in_the_docs_is_up_to_date() -> None:
    call_command("document_errors", "--check")


def test_an_outdated_table_is_noticed_and_rewritten(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "errors.md"
    path.write_text("old")
    monkeypatch.setattr(document_errors.Command, "path", path)
    with pytest.raises(CommandError, match="out of date"):
        call_command("document_errors", "--check")

    monkeypatch.setattr(document_errors.settings, "BASE_DIR", tmp_path)
    call_command("document_errors", verbosity=0)
    assert "| `NOT_FOUND` | 404 | no |" in path.read_text(encoding="utf-8")
    call_command("document_errors", "--check")


@pytest.mark.parametrize("error", house_errors(), ids=lambda error: error.code)
def test_every_error_keeps_the_rules(error: type[AppError]) -> None:
    assert problems(error) == []


def problems(error: type[AppError]) -> list[str]:
    found = []
    if not re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*", error.code):
        found.append("code")
    if not error.__name__.endswith("Error"):
        found.append("name")
    if not 400 <= error.status < 600:
        found.append("status")
    if not re.search(r"[\u4e00-\u9fff]", error.zh) or re.search(r"[\u4e00-\u9fff]", error.en):
        found.append("language")
    if parameters(error.en) != parameters(error.zh):
        found.append("parameters")
    if "{{" in error.en and not parameters(error.en):
        found.append("braces")  # a sentence without parameters is said as it stands
    return found


def parameters(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_the_rules_find_a_planted_error() -> None:
    class Planted(AppError):
        code = "planted"
        status = 200
        en = "计划 {a}"
        zh = "plan {b}"

    del REGISTRY["planted"]
    assert problems(Planted) == ["code", "name", "status", "language", "parameters"]


def test_a_code_is_taken_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        type("OtherError", (AppError,), {"code": "NOT_FOUND", "en": "x", "zh": "某"})
    with pytest.raises(ValueError, match="needs"):
        type("SilentError", (AppError,), {"code": "SILENT", "en": "", "zh": ""})


def test_sentences_are_filled() -> None:
    error = BodyTooLargeError(limit=7)
    assert "7 bytes" in error.message("en")
    assert "7 字节" in error.message("zh-hans")
    assert error.details == {"limit": 7}
    assert ValidationFailedError().details == {}
    assert describe("NOT_FOUND", "zh") == REGISTRY["NOT_FOUND"].zh
    assert describe("NEVER_HEARD_OF") == "NEVER_HEARD_OF"
