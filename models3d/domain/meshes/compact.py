"""A mesh with only the vertices that it needs."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from models3d.domain.meshes.mesh import Mesh
from models3d.domain.meshes.topology import welded


def compact(mesh: Mesh) -> Mesh:
    """Without vertices that are there twice or unused: most STLs become a sixth of them."""
    if mesh.uv is None and mesh.colours is None:
        point, first = welded(mesh.vertices)
        mesh = replace(mesh, vertices=mesh.vertices[first], faces=point[mesh.faces])
    is_used = np.zeros(len(mesh.vertices), bool)
    is_used[mesh.faces] = True
    place = np.cumsum(is_used) - 1
    return replace(
        mesh,
        vertices=mesh.vertices[is_used],
        faces=place[mesh.faces],
        uv=None if mesh.uv is None else mesh.uv[is_used],
        colours=None if mesh.colours is None else mesh.colours[is_used],
    )


def parts(mesh: Mesh) -> Iterator[Mesh]:
    """One part for each material that is used."""
    kinds = mesh.materials_of_faces()
    for number in np.unique(kinds):
        part = replace(
            mesh, faces=mesh.faces[kinds == number], face_material=None, materials=(mesh.materials[number],)
        )
        yield compact(part)
