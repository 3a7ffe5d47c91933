"""One vocabulary: what stands in an app's folder, what modules and classes are called."""

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest
from django.conf import settings

from tests.architecture.house import KERNEL, ROOT, Source, house_apps, product, read, source

#: Whatever an app may consist of; a module becomes a package of the same name when it grows.
MODULES = {
    *("apps", "errors", "models", "selectors", "services", "handlers", "tasks", "api", "admin", "checks"),
    *("domain", "management", "migrations", "__init__"),
}
#: The engine room has three rooms of its own, and a data folder is named by the app that reads it.
OWN_ROOMS = {"generation": {"jobs", "live", "providers", "catalogue"}, "templates": {"catalogue"}}
#: Words that say nothing about what is inside.
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "common", "misc", "base_utils", "shared", "tools"}


# -- folders -------------------------------------------------------------------------------------------------------


def unknown_words(app: Path) -> set[str]:
    """What stands in an app's folder without belonging to the vocabulary."""
    known = MODULES | OWN_ROOMS.get(app.name, set())
    found = {path.name.removesuffix(".py") for path in app.iterdir() if path.name != "__pycache__"}
    return found - known


@pytest.mark.parametrize("app", house_apps())
def test_apps_speak_one_vocabulary(app: str) -> None:
    assert unknown_words(ROOT / app) == set()


def test_the_guard_finds_a_new_word(tmp_path: Path) -> None:
    app = tmp_path / "prompts"
    (app / "catalogue").mkdir(parents=True)
    for name in ("__init__.py", "models.py", "managers.py", "signals.py"):
        (app / name).touch()
    assert unknown_words(app) == {"catalogue", "managers", "signals"}


def test_own_rooms_exist() -> None:
    assert all((ROOT / app / room).is_dir() for app, rooms in OWN_ROOMS.items() for room in rooms)


def both_forms(folder: Path) -> set[str]:
    """Modules that are a file and a package at once."""
    return {path.stem for path in folder.rglob("*.py") if path.with_suffix("").is_dir()}


def test_nothing_is_a_module_and_a_package(tmp_path: Path) -> None:
    assert {name for app in (KERNEL, *house_apps()) for name in both_forms(ROOT / app)} == set()
    (tmp_path / "models").mkdir()
    (tmp_path / "models.py").touch()
    assert both_forms(tmp_path) == {"models"}


# -- names ---------------------------------------------------------------------------------------------------------


def empty_words(sources: Iterable[Source]) -> set[str]:
    """Modules and packages whose name says nothing."""
    return {one.name for one in sources if EMPTY_WORDS & set(one.name.removesuffix(".py").split("/"))}


def test_every_name_says_what_is_inside() -> None:
    assert empty_words([*product(), *read("tests", "benchmarks")]) == set()


def test_the_guard_finds_empty_words() -> None:
    planted = [source(name, "") for name in ("a/utils.py", "a/common/rows.py", "a/cursors.py")]
    assert empty_words(planted) == {"a/utils.py", "a/common/rows.py"}


def classes(sources: Iterable[Source]) -> list[tuple[str, ast.ClassDef]]:
    return [
        (one.name, node) for one in sources for node in ast.walk(one.tree) if isinstance(node, ast.ClassDef)
    ]


def just_template(sources: Iterable[Source]) -> set[str]:
    return {name for name, node in classes(sources) if node.name == "Template"}


def test_no_class_is_just_a_template() -> None:
    assert just_template(product()) == set()
    assert just_template([source("templates/models.py", "class Template: ...")]) == {"templates/models.py"}


def test_html_is_not_looked_for_in_the_app_called_templates() -> None:
    folders = [Path(folder) for engine in settings.TEMPLATES for folder in engine["DIRS"]]
    assert ROOT / "config" / "templates" in folders
    assert ROOT / "templates" not in folders
    assert not list((ROOT / "templates").glob("templates"))


#: Exceptions that are called otherwise, with the reason.
NO_ERRORS = {"EnvironmentProblem": "it carries every problem of an environment at once"}


def misnamed_errors(sources: Iterable[Source]) -> set[str]:
    """Exceptions whose name doesn't end in Error."""
    endings = ("Error", "Exception")
    return {
        node.name
        for _, node in classes(sources)
        if any(ast.unparse(base).endswith(endings) for base in node.bases) and not node.name.endswith("Error")
    }


def test_every_exception_is_called_an_error() -> None:
    assert misnamed_errors(product()) == NO_ERRORS.keys()


def test_the_guard_finds_misnamed_errors() -> None:
    text = "class NotThere(AppError): ...\nclass GoneError(drf.APIException): ...\nclass Late(Exception): ..."
    assert misnamed_errors([source("x.py", text)]) == {"NotThere", "Late"}


def misplaced_errors(sources: Iterable[Source]) -> set[str]:
    """Errors with a code that are defined outside of an `errors` module."""
    return {
        f"{one.name}::{node.name}"
        for one in sources
        if not one.name.endswith("/errors.py") and "/errors/" not in one.name
        for _, node in classes([one])
        if any(ast.unparse(base).endswith("AppError") for base in node.bases)
    }


def test_errors_stand_where_they_are_looked_for() -> None:
    assert misplaced_errors(product()) == set()
    planted = source("templates/services/x.py", "class LateError(AppError): ...")
    assert misplaced_errors([planted]) == {"templates/services/x.py::LateError"}
