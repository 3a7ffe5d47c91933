"""What a selector answers is said by its name: everywhere the same, so that nobody looks it up."""

import ast
from collections.abc import Iterable

from tests.architecture.house import Source, functions, product, source


def misnamed(sources: Iterable[Source]) -> set[str]:
    """Selectors that answer another thing than their name says: `_list_for` a QuerySet, `_get_for` a row (or they
    raise), `_find_for` a row or None."""
    found = set()
    for one in sources:
        for function in functions(one.tree):
            if function.name.startswith("_") or function.returns is None:
                continue
            answer = ast.unparse(function.returns)
            is_rows, may_be_nothing = "QuerySet" in answer, "None" in answer
            is_right = {
                "_list_for": is_rows,
                "_get_for": not is_rows and not may_be_nothing,
                "_find_for": not is_rows and may_be_nothing,
            }
            said = [right for suffix, right in is_right.items() if function.name.endswith(suffix)]
            if not all(said) or (is_rows and not said and "_list" not in function.name):
                found.add(f"{one.name}::{function.name}")
    return found


def selectors() -> list[Source]:
    return [one for one in product() if "selectors" in one.name.removesuffix(".py").split("/")]


def test_selectors_answer_what_their_names_say() -> None:
    assert misnamed(selectors()) == set()


def test_the_guard_finds_names_that_lie() -> None:
    text = """
def tea_list_for(owner_id) -> Tea: ...
def tea_get_for(owner_id, pk) -> QuerySet[Tea]: ...
def tea_find_for(owner_id, pk) -> Tea: ...
def teas(owner_id) -> QuerySet[Tea]: ...
def tea_list() -> QuerySet[Tea]: ...
def tea_figures(owner_id) -> dict: ...
"""
    lies = {name.partition("::")[2] for name in misnamed([source("x/selectors.py", text)])}
    assert lies == {"tea_list_for", "tea_get_for", "tea_find_for", "teas"}
