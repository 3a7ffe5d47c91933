"""What a running `make run` tells commands in other terminals: where its broker and its small model are,
and which of its processes keep dying.

It holds a lock on VAR_DIR while it lives, so that what a killed one has left is told from what is there.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

SUPERVISOR_LOCK = "supervisor.lock"
BROKER = "broker.url"
SMALL_MODEL = "local-llm.json"
AILING = "ailing.json"
#: Names the file that a worker makes when it takes messages.
READY_FILE = "ATELIER_READY_FILE"


def publish(path: Path, text: str) -> None:
    """Writes a file that only its owner may read, whatever its mode was before; whole or not at all."""
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def publish_small_model(var_dir: Path, settings: Mapping[str, str]) -> None:
    publish(var_dir / SMALL_MODEL, json.dumps(dict(settings)))


def key_prefix(var_dir: Path) -> str:
    """What stands before all keys of the `make run` on this data: another that reaches its broker finds nothing."""
    digest = hashlib.sha256(str(var_dir.resolve()).encode()).hexdigest()
    return f"atelier-{digest[:8]}:"


def withdraw(var_dir: Path, name: str) -> None:
    (var_dir / name).unlink(missing_ok=True)


def published_settings(var_dir: Path) -> dict[str, str]:
    """The settings that lead to the broker and the small model of the `make run` on this data; empty without one."""
    if not _is_running(var_dir):
        return {}
    found: dict[str, str] = {}
    with suppress(OSError):
        found["REDIS_URL"] = (var_dir / BROKER).read_text("utf-8").strip()
        found["REDIS_KEY_PREFIX"] = key_prefix(var_dir)
    with suppress(OSError):
        found |= json.loads((var_dir / SMALL_MODEL).read_text("utf-8"))
    return found


def ailing_processes(var_dir: Path) -> dict[str, dict[str, Any]]:
    """Those of the `make run` on this data that keep dying, by name: `deaths` in a row and the `cause` of the last."""
    with suppress(OSError, ValueError):
        if _is_running(var_dir):
            found: dict[str, dict[str, Any]] = json.loads((var_dir / AILING).read_text("utf-8"))
            return found
    return {}


def _is_running(var_dir: Path) -> bool:
    try:
        with (var_dir / SUPERVISOR_LOCK).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
