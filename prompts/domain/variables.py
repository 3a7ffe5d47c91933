"""What the variables of a prompt are: typed, with a default or required, and checked against its text."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from prompts.domain.limits import RENDERED, VARIABLES
from prompts.domain.placeholders import Variable
from prompts.errors import RenderedTooLongError, VariablesInvalidError, VariableValuesInvalidError

Value = str | int | float | bool
#: Problems that an error names.
MOST_PROBLEMS = 20


class VariableType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class Declaration:
    """What may stand for a name. Without a value, the default does; if there is none, a required one is missing and
    any other is empty."""

    name: str
    type: VariableType = VariableType.TEXT
    required: bool = True
    default: Value | None = None
    choices: tuple[str, ...] = ()

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Declaration":
        """From JSON; what has a default isn't required unless it says so."""
        default = stored.get("default")
        return cls(
            name=stored["name"],
            type=VariableType(stored.get("type", VariableType.TEXT)),
            required=stored.get("required", default is None),
            default=default,
            choices=tuple(stored.get("choices", ())),
        )

    def stored(self) -> dict[str, Any]:
        return {**asdict(self), "type": str(self.type), "choices": list(self.choices)}

    def complaint(self, value: object) -> str | None:
        """Why a value can't stand here."""
        if self.type == VariableType.NUMBER:
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            return None if is_number and math.isfinite(value) else "wrong_type"  # type: ignore[arg-type]
        if self.type == VariableType.BOOLEAN:
            return None if isinstance(value, bool) else "wrong_type"
        if not isinstance(value, str):
            return "wrong_type"
        if self.type == VariableType.CHOICE and value not in self.choices:
            return "not_a_choice"
        return "too_long" if len(value) > RENDERED else None

    def problem(self) -> str | None:
        """What is wrong with the declaration itself."""
        if self.type == VariableType.CHOICE and not self.choices:
            return "choices_missing"
        if self.type != VariableType.CHOICE and self.choices:
            return "choices_unexpected"
        if len(set(self.choices)) < len(self.choices):
            return "choice_twice"
        if self.default is not None and self.complaint(self.default):
            return "default_invalid"
        return None


def check_declarations(declared: Sequence[Declaration], used: Iterable[str]) -> None:
    """Raises `VariablesInvalidError` that names each that is wrong, declared twice, or nowhere in the text."""
    names = [one.name for one in declared]
    in_text = set(used)
    problems = []
    for position, one in enumerate(declared):
        problem = one.problem()
        if one.name in names[:position]:
            problem = "declared_twice"
        elif problem is None and one.name not in in_text:
            problem = "not_in_content"
        if problem:
            problems.append({"variable": one.name, "problem": problem})
    if problems:
        raise VariablesInvalidError(details=_capped(problems))


def completed(declared: Iterable[Declaration], used: Iterable[str]) -> list[Declaration]:
    """The declarations, and after them a required text for each name in the text that has none.

    Raises `VariablesInvalidError` when they are too many.
    """
    by_name = {one.name: one for one in declared}
    every = [*by_name.values(), *(Declaration(name) for name in used if name not in by_name)]
    if len(every) > VARIABLES:
        problem = {"variable": every[VARIABLES].name, "problem": "too_many"}
        raise VariablesInvalidError(details=_capped([problem]))
    return every


def declaration_changes(
    before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]
) -> dict[str, list[str]]:
    """Names of variables that are `added`, `removed`, or `changed`: declared otherwise."""
    old, new = ({one["name"]: one for one in declared} for declared in (before, after))
    return {
        "added": [name for name in new if name not in old],
        "removed": [name for name in old if name not in new],
        "changed": [name for name in new if name in old and new[name] != old[name]],
    }


def texts_for(declared: Iterable[Declaration], values: Mapping[str, object]) -> dict[str, str]:
    """What stands for each name, in the words of the text.

    Raises `VariableValuesInvalidError` that names every variable whose value is missing, of the wrong type or no
    choice, and every value that no variable has.
    """
    known = {one.name: one for one in declared}
    texts: dict[str, str] = {}
    problems = [
        {"variable": name[:100], "problem": "unknown", "type": None} for name in values if name not in known
    ]
    for name, one in known.items():
        value = values.get(name)
        if value is None:
            value = one.default
        if value is None:
            problem = "missing" if one.required else None
        else:
            problem = one.complaint(value)
        if problem:
            problems.append({"variable": name, "problem": problem, "type": str(one.type)})
        else:
            texts[name] = _text(value)
    if problems:
        raise VariableValuesInvalidError(details=_capped(problems))
    return texts


def filled_in(parts: Iterable[str | Variable], texts: Mapping[str, str]) -> str:
    """One pass over the text: values are put in as they are. Raises `RenderedTooLongError`."""
    pieces = []
    length = 0
    for part in parts:
        piece = texts[part.name] if isinstance(part, Variable) else part
        length += len(piece)
        if length > RENDERED:
            raise RenderedTooLongError(longest=RENDERED)
        pieces.append(piece)
    return "".join(pieces)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _capped(problems: list[dict[str, Any]]) -> dict[str, Any]:
    return {"problems": problems[:MOST_PROBLEMS], "more": max(0, len(problems) - MOST_PROBLEMS)}
