"""What a mesh is, and how a file is refused."""

from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from models3d.domain.limits import MOST_TRIANGLES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Corners that belong to no triangle count too: each costs what one that is used does.
MOST_VERTICES = 3 * MOST_TRIANGLES
#: What is drawn of a material that a file doesn't describe: a calm, slightly warm grey.
PLAIN = (186, 189, 194)


class MeshRefusedError(Exception):
    """The file can't be used; `code` is that of the error a person is shown (`models3d.errors`)."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def refuse(code: str, **params: Any) -> NoReturn:
    raise MeshRefusedError(code, **params)


def check_counts(triangles: int, vertices: int = 0) -> None:
    """Before memory is taken for them."""
    if triangles > MOST_TRIANGLES or vertices > MOST_VERTICES:
        refuse("MESH_TOO_COMPLEX", limit=MOST_TRIANGLES)


@dataclass(frozen=True, slots=True)
class Material:
    """A colour in sRGB, and perhaps an encoded picture that is laid on by `Mesh.uv`."""

    colour: tuple[int, int, int] = PLAIN
    texture: bytes = field(default=b"", repr=False)


@dataclass(slots=True)
class Mesh:
    """Triangles. Vertices may lie on each other: files repeat them where colours or textures meet."""

    vertices: Floats  # (n, 3)
    faces: Ints  # (m, 3)
    materials: tuple[Material, ...] = (Material(),)
    face_material: Ints | None = None  # (m,), None: the first one for all
    uv: Floats | None = None  # (n, 2), from the lower left
    colours: NDArray[np.uint8] | None = None  # (n, 3), times the material's
    unit: str = ""  # what the format says one unit is; empty: nothing
    scale: float | None = None  # millimetres of one unit, where the format says so

    def materials_of_faces(self) -> Ints:
        return np.zeros(len(self.faces), np.int64) if self.face_material is None else self.face_material


def finite(values: Floats) -> Floats:
    """Values that can be reckoned with, so that a corner that lies nowhere is found before it spreads."""
    if not np.isfinite(values).all():
        refuse("MESH_NUMBERS_INVALID")
    return values


def checked(mesh: Mesh) -> Mesh:
    """The mesh, if its numbers are some: every corner exists, every coordinate is finite, and there is a triangle."""
    if not len(mesh.faces):
        refuse("MESH_EMPTY")
    check_counts(len(mesh.faces), len(mesh.vertices))
    if mesh.faces.min() < 0 or mesh.faces.max() >= len(mesh.vertices):
        refuse("MESH_UNREADABLE")
    used = mesh.vertices if len(mesh.vertices) <= 3 * len(mesh.faces) else mesh.vertices[mesh.faces.ravel()]
    finite(used)
    return mesh


def corners(mesh: Mesh) -> Floats:
    """The three points of each triangle (m, 3, 3)."""
    return mesh.vertices[mesh.faces]


def joined(parts: list[Mesh]) -> Mesh:
    """Several meshes as one; what one part has and others lack (textures' places, colours) is filled in plainly."""
    if not parts:
        refuse("MESH_EMPTY")
    if len(parts) == 1:
        return parts[0]
    check_counts(sum(len(part.faces) for part in parts), sum(len(part.vertices) for part in parts))
    faces, kinds = [], []
    materials: list[Material] = []
    corner = 0
    for part in parts:
        faces.append(part.faces + corner)
        kinds.append(part.materials_of_faces() + len(materials))
        corner += len(part.vertices)
        materials += part.materials
    return Mesh(
        vertices=np.concatenate([part.vertices for part in parts]),
        faces=np.concatenate(faces),
        materials=tuple(materials),
        face_material=np.concatenate(kinds),
        uv=_filled([part.uv for part in parts], parts, np.zeros(2)),
        colours=_filled([part.colours for part in parts], parts, np.full(3, 255, np.uint8)),
        unit=parts[0].unit,
        scale=parts[0].scale,
    )


def _filled(values: list[Any], parts: list[Mesh], plain: Any) -> Any:
    if all(value is None for value in values):
        return None
    return np.concatenate(
        [
            np.tile(plain, (len(part.vertices), 1)) if value is None else value
            for value, part in zip(values, parts, strict=True)
        ]
    )
