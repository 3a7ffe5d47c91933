"""An app that is installed turns up everywhere by what it registers, and the guards look at it by themselves."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.house import ROOT
from tests.support.databases import BEGUN, migrated_file

#: What is found of the toy, and the guards that walk through its rooms unchanged.
WALKS = (
    "tests/support/toy/look.py",
    "tests/architecture/test_strangers.py",
    "tests/architecture/test_owner_keys.py",
    "tests/architecture/test_scopes.py::test_every_view_says_whose_door_it_is",
    "tests/architecture/test_scopes.py::test_every_scope_opens_a_door",
    "tests/architecture/test_scopes.py::test_without_the_scope_every_door_is_closed_and_nothing_changes",
    "tests/architecture/test_admin.py::test_every_own_model_stands_in_the_admin",
)


@pytest.mark.once
@pytest.mark.django_db
def test_an_app_is_found_by_what_it_registers(tmp_path: Path) -> None:
    """In a process of its own, since apps register once; its database needs the toy's tables only."""
    begun = tmp_path / "begun.sqlite3"
    migrated_file(begun)
    options = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--ds=tests.support.toy.settings")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *WALKS],
        cwd=ROOT,
        env={**environ, BEGUN: str(begun)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
