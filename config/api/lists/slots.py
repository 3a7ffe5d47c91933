"""Placeholders for what each request brings, so that a statement is compiled once and filled many times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, Field


class Slot(Expression):
    """A named value that is known only when a request comes.

    It compiles to one placeholder whose parameter is the slot itself; `Parameters` later puts the value in its place,
    prepared by `output_field` (which therefore must be given). A selector must treat it as an opaque value: hand it to
    the ORM and nothing else. Python code that formats it would freeze one value into everybody's query, so that fails.
    """

    def __init__(self, name: str, output_field: Field[Any, Any]) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        return "%s", [self]

    def prepare(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        return self.output_field.get_db_prep_value(value, connection)

    def __repr__(self) -> str:
        return f"Slot({self.name!r})"

    def __str__(self) -> str:
        raise TypeError(
            f"slot {self.name!r} has no value yet: a selector may hand it to the ORM, but not format it"
        )

    def __format__(self, spec: str) -> str:
        return str(self)


class Parameters:
    """A compiled statement's parameters: constants of its shape, and slots."""

    def __init__(self, params: Sequence[Any]) -> None:
        self._params = tuple(params)
        self._slots = tuple((index, param) for index, param in enumerate(params) if isinstance(param, Slot))

    @property
    def constants(self) -> tuple[Any, ...]:
        """The parameters with slots replaced by their names: equal for two compilations of one shape."""
        return tuple(("slot", p.name) if isinstance(p, Slot) else p for p in self._params)

    def fill(self, values: Mapping[str, Any], connection: BaseDatabaseWrapper) -> list[Any]:
        filled = list(self._params)
        for index, slot in self._slots:
            filled[index] = slot.prepare(values[slot.name], connection)
        return filled
