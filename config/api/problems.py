"""What is wrong with a request, field by field: named up to a number and counted beyond it.

An answer may not be larger than its question deserves: a body with a hundred thousand faults is answered by the first
few of them and a number.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail

from config.errors import ValidationFailedError

#: Problems that an answer names; of the others it says how many there are.
MOST_PROBLEMS = 20
MORE = "and_more"
#: Characters of what the caller sent that an answer repeats: of a field's path, and of a message.
LONGEST_FIELD = 200
LONGEST_MESSAGE = 300


def more(count: int) -> ErrorDetail:
    """Stands for so many problems that nobody wrote down."""
    return ErrorDetail(str(count), code=MORE)


def capped(problems: Iterable[Mapping[str, str]]) -> dict[str, Any]:
    """Of the problems (`field`, `code`, `message`) the first as `fields`, and how many there are besides as `more`."""
    shown: list[dict[str, str]] = []
    rest = 0
    for problem in problems:
        if problem["code"] == MORE:
            rest += int(problem["message"])
        elif len(shown) < MOST_PROBLEMS:
            shown.append(
                {
                    "field": problem["field"][:LONGEST_FIELD],
                    "code": problem["code"],
                    "message": problem["message"][:LONGEST_MESSAGE],
                }
            )
        else:
            rest += 1
    return {"fields": shown, "more": rest}


def repeated(name: str) -> dict[str, str]:
    """The problem of a parameter that is there more than once: one of its values would be ignored."""
    return {"field": name, "code": "repeated", "message": _("Give this once.")}


def said_once(query: QueryDict, *names: str) -> dict[str, str]:
    """The values of a query string, or those of these names. Raises ValidationFailedError for what is there twice."""
    said = {name: values for name, values in query.lists() if name in names or not names}
    twice = [repeated(name) for name, values in said.items() if len(values) > 1]
    if twice:
        raise ValidationFailedError(details=capped(twice))
    return {name: value for name, [value] in said.items()}


def field_problems(detail: Any) -> dict[str, Any]:
    """The framework's nested complaints; `items.0.name` leads inside, "" is the whole body."""
    return capped(_leaves(detail, ""))


def _leaves(detail: Any, path: str) -> Iterator[dict[str, str]]:
    if isinstance(detail, dict):
        for key, inner in detail.items():
            here = "" if key == "non_field_errors" else str(key)[:LONGEST_FIELD]
            yield from _leaves(inner, f"{path}.{here}".strip("."))
    elif isinstance(detail, list):
        for number, inner in enumerate(detail):
            is_nested = isinstance(inner, dict | list)
            yield from _leaves(inner, f"{path}.{number}".strip(".") if is_nested else path)
    else:
        yield {"field": path, "code": str(getattr(detail, "code", None) or "invalid"), "message": str(detail)}


def model_problems(exc: ValidationError) -> dict[str, list[ErrorDetail]]:
    """A model's or validator's complaints in the framework's shape."""
    by_field = exc.error_dict if hasattr(exc, "error_dict") else {"": exc.error_list}
    return {
        "" if field == "__all__" else field: [
            ErrorDetail(message, code=problem.code or "invalid")
            for problem in problems
            for message in problem.messages
        ]
        for field, problems in by_field.items()
    }
