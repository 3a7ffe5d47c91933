"""Where the small model lives below VAR_DIR, and whether it is there."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from config.published import publish
from launcher.local_llm.weights import MODELS, Model


@dataclass(frozen=True)
class Receipt:
    """What a finished installation has left: the model's label, and the digest of the server's requirements."""

    label: str
    runtime: str


class Installation:
    """The folder `local-llm` in VAR_DIR. Only what a receipt names counts as installed."""

    def __init__(self, var_dir: Path) -> None:
        self.var_dir = var_dir
        self.folder = var_dir / "local-llm"
        self.venv = self.folder / "venv"
        self.python = self.venv / "bin" / "python"
        #: What is only there while it installs.
        self.parts = self.folder / "parts"
        self.cache = self.folder / "cache"
        self._receipt = self.folder / "installed.json"

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
        publish(self._receipt, json.dumps(asdict(receipt)))

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
