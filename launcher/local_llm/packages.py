"""Brings pinned packages from the registry into the model's folder, by uv, and says in words what went wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

WATCH_SECONDS = 0.2
STOP_SECONDS = 5.0
SHOWN_LINES = 6

UNCHANGED = "Nothing else has changed: without the small model everything works as before."


class FetchError(Exception):
    """Why packages could not be had, in words for the person who installs."""


class Packages:
    """uv with a cache of its own, so that an interrupted download goes on and a finished one leaves nothing.

    Everything is pinned by hash, without dependencies and as wheels only: no package gets to run code of its own
    while it is installed.
    """

    def __init__(self, cache: Path, uv: str = "") -> None:
        self.cache = cache
        self._uv = uv or find_uv()

    def make_venv(self, folder: Path) -> None:
        """An empty environment for the interpreter that runs now, in place of whatever is there."""
        self._run(["venv", "--clear", "--python", sys.executable, str(folder)], lambda: None)

    def install(self, requirements: Path, where: Sequence[str], watch: Callable[[], None]) -> None:
        """Installs exactly `requirements`; `where` is uv's option. `watch` is called a few times a second."""
        pinned = [
            "--no-deps",
            "--require-hashes",
            "--only-binary",
            ":all:",
            "--requirements",
            str(requirements),
        ]
        self._run(["pip", "install", *where, *pinned], watch)

    def _run(self, arguments: Sequence[str], watch: Callable[[], None]) -> None:
        # A file takes what uv says: a pipe that nobody empties would stop it.
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(  # noqa: S603 — our own command
                [self._uv, *arguments],
                env={**os.environ, "UV_CACHE_DIR": str(self.cache), "UV_NO_PROGRESS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
            try:
                _await_end(process, watch)
            except BaseException:
                _stop(process)
                raise
            if process.returncode:
                said.seek(0)
                raise FetchError(explanation(said.read().decode("utf-8", "replace")))


def find_uv() -> str:
    """The uv of our own environment, or the machine's. Raises FetchError."""
    own = Path(sys.executable).with_name("uv")
    found = str(own) if own.exists() else shutil.which("uv")
    if not found:
        raise FetchError("uv is missing, which brings the packages. Run: make setup")
    return found


def explanation(said: str) -> str:
    """What uv's words mean for a person, with the end of what it said."""
    text = said.lower()
    if "hash mismatch" in text or "no hashes" in text:
        reason = "The registry sends something else than what was pinned. It was refused."
    elif "not found in the package registry" in text or "there is no version of" in text:
        reason = "The packages are no longer in the registry, or your mirror doesn't have them."
    elif "no wheels" in text or "no usable wheels" in text or "no matching" in text:
        reason = "There is no package for this machine or this version of Python."
    elif "no space left" in text:
        reason = "The disk is full."
    else:
        reason = "The packages could not be fetched. Is there a network?"
    last = "\n".join(f"  uv: {line}" for line in said.strip().splitlines()[-SHOWN_LINES:])
    return "\n".join(part for part in (reason, last, UNCHANGED) if part)


def bytes_below(*folders: Path) -> int:
    """How much lies in the folders now; a file that both have by a hard link counts once."""
    seen: dict[tuple[int, int], int] = {}
    for folder in folders:
        for place, _, names in os.walk(folder):
            for name in names:
                try:
                    found = os.stat(Path(place) / name, follow_symlinks=False)
                except OSError:
                    continue
                seen[found.st_dev, found.st_ino] = found.st_size
    return sum(seen.values())


def _await_end(process: subprocess.Popen[bytes], watch: Callable[[], None]) -> None:
    while True:
        try:
            process.wait(WATCH_SECONDS)
        except subprocess.TimeoutExpired:
            watch()
        else:
            return


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
