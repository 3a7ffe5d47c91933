"""Rows of every model, as few fields as the database takes.

Each app makes its own: `MAKERS` of `tests/<app>/rows.py` has a function for every model, which gets a number of its own
and the account that the row belongs to. With it, the guards look at the model's admin, its owner, and the addresses
that lead to it.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from itertools import count
from typing import Any

from django.apps import apps
from django.db import models

from accounts.models import User
from tests.architecture.house import house_apps

Maker = Callable[[int, User], Any]

_numbers = count(1)


@cache
def makers() -> dict[str, Maker]:
    """By label: `{"accounts.AccessToken": …}`."""
    toys = [config.name for config in apps.get_app_configs() if config.name.startswith("tests.support.toy")]
    modules = [f"tests.{app}.rows" for app in ("config", *house_apps())] + [f"{toy}.rows" for toy in toys]
    return {label: maker for module in modules for label, maker in import_module(module).MAKERS.items()}


def maker(label: str) -> Maker:
    """Raises LookupError where the app's `rows.py` has none for the model."""
    if label not in makers():
        raise LookupError(f"tests/{label.partition('.')[0]}/rows.py needs a maker of {label} in MAKERS")
    return makers()[label]


def user(n: int) -> User:
    return User.objects.create(username=f"茶客{n}", email=f"tea{n}@example.com")


def another(label: str, owner: User) -> Any:
    """One more row, such as a parent of the one that is being made."""
    return maker(label)(next(_numbers), owner)


def make_rows(model: type[models.Model], number: int, owner: User | None = None) -> Any:
    """Make so many rows, each with parents of its own, of an owner of its own or of this one; returns the last."""
    row = None
    for _ in range(number):
        n = next(_numbers)
        row = maker(model._meta.label)(n, owner or user(n))
    return row
