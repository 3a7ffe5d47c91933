"""OBJ with its materials and textures, in a ZIP."""

import io
from collections.abc import Iterator
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import numpy as np

from models3d.domain.meshes.compact import compact
from models3d.domain.meshes.mesh import Material, Mesh
from models3d.domain.meshes.textures import kept
from models3d.domain.meshes.writing.archives import entry
from models3d.domain.meshes.writing.texts import lines, points


def write_obj(mesh: Mesh) -> bytes:
    """A ZIP with model.obj, model.mtl and the pictures that it lays on."""
    mesh = compact(mesh)
    made = io.BytesIO()
    pictures: dict[bytes, str] = {}
    with ZipFile(made, "w") as archive:
        _put(archive, "model.mtl", _materials(mesh, pictures))
        for data, name in pictures.items():
            _put(archive, name, data, ZIP_STORED)
        with archive.open(entry("model.obj", ZIP_DEFLATED), "w") as file:
            for piece in _text(mesh, has_places=bool(pictures)):
                file.write(piece)
    return made.getvalue()


def _put(archive: ZipFile, name: str, content: bytes, way: int = ZIP_DEFLATED) -> None:
    archive.writestr(entry(name, way), content)


def _materials(mesh: Mesh, pictures: dict[bytes, str]) -> bytes:
    said = []
    for number, material in enumerate(mesh.materials):
        said.append(_material(number, material, pictures, is_laid=mesh.uv is not None))
    return "\n".join(said).encode()


def _material(number: int, material: Material, pictures: dict[bytes, str], *, is_laid: bool) -> str:
    red, green, blue = (one / 255 for one in material.colour)
    said = f"newmtl material_{number}\nKd {red:.4f} {green:.4f} {blue:.4f}\nKs 0.04 0.04 0.04\nNs 60\nd 1\nillum 2\n"
    data, ending = kept(material.texture) if is_laid and material.texture else (b"", "")
    if data:
        name = pictures.setdefault(data, f"texture_{len(pictures)}.{ending}")
        said += f"map_Kd {name}\n"
    return said


def _text(mesh: Mesh, *, has_places: bool) -> Iterator[bytes]:
    yield b"# Atelier, units: mm\nmtllib model.mtl\no model\n"
    if mesh.colours is None:
        yield from lines("v %.7g %.7g %.7g\n", points(mesh.vertices))
    else:
        yield from lines("v %.7g %.7g %.7g %.4g %.4g %.4g\n", points(mesh.vertices), mesh.colours / 255)
    if has_places and mesh.uv is not None:
        yield from lines("vt %.6g %.6g\n", np.nan_to_num(mesh.uv))
    kinds = mesh.materials_of_faces()
    pattern = "f %d/%d %d/%d %d/%d\n" if has_places else "f %d %d %d\n"
    for number in np.unique(kinds):
        yield f"usemtl material_{number}\n".encode()
        faces = mesh.faces[kinds == number] + 1
        yield from lines(pattern, np.repeat(faces, 2, axis=1) if has_places else faces)
