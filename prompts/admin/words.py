"""What prompts keep as data, in words."""

from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from config.admin.words import as_rows
from prompts.domain.assertions import AssertionType
from prompts.domain.variables import VariableType

WORDS: dict[str, Any] = {
    "name": _("name"),
    "type": _("type"),
    "required": _("required"),
    "default": _("default"),
    "choices": _("choices"),
    "value": _("value"),
    "pattern": _("pattern"),
    "schema": _("JSON Schema"),
    "min": _("at least"),
    "max": _("at most"),
    "language": _("language"),
    "passed": _("passed"),
}
TYPES: dict[str, Any] = {
    VariableType.TEXT: _("text"),
    VariableType.NUMBER: pgettext_lazy("type", "number"),
    VariableType.CHOICE: _("choice"),
    VariableType.BOOLEAN: _("yes or no"),
    AssertionType.CONTAINS: _("contains"),
    AssertionType.NOT_CONTAINS: _("doesn't contain"),
    AssertionType.MATCHES: _("matches"),
    AssertionType.JSON_SCHEMA: _("fits a JSON Schema"),
    AssertionType.LENGTH: _("length"),
    AssertionType.LANGUAGE: _("language"),
}


def told(data: Any) -> SafeString | str:
    """Variables, assertions, verdicts: a line for each. Names that people chose are no words of ours."""
    return as_rows(data, WORDS, values={"type": TYPES})
