"""Copies a mesh from the link that a vendor gives."""

from __future__ import annotations

from typing import BinaryIO

from config.egress.limits import Limits
from generation.providers.links import copy_link, not_copied
from generation.providers.mesh.base import MeshFile

TOTAL_S = 300.0
_GLB = b"glTF"
#: What pages and messages begin with, and no mesh.
_NO_MESH = (b"<", b"{", b"[")


def copy_mesh(
    file: MeshFile, into: BinaryIO, *, provider: str, most_bytes: int, total_s: float = TOTAL_S
) -> None:
    """Write the file, which begins like a mesh; nobody has looked at the rest of it.

    Raises `ProviderError` as `copy_link` does, and a final one where the link brings something else.
    """
    if file.data:
        into.write(file.data)
    else:
        limits = Limits(total_s=total_s, max_bytes=most_bytes)
        copy_link(file.url, into, what="mesh", provider=provider, limits=limits)
    into.seek(0)
    start = into.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    is_glb = start.startswith(_GLB)
    if not start or start.startswith(_NO_MESH) or file.format == "glb" and not is_glb:
        raise not_copied(f"What was made is no {file.format}.", provider)
