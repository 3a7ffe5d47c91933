"""The import contracts hold, each of them catches a planted violation, and the apps to come have their places."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture.house import KERNEL, LAUNCHER, ROOT, contracts, floors, house_apps, import_linter

LINTER = Path(sys.executable).with_name("lint-imports")
CONTRACT_TYPES = "tests/architecture/import_contracts.py"


@dataclass(frozen=True)
class Plant:
    """A line in a module of the house (made if it isn't there) and the contracts that it breaks."""

    module: str
    line: str
    breaks: frozenset[str]


def plant(module: str, line: str, *breaks: str) -> Plant:
    return Plant(module, line, frozenset(breaks))


PLANTS = {
    "upwards": plant("accounts/selectors/users.py", "from generation.models import Job", "app-layers"),
    "kernel, inside a function": plant(
        "config/cache.py", "def f():\n    import templates.domain", "app-layers"
    ),
    "settings": plant(
        "generation/selectors.py", "from config.settings.base import BASE_DIR", "composition-root"
    ),
    "urls": plant("templates/handlers.py", "import config.urls", "composition-root"),
    "launcher on an app": plant(
        "launcher/supervisor/plan.py", "from generation.domain.states import JobStatus", "app-layers"
    ),
    "launcher on the kernel's product": plant(
        "launcher/local_llm/installation.py", "from config.celery import enqueue", "launcher"
    ),
    "on the launcher": plant("accounts/selectors/users.py", "import launcher.supervisor.ports", "launched"),
    "inside, upwards": plant(
        "accounts/errors.py", "from accounts.domain.names import is_email", "vocabulary"
    ),
    "domain on models": plant(
        "templates/domain/grid.py", "import templates.models.sources", "vocabulary", "domain", "cycles"
    ),
    "adapter on jobs": plant(
        "generation/providers/base.py", "import generation.jobs.registry", "vocabulary", "cycles", "domain"
    ),
    "new word": plant("accounts/utils.py", "", "vocabulary"),
    "another's api": plant(
        "templates/handlers.py", "from accounts.api.serializers.users import UserOut", "edges"
    ),
    "another's tasks": plant("templates/handlers.py", "from generation.tasks import run_job", "edges"),
    "adapter on accounts": plant(
        "generation/providers/retry.py", "from accounts.models import User", "adapters"
    ),
    "sdk in a handler": plant("templates/handlers.py", "def f():\n    import openai", "sdks"),
    "sdk in the kernel": plant("config/cache.py", "from boto3 import client", "sdks"),
    "domain on django, far around": plant("templates/domain/titles.py", "import config.db", "domain"),
    "round and round": plant("generation/jobs/registry.py", "from generation.jobs import runner", "cycles"),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The house, without its data."""
    modules = [
        path for package in (KERNEL, LAUNCHER, *house_apps()) for path in (ROOT / package).rglob("*.py")
    ]
    for path in (*modules, ROOT / CONTRACT_TYPES, ROOT / "pyproject.toml"):
        target = tmp_path / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return tmp_path


def broken(folder: Path) -> set[str]:
    """Ids of the contracts that don't hold in the house below `folder`."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [LINTER, "--no-cache"], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    by_name = {contract["name"]: key for key, contract in contracts().items()}
    verdicts = re.findall(r"^(.+) (KEPT|BROKEN)\b", done.stdout, re.MULTILINE)
    assert {name for name, _ in verdicts} == set(by_name), done.stdout + done.stderr
    found = {by_name[name] for name, verdict in verdicts if verdict == "BROKEN"}
    assert done.returncode == (1 if found else 0)
    return found


def grow(folder: Path, module: str, line: str) -> None:
    path = folder / module
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")


def test_contracts_hold() -> None:
    assert broken(ROOT) == set()


@pytest.mark.parametrize("violation", PLANTS.values(), ids=PLANTS.keys())
def test_violation_breaks_its_contract(copy: Path, violation: Plant) -> None:
    grow(copy, violation.module, violation.line)
    assert broken(copy) == violation.breaks


def test_every_contract_is_proven() -> None:
    proven = frozenset[str]().union(*(violation.breaks for violation in PLANTS.values()))
    assert proven == contracts().keys()


def test_an_import_for_type_checkers_is_no_violation(copy: Path) -> None:
    line = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from generation.models import Job"
    grow(copy, "accounts/selectors/users.py", line)
    assert broken(copy) == set()


def test_every_installed_app_is_under_contract() -> None:
    assert set(import_linter()["root_packages"]) == {KERNEL, LAUNCHER, *house_apps()}
    missing = set(house_apps()).difference(*floors())
    assert not missing, f"app-layers checks nothing of {missing}: give each a place in its layers"


@pytest.fixture
def whole_house(copy: Path) -> Path:
    """The house with all apps to come, each a room with a model and a service; `root_packages` is what they touch."""
    missing = sorted({app for floor in floors() for app in floor if not (copy / app).exists()})
    more = "".join(f', "{app}"' for app in missing)
    pyproject = copy / "pyproject.toml"
    grown = re.sub(
        r"^(root_packages = \[.*)\]$",
        rf"\1{more}]",
        pyproject.read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    pyproject.write_text(grown, encoding="utf-8")
    for app in missing:
        grow(copy, f"{app}/__init__.py", "")
        grow(copy, f"{app}/models.py", "from generation.models import Job")
        grow(copy, f"{app}/services.py", f"from {app}.models import Job")
    return copy


@pytest.mark.parametrize(
    ("module", "line", "breaks"),
    [
        ("agents/services.py", "import conversations.services, prompts.services, templates.models", set()),
        ("prompts/services.py", "import minutes.models", {"app-layers"}),
        ("conversations/models.py", "import agents.models", {"app-layers"}),
        ("config/cache.py", "import minutes.models", {"app-layers"}),
        ("minutes/models.py", "import minutes.services", {"vocabulary", "cycles"}),
        ("models3d/helpers.py", "import config.settings.base", {"vocabulary", "composition-root"}),
    ],
)
def test_apps_to_come_have_their_places(whole_house: Path, module: str, line: str, breaks: set[str]) -> None:
    grow(whole_house, module, line)
    assert broken(whole_house) == breaks
