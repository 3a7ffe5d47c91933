"""The account of a first look around: `manage.py create_demo` makes it, `make run` shows it. Development only."""

from typing import Final

DEMO_USERNAME: Final = "demo"
DEMO_PASSWORD: Final = "atelier-demo"  # noqa: S105 — public on purpose; production settings never create it
