"""A mesh by its materials, each with only the corners that it uses."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from models3d.domain.meshes.mesh import Mesh
from models3d.domain.meshes.topology import welded


def compact(mesh: Mesh) -> Mesh:
    """Without corners that are there twice or unused: most STLs become a sixth of their corners."""
    if mesh.uv is None and mesh.colours is None:
        point, first = welded(mesh.vertices)
        mesh = replace(mesh, vertices=mesh.vertices[first], faces=point[mesh.faces])
    used, faces = np.unique(mesh.faces, return_inverse=True)
    return replace(
        mesh,
        vertices=mesh.vertices[used],
        faces=faces.reshape(-1, 3),
        uv=None if mesh.uv is None else mesh.uv[used],
        colours=None if mesh.colours is None else mesh.colours[used],
    )


def parts(mesh: Mesh) -> Iterator[Mesh]:
    """One part for each material that is used."""
    kinds = mesh.materials_of_faces()
    for number in np.unique(kinds):
        part = replace(
            mesh, faces=mesh.faces[kinds == number], face_material=None, materials=(mesh.materials[number],)
        )
        yield compact(part)
