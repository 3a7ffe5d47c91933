"""What a mesh's surface looks like, before there is light: normals and colours."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models3d.domain.meshes.mesh import Floats, Ints, Mesh
from models3d.domain.meshes.textures import decoded
from models3d.domain.meshes.topology import components, edges_of, welded

#: Faces that meet at less than this look like one bent surface.
CREASE = np.cos(np.radians(32))
#: Pictures on surfaces needn't be finer than a preview shows, and all of them together keep so many pixels.
TEXTURE_EDGE, TEXTURE_PIXELS = 2048, 16_000_000

Small = NDArray[np.float32]
#: For each byte of a picture in sRGB the light that it stands for.
LIGHT = np.array(
    [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in np.arange(256) / 255], np.float32
)


@dataclass(slots=True)
class Look:
    """Vertices and faces as in `Mesh`, normals (m, 3, 3) by triangle and corner, and light for colours."""

    vertices: Floats
    faces: Ints
    normals: Small
    plain: Small  # (k, 3), by material
    kinds: Ints  # (m,)
    textures: dict[int, NDArray[np.uint8]]  # by material: (height, width, 3), in sRGB
    uv: Small | None  # (m, 3, 2)
    colours: Small | None  # (m, 3, 3)


def look_of(mesh: Mesh) -> Look:
    """Around the origin, with the longest side 1."""
    point, first = welded(mesh.vertices)
    faces = point[mesh.faces]
    is_used = np.zeros(len(first), bool)
    is_used[faces] = True
    vertices = mesh.vertices[first[is_used]]
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    vertices = (vertices - (low + high) / 2) / float((high - low).max())
    faces = (np.cumsum(is_used) - 1)[faces]
    textures = _textures(mesh) if mesh.uv is not None else {}
    return Look(
        vertices=vertices,
        faces=faces,
        normals=corner_normals(vertices[faces], faces),
        plain=LIGHT[np.array([material.colour for material in mesh.materials])],
        kinds=mesh.materials_of_faces(),
        textures=textures,
        uv=mesh.uv[mesh.faces].astype(np.float32) if mesh.uv is not None and textures else None,
        colours=None if mesh.colours is None else LIGHT[mesh.colours[mesh.faces]],
    )


#: Cells along the longest side; points in one cell look like one in a small picture.
CELLS = 112


def simpler(look: Look) -> Look:
    """For small pictures: the points of a cell become their mean, and triangles that then have no area go. What stays
    looks as it did."""
    cells = np.floor((look.vertices + 0.5) * CELLS).astype(np.int64) @ [1, 2 * CELLS, 4 * CELLS * CELLS]
    _, cell, count = np.unique(cells, return_inverse=True, return_counts=True)
    means: Floats = np.stack([np.bincount(cell, look.vertices[:, axis]) / count for axis in range(3)], axis=1)
    faces = cell[look.faces]
    kept = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    if 2 * kept.sum() > len(kept):
        return look  # nothing is gained
    return replace(
        look,
        vertices=means,
        faces=faces[kept],
        normals=look.normals[kept],
        kinds=look.kinds[kept],
        uv=None if look.uv is None else look.uv[kept],
        colours=None if look.colours is None else look.colours[kept],
    )


def _textures(mesh: Mesh) -> dict[int, NDArray[np.uint8]]:
    """By material; each picture is decoded once, however many materials have it."""
    different = {material.texture: None for material in mesh.materials if material.texture}
    edge = max(min(TEXTURE_EDGE, int((TEXTURE_PIXELS / max(len(different), 1)) ** 0.5)), 16)
    pictures = {data: decoded(data, edge) for data in different}
    return {
        number: np.asarray(picture)
        for number, material in enumerate(mesh.materials)
        if (picture := pictures.get(material.texture)) is not None
    }


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
