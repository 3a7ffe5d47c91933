"""A small local model of nothing, served by a stand-in for its package."""

import shutil
import venv
from pathlib import Path

from launcher.local_llm.installation import Installation, Receipt
from launcher.local_llm.weights import MODELS
from tests.support import fake_xllamacpp

MODEL = MODELS["0.5b"]


def pretend_to_install(var_dir: Path) -> Installation:
    """An installation as `make local-llm` leaves it, with a stand-in for the server's package and an empty model."""
    installation = Installation(var_dir)
    venv.create(installation.venv, symlinks=True)
    (packages,) = installation.venv.glob("lib/python*/site-packages")
    shutil.copy(fake_xllamacpp.__file__, packages / "xllamacpp.py")
    with installation.file(MODEL).open("wb") as file:
        file.truncate(MODEL.size)
    installation.write_receipt(Receipt(MODEL.label, "0"))
    assert installation.installed() == MODEL
    return installation
