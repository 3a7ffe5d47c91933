"""A file fits on some screens, a function on one."""

import ast
from collections.abc import Iterable

from tests.architecture.house import Source, functions, product, read, source

FILE_LINES, FUNCTION_LINES = 450, 60
#: Data that is written as code may be longer; tests are read from top to bottom.
TEST_FILE_LINES = 700

#: What may be longer, with its reason: a file (`a/b.py`) or a function (`a/b.py::name`).
ALLOWED: dict[str, str] = {}


def too_long(sources: Iterable[Source], *, file_lines: int = FILE_LINES) -> set[str]:
    return long_files(sources, file_lines) | long_functions(sources)


def long_files(sources: Iterable[Source], most: int) -> set[str]:
    return {one.name for one in sources if one.lines > most}


def long_functions(sources: Iterable[Source]) -> set[str]:
    return {
        f"{one.name}::{function.name}"
        for one in sources
        for function in functions(one.tree)
        if height(function) > FUNCTION_LINES
    }


def height(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, without decorators (they describe the endpoint, with its example)."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def test_product_is_written_in_small_pieces() -> None:
    assert too_long(product()) - ALLOWED.keys() == set()


def test_tests_and_benchmarks_are_not_endless() -> None:
    assert too_long(list(read("tests", "benchmarks")), file_lines=TEST_FILE_LINES) - ALLOWED.keys() == set()


def test_every_exception_is_still_needed_and_has_a_reason() -> None:
    found = too_long(product()) | too_long(list(read("tests", "benchmarks")), file_lines=TEST_FILE_LINES)
    assert ALLOWED.keys() <= found
    assert all(ALLOWED.values())


def test_the_guard_finds_what_is_too_long() -> None:
    body = "    x = 1\n" * FUNCTION_LINES
    assert too_long([source("a.py", f"def fits():\n{body[:-10]}")]) == set()
    assert too_long(
        [source("a.py", f"class A:\n    async def long():\n{body.replace('    ', '        ')}")]
    ) == {"a.py::long"}
    assert too_long([source("b.py", "x = 1\n" * (FILE_LINES + 1))]) == {"b.py"}
