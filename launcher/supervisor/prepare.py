"""The part of `make setup` that needs the product itself: database, demo account with its starter prompts, models and
their prices, catalogue, sample projects.

Every step may be repeated. The sample projects are read when the database has no project yet or the file has
changed since it was last read, so that a repeated setup doesn't undo what somebody has edited in the product.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from config.demo import DEMO_PASSWORD, DEMO_USERNAME
from config.env import EnvironmentProblem, choose_settings
from launcher.supervisor.plan import DEFAULT_SETTINGS


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m launcher.supervisor.prepare", description=__doc__)
    parser.add_argument("--projects", type=Path, required=True, help="CSV file of sample projects")
    parser.add_argument("--owner", default=DEMO_USERNAME, help="the account that owns them")
    given = parser.parse_args(arguments)
    choose_settings(DEFAULT_SETTINGS)
    started = time.monotonic()
    try:
        django.setup()
        prepare(given.projects, given.owner)
    except (EnvironmentProblem, CommandError, DatabaseError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    step(
        f"Ready in {time.monotonic() - started:.0f} s. make run starts everything, make help lists the rest."
    )
    return 0


def prepare(projects: Path, owner: str) -> None:
    """Does all steps; raises CommandError or DatabaseError."""
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    command("migrate", verbosity=0)
    step("Database is up to date")
    command("create_demo")
    step(f"Demo account: {DEMO_USERNAME} / {DEMO_PASSWORD}")
    step(command("init_prompts", owner=DEMO_USERNAME))
    step(command("seed_catalogue"))
    step(command("init_catalogue") or "Catalogue is up to date")
    read = settings.VAR_DIR / "sample-projects.sha256"
    digest = hashlib.sha256(projects.read_bytes()).hexdigest() if projects.is_file() else ""
    known = read.read_text().strip() if read.exists() else ""
    if digest == known and apps.get_model("templates", "Project").objects.exists():
        step(f"Sample projects are unchanged ({projects})")
        return
    step(command("import_projects", str(projects), owner=owner) or f"Projects read from {projects}")
    read.write_text(digest)


def command(name: str, *arguments: str, **options: object) -> str:
    """Runs a management command; returns the last line that it wrote."""
    output = io.StringIO()
    call_command(name, *arguments, stdout=output, **options)
    return output.getvalue().strip().rpartition("\n")[2].strip()


def step(text: str) -> None:
    sys.stdout.write(f"==> {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
