"""Placeholders for what each call brings, so that a statement is compiled once and filled many times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, Field


class Placeholder(Expression):
    """A named value that is known only when a call comes.

    It compiles to one `%s` whose parameter is the placeholder itself; `Parameters` later puts the value in its place,
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
        return f"{type(self).__name__}({self.name!r})"

    def __str__(self) -> str:
        raise TypeError(f"{self!r} has no value yet: a selector may hand it to the ORM, but not format it")

    def __format__(self, spec: str) -> str:
        return str(self)


class SavedPlaceholder(Placeholder):
    """A value that is written, not compared: prepared as `save` would."""

    def prepare(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        return self.output_field.get_db_prep_save(value, connection)


class Parameters:
    """A compiled statement's parameters: constants of its shape, and placeholders."""

    def __init__(self, params: Sequence[Any]) -> None:
        self._params = tuple(params)
        self._open = tuple((index, p) for index, p in enumerate(params) if isinstance(p, Placeholder))

    @property
    def constants(self) -> tuple[Any, ...]:
        """The parameters with placeholders replaced by their names: equal for two compilations of one shape."""
        return tuple(("placeholder", p.name) if isinstance(p, Placeholder) else p for p in self._params)

    def fill(self, values: Mapping[str, Any], connection: BaseDatabaseWrapper) -> list[Any]:
        filled = list(self._params)
        for index, placeholder in self._open:
            filled[index] = placeholder.prepare(values[placeholder.name], connection)
        return filled
