"""What a mesh's surface looks like, before there is light: normals and colours."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models3d.domain.meshes.mesh import Floats, Ints, Mesh
from models3d.domain.meshes.textures import decoded
from models3d.domain.meshes.topology import components, edges_of, welded

#: Faces that meet at less than this look like one bent surface.
CREASE = np.cos(np.radians(32))
#: Pictures on surfaces needn't be finer than a preview shows.
TEXTURE_EDGE = 2048

Small = NDArray[np.float32]
#: For each byte of a picture in sRGB the light that it stands for.
LIGHT = np.array(
    [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in np.arange(256) / 255], np.float32
)


@dataclass(slots=True)
class Look:
    """`points` and `normals` (m, 3, 3) by triangle and corner; the rest as in `Mesh`, with light for colours."""

    points: Floats
    normals: Small
    plain: Small  # (k, 3), by material
    kinds: Ints  # (m,)
    textures: dict[int, Small]  # by material: (height, width, 3)
    uv: Small | None  # (m, 3, 2)
    colours: Small | None  # (m, 3, 3)


def look_of(mesh: Mesh) -> Look:
    """Around the origin, with the longest side 1."""
    points = mesh.vertices[mesh.faces]
    low, high = points.min(axis=(0, 1)), points.max(axis=(0, 1))
    points = (points - (low + high) / 2) / float((high - low).max())
    point, _ = welded(mesh.vertices)
    textures = {}
    for number, material in enumerate(mesh.materials):
        texture = decoded(material.texture, TEXTURE_EDGE) if mesh.uv is not None else None
        if texture is not None:
            textures[number] = LIGHT[np.asarray(texture)]
    return Look(
        points=points,
        normals=corner_normals(points, point[mesh.faces]),
        plain=LIGHT[np.array([material.colour for material in mesh.materials])],
        kinds=mesh.materials_of_faces(),
        textures=textures,
        uv=mesh.uv[mesh.faces].astype(np.float32) if mesh.uv is not None and textures else None,
        colours=None if mesh.colours is None else LIGHT[mesh.colours[mesh.faces]],
    )


def corner_normals(points: Floats, faces: Ints) -> Small:
    """Each corner's mean normal of the faces around its point, as far as the surface bends softly there."""
    vectors = np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1), 1e-300)[:, None]
    group = _smooth_groups(faces, unit)
    normals = np.empty((len(faces), 3, 3), np.float32)
    weights = np.repeat(vectors, 3, axis=0)
    total: Floats = np.stack([np.bincount(group, weights[:, axis]) for axis in range(3)], axis=1)
    total = total / np.maximum(np.linalg.norm(total, axis=1), 1e-300)[:, None]
    normals[:] = total[group].reshape(-1, 3, 3)
    # Where a group bends so far that its mean says nothing of this face, the face's own counts.
    is_off = np.einsum("ijk,ik->ij", normals, unit) < 0.5
    return np.where(is_off[:, :, None], unit[:, None, :], normals).astype(np.float32)


def _smooth_groups(faces: Ints, unit: Floats) -> Ints:
    """A number for each corner (3 · face + side): the same for corners of one point between which no crease runs.

    Most points have no crease: their number is the group. Only corners of the others are linked along soft edges.
    """
    count = int(faces.max()) + 1
    edges = edges_of(faces, count)
    first, second = edges.pairs
    a, b = edges.of[first], edges.of[second]
    is_soft = np.einsum("ij,ij->i", unit[a // 3], unit[b // 3]) > CREASE
    begin, end = faces.ravel(), faces[:, [1, 2, 0]].ravel()
    is_creased = np.zeros(count, bool)
    for halves in (a[~is_soft], b[~is_soft], edges.of[np.repeat(edges.uses != 2, edges.uses)]):
        is_creased[begin[halves]] = is_creased[end[halves]] = True
    group = begin.copy()
    at_crease = np.flatnonzero(is_creased[begin])
    place = np.full(len(begin), -1)
    place[at_crease] = np.arange(len(at_crease))
    a, b = a[is_soft], b[is_soft]
    following = lambda half: half - half % 3 + (half + 1) % 3  # noqa: E731
    is_against = begin[a] == end[b]
    links = [
        (a, np.where(is_against, following(b), b)),
        (following(a), np.where(is_against, b, following(b))),
    ]
    left = np.concatenate([one for one, _ in links])
    right = np.concatenate([other for _, other in links])
    kept = place[left] >= 0
    group[at_crease] = count + components(len(at_crease), place[left[kept]], place[right[kept]])
    return group
