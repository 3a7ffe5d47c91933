"""What a file is, by its content, and its mesh."""

from models3d.domain.meshes.mesh import Mesh, checked, refuse
from models3d.domain.meshes.reading.glb import is_glb, read_glb
from models3d.domain.meshes.reading.stl import is_binary, is_text, read_stl
from models3d.domain.words import Format


def read_mesh(data: bytes) -> tuple[Format, Mesh]:
    """Raises MeshRefusedError."""
    if not data:
        refuse("MESH_EMPTY")
    kind = format_of(data)
    return kind, checked(READERS[kind](data))


def format_of(data: bytes) -> Format:
    """By what only that format begins with. A binary STL begins with anything: it is known by its length, and what is
    nothing else may still be one that lies about it."""
    if is_glb(data):
        return Format.GLB
    if is_binary(data) or is_text(data):
        return Format.STL
    return refuse("MESH_UNREADABLE")


READERS = {Format.GLB: read_glb, Format.STL: read_stl}
