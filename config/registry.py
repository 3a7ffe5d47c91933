"""What apps say of themselves: each registers its own in `AppConfig.ready`, and nothing below names it."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from django.apps import apps

Value = TypeVar("Value")


class Registry(Mapping[str, Value]):
    """Things by name, sorted, whichever app came first.

    Both mistakes are loud: a name that is taken by something else (ValueError), and reading before every app has
    spoken (RuntimeError), since who reads too early, say in the body of a module, would only ever know a part.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self._values: dict[str, Value] = {}

    def register(self, name: str, value: Value) -> None:
        """Called in `AppConfig.ready`. The same thing again changes nothing."""
        known = self._values.setdefault(name, value)
        if known is not value and known != value:
            raise ValueError(f"the {self.what} {name!r} is registered twice")

    def __getitem__(self, name: str) -> Value:
        return self._complete()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._complete()))

    def __len__(self) -> int:
        return len(self._complete())

    def _complete(self) -> dict[str, Value]:
        if not apps.ready:
            raise RuntimeError(f"not every app has registered its {self.what} yet")
        return self._values
