"""A small local model of nothing, served by a stand-in for its package."""

import shutil
import venv
from pathlib import Path

from launcher.local_llm.room import Receipt, Room
from launcher.local_llm.weights import MODELS
from tests.support import fake_xllamacpp

MODEL = MODELS["0.5b"]


def pretend_to_install(var_dir: Path) -> Room:
    """A room as `make local-llm` leaves it, with a stand-in for the server's package and a model of nothing."""
    room = Room(var_dir)
    venv.create(room.venv, symlinks=True)
    (packages,) = room.venv.glob("lib/python*/site-packages")
    shutil.copy(fake_xllamacpp.__file__, packages / "xllamacpp.py")
    with room.file(MODEL).open("wb") as file:
        file.truncate(MODEL.size)
    room.write_receipt(Receipt(MODEL.label, "0"))
    assert room.installed() == MODEL
    return room
