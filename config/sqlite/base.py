"""The backend as Django loads it."""

import os
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base

OWNER_ONLY = 0o600
OTHERS = 0o007


class DatabaseWrapper(base.DatabaseWrapper):
    """Makes the file before SQLite does, which would let others read it. The files `-wal` and `-shm` take its mode."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        name = str(conn_params["database"])
        if name != ":memory:" and not name.startswith("file:"):
            make_private(Path(name))
        return super().get_new_connection(conn_params)  # type: ignore[no-untyped-call]


def make_private(path: Path) -> None:
    """Makes the file, and its folder, unless they are there. One that others may read becomes its owner's alone; one
    that was opened to a group only, so that processes of several users share it, stays so."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, OWNER_ONLY))
    else:
        if mode & OTHERS:
            path.chmod(OWNER_ONLY)
