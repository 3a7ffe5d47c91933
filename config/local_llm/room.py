"""Where the small model lives below VAR_DIR, whether it is there, and whether a server answers for it."""

from __future__ import annotations

import json
import os
import shutil
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from config.local_llm.weights import MODELS, Model

CONNECT_SECONDS = 0.2


@dataclass(frozen=True)
class Server:
    """A running server: the base URL of its chat completions, and the key that it wants."""

    url: str
    api_key: str


@dataclass(frozen=True)
class Receipt:
    """What a finished installation has left: the model's label, and the digest of the server's requirements."""

    label: str
    runtime: str


class Room:
    """The folder `local-llm` in VAR_DIR. Only what a receipt names counts as installed."""

    def __init__(self, var_dir: Path) -> None:
        self.folder = var_dir / "local-llm"
        self.venv = self.folder / "venv"
        self.python = self.venv / "bin" / "python"
        #: What is only there while it installs.
        self.parts = self.folder / "parts"
        self.cache = self.folder / "cache"
        self._receipt = self.folder / "installed.json"
        self._server = self.folder / "server.json"

    def file(self, model: Model) -> Path:
        return self.folder / model.file

    def has_file(self, model: Model) -> bool:
        """Whether the model's file is there with the right size. Its digest was checked when it was joined."""
        try:
            return self.file(model).stat().st_size == model.size
        except OSError:
            return False

    def receipt(self) -> Receipt | None:
        try:
            return Receipt(**json.loads(self._receipt.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def write_receipt(self, receipt: Receipt) -> None:
        _replace(self._receipt, json.dumps(vars(receipt)))

    def forget(self) -> None:
        """From now on nothing counts as installed."""
        self._receipt.unlink(missing_ok=True)

    def installed(self) -> Model | None:
        """The model that can be served; None when nothing is installed or something of it is missing."""
        receipt = self.receipt()
        model = MODELS.get(receipt.label) if receipt else None
        return model if model and self.has_file(model) and self.python.exists() else None

    def clear_leftovers(self) -> None:
        """Deletes what only the installation needed."""
        for folder in (self.parts, self.cache):
            shutil.rmtree(folder, ignore_errors=True)

    def remove(self) -> None:
        """Deletes all of it."""
        self.forget()
        shutil.rmtree(self.folder, ignore_errors=True)

    def publish(self, server: Server) -> None:
        """Writes down, for this user only, where the server listens, for commands in other terminals."""
        _replace(self._server, json.dumps(vars(server)))

    def withdraw(self) -> None:
        self._server.unlink(missing_ok=True)

    def running(self) -> Server | None:
        """The published server, when something listens at its address now."""
        try:
            server = Server(**json.loads(self._server.read_text("utf-8")))
            parts = urlsplit(server.url)
            socket.create_connection((parts.hostname, parts.port), timeout=CONNECT_SECONDS).close()
        except (OSError, ValueError, TypeError):
            return None
        return server


def running_environment(var_dir: Path) -> dict[str, str]:
    """The settings that lead to the model of a `make run` on this data, empty when there is none."""
    server = Room(var_dir).running()
    return server_environment(server) if server else {}


def server_environment(server: Server) -> dict[str, str]:
    """The settings that make a process use this server."""
    return {"SMALL_MODEL_BASE_URL": server.url, "SMALL_MODEL_API_KEY": server.api_key}


def _replace(path: Path, text: str) -> None:
    """Writes a file for its owner only, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.draft")
    with suppress(FileNotFoundError):
        draft.unlink()
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
