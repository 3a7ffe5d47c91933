"""What a file is, by its content, and its mesh."""

from models3d.domain.meshes.mesh import Mesh, checked, refuse
from models3d.domain.meshes.reading.archives import Archive, is_zip
from models3d.domain.meshes.reading.glb import is_glb, read_glb
from models3d.domain.meshes.reading.obj import is_obj, read_archive, read_obj
from models3d.domain.meshes.reading.ply import is_ply, read_ply
from models3d.domain.meshes.reading.stl import is_binary, is_text, read_stl
from models3d.domain.meshes.reading.threemf import is_threemf, read_threemf
from models3d.domain.words import Format

READERS = {
    Format.GLB: read_glb,
    Format.STL: read_stl,
    Format.OBJ: lambda data: read_archive(data) if is_zip(data) else read_obj(data),
    Format.THREE_MF: read_threemf,
    Format.PLY: read_ply,
}


def read_mesh(data: bytes) -> tuple[Format, Mesh]:
    """Raises MeshRefusedError."""
    kind = format_of(data)
    return kind, checked(READERS[kind](data))


def format_of(data: bytes) -> Format:
    """By what only that format begins with. A binary STL begins with anything, so that it is known by its length only;
    one whose length doesn't fit what it says of itself is damaged."""
    if is_glb(data):
        return Format.GLB
    if is_ply(data):
        return Format.PLY
    if is_zip(data):
        return Format.THREE_MF if is_threemf(Archive(data)) else Format.OBJ
    if is_binary(data) or is_text(data):
        return Format.STL
    if is_obj(data):
        return Format.OBJ
    return refuse("MESH_UNREADABLE")
