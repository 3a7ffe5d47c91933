"""`make run`: the whole house on one machine, under one supervisor that leaves nothing behind.

`plan` says what runs, `loop` keeps it running, `processes` and `launcher` bind each process to the life of
the supervisor, `broker` is the Valkey that needs no installation. `Broker` and `Child` also serve alone.
"""

from typing import Final

#: The account that `manage.py create_demo` makes on a development machine and that `make run` shows.
DEMO_USERNAME: Final = "demo"
DEMO_PASSWORD: Final = "atelier-demo"  # noqa: S105 — public on purpose; production settings never create it
