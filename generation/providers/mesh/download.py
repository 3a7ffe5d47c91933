"""Copies a mesh from the link that a vendor gives."""

from __future__ import annotations

from os import SEEK_END
from typing import BinaryIO

from config.egress.limits import Limits
from config.files.meshes import MESHES
from config.files.types import HEAD, Sample
from generation.providers.links import copy_link, not_copied
from generation.providers.mesh import sandbox
from generation.providers.mesh.base import MeshFile
from generation.providers.sandbox_maker import LINK, NAME

TOTAL_S = 300.0


def copy_mesh(
    file: MeshFile, into: BinaryIO, *, provider: str, most_bytes: int, total_s: float = TOTAL_S
) -> None:
    """Write the file, which is a mesh by what it begins with; nobody has looked at the rest of it.

    Raises `ProviderError` as `copy_link` does, and a final one where the link brings something else.
    """
    if file.data:
        into.write(file.data)
    else:
        limits = Limits(total_s=total_s, max_bytes=most_bytes)
        is_offline = provider == NAME and file.url.startswith(LINK)
        copy_link(
            file.url,
            into,
            what="mesh",
            provider=provider,
            limits=limits,
            behind=sandbox.behind if is_offline else None,
        )
    if not _is_mesh(into):
        raise not_copied(f"What was made is no {file.format}.", provider)


def _is_mesh(file: BinaryIO) -> bool:
    size = file.seek(0, SEEK_END)
    file.seek(0)
    sample = Sample(file.read(HEAD), size, is_text=False, file=file)
    return any(mesh.is_it(sample) for mesh in MESHES)
