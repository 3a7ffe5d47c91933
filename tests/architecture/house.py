"""The product's source code as the guard tests read it."""

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import models

ROOT = Path(__file__).resolve().parents[2]
KERNEL = "config"
LAUNCHER = "launcher"
TOY = "tests.support.toy"


@dataclass(frozen=True)
class Source:
    """A file and its syntax tree; `name` is its path below the root, with forward slashes."""

    name: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @property
    def app(self) -> str:
        return self.name.partition("/")[0]


def source(name: str, text: str) -> Source:
    """A file that isn't there: what a guard's own proof plants."""
    return Source(name, text, ast.parse(text))


def house_apps() -> list[str]:
    """The installed apps that are ours, without the kernel and without those of the tests."""
    names = [config.name for config in apps.get_app_configs() if is_ours(config.name)]
    return [name for name in names if name != KERNEL]


def own_models() -> list[type[models.Model]]:
    """The rows of the kernel, of our apps, and of the toy app where it is installed."""
    names = {KERNEL, *house_apps(), TOY}
    ours = [config for config in apps.get_app_configs() if config.name in names]
    return [model for config in ours for model in config.get_models(include_auto_created=True)]


def is_ours(package: str) -> bool:
    if package.startswith("tests."):
        return False
    spec = find_spec(package)
    return spec is not None and spec.origin is not None and Path(spec.origin).parent.parent == ROOT


def import_linter() -> dict[str, Any]:
    """What pyproject.toml says to import-linter."""
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found: dict[str, Any] = tomllib.loads(pyproject)["tool"]["importlinter"]
    return found


def contracts() -> dict[str, dict[str, Any]]:
    """The import contracts by id."""
    return {contract["id"]: contract for contract in import_linter()["contracts"]}


def floors() -> list[set[str]]:
    """The apps from the bottom up, those to come included; apps on the same floor don't know each other."""
    layers = [set(re.findall(r"\w+", layer)) for layer in contracts()["app-layers"]["layers"]]
    return [floor - {KERNEL, LAUNCHER} for floor in reversed(layers) if floor - {KERNEL, LAUNCHER}]


def product() -> list[Source]:
    """Every module of the kernel, the launcher and the apps; migrations are history, not source."""
    return list(read(KERNEL, LAUNCHER, *house_apps()))


def read(*folders: str) -> Iterator[Source]:
    for folder in folders:
        yield from _sources(folder)


@cache
def _sources(folder: str) -> tuple[Source, ...]:
    paths = (path for path in sorted((ROOT / folder).rglob("*.py")) if "migrations" not in path.parts)
    return tuple(
        source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in paths
    )


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Each imported name in full (`celery.chord` for `from celery import chord`) with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Each call with the last part of what is called: `save` for `row.save()`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Attribute):
                yield function.attr, node
            elif isinstance(function, ast.Name):
                yield function.id, node


def places(found: Iterable[tuple[str, int]]) -> list[str]:
    return [f"{name}:{line}" for name, line in found]
