"""A name is imported from the module that defines it: a package says what is in it, and hands nothing on."""

import ast
from collections.abc import Iterable

from tests.architecture.house import Source, product, source

#: Django looks for models and admin pages in these packages themselves.
LOOKED_INTO = {"models", "admin"}


def handing_on(sources: Iterable[Source]) -> set[str]:
    found = set()
    for one in sources:
        *package, file = one.name.split("/")
        if file == "__init__.py" and package[-1] not in LOOKED_INTO:
            found |= {one.name for node in one.tree.body if isinstance(node, ast.Import | ast.ImportFrom)}
    return found


def test_packages_hand_nothing_on() -> None:
    assert handing_on(product()) == set()


def test_the_guard_finds_a_package_that_does() -> None:
    text = "from shop.services.teas import tea_create"
    planted = [source("shop/services/__init__.py", text), source("shop/models/__init__.py", text)]
    assert handing_on(planted) == {"shop/services/__init__.py"}
