"""Mending simple faults of a mesh. What a mesh is meant to be nobody knows, so that only what is plain is changed:
points that nearly lie on each other become one, triangles that are none or are there twice go, small holes are
closed, and faces are turned until all look outwards. Textures and colours stay where they are."""

from dataclasses import dataclass, replace

import numpy as np

from models3d.domain.meshes.mesh import Floats, Ints, Mesh
from models3d.domain.meshes.topology import components, edges_of, welded

#: Points nearer than this share of the mesh's longest side are one.
NEAR = 1e-5
#: A hole is closed if it has at most so many edges, and its cover at most this share of the surface.
MOST_HOLE_EDGES, MOST_HOLE_SHARE = 128, 0.25
#: So many shells are looked at for lying within each other.
MOST_SHELLS = 2000


@dataclass(slots=True)
class Mended:
    mesh: Mesh
    changes: dict[str, int]


def mended(mesh: Mesh) -> Mended:
    """`changes` counts merged points, dropped, turned and added faces, and closed holes."""
    longest = float(np.ptp(mesh.vertices[mesh.faces.ravel()], axis=0).max())
    point, first = welded(mesh.vertices)
    near, _ = welded(mesh.vertices, NEAR * longest)
    near_first = np.full(near.max() + 1, len(mesh.vertices))
    np.minimum.at(near_first, near, np.arange(len(mesh.vertices)))
    mesh = replace(mesh, vertices=mesh.vertices[near_first[near]])
    changes = {"merged_vertices": len(first) - len(near_first)}
    point = near
    mesh, changes["dropped_faces"] = _without_useless(mesh, point)
    mesh, changes["turned_faces"] = _turned_alike(mesh, point)
    mesh, point, changes["closed_holes"], changes["added_faces"] = _closed(mesh, point)
    mesh, turned = _turned_outwards(mesh, point)
    changes["turned_faces"] += turned
    return Mended(mesh, changes)


def _without_useless(mesh: Mesh, point: Ints) -> tuple[Mesh, int]:
    """Without triangles that have two corners in one place, and of those with the same three corners but one."""
    faces = np.sort(point[mesh.faces], axis=1)
    is_whole = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2])
    _, first = np.unique(faces, axis=0, return_index=True)
    is_first = np.zeros(len(faces), bool)
    is_first[first] = True
    kept = is_whole & is_first
    return _faces(mesh, kept), int((~kept).sum())


def _faces(mesh: Mesh, kept: np.ndarray) -> Mesh:
    return replace(
        mesh,
        faces=mesh.faces[kept],
        face_material=None if mesh.face_material is None else mesh.face_material[kept],
    )


def _turned_alike(mesh: Mesh, point: Ints) -> tuple[Mesh, int]:
    """Faces of each shell look to the same side, that of most of them.

    Each face stands twice, as it is and turned. Those that fit each other over an edge are linked, so that each shell
    falls apart into two sheets, of which one is taken; one that doesn't (a Möbius strip) stays as it is.
    """
    faces = point[mesh.faces]
    count = len(faces)
    if not count:
        return mesh, 0
    edges = edges_of(faces, len(point))
    first, second = edges.pairs
    a, b = edges.of[first] // 3, edges.of[second] // 3
    is_fitting = edges.is_forward[first] != edges.is_forward[second]
    left = np.concatenate([a, a + count])
    right = np.concatenate([np.where(is_fitting, b, b + count), np.where(is_fitting, b + count, b)])
    sheet = components(2 * count, left, right)
    as_is, turned = sheet[:count], sheet[count:]
    shell = np.minimum(as_is, turned)
    is_other = (as_is != shell) & (as_is != turned)
    size = np.bincount(shell, minlength=count)
    others = np.bincount(shell, is_other, minlength=count)
    flip = np.where(2 * others[shell] > size[shell], ~is_other, is_other) & (as_is != turned)
    return _flipped(mesh, flip), int(flip.sum())


def _flipped(mesh: Mesh, flip: np.ndarray) -> Mesh:
    return replace(mesh, faces=np.where(flip[:, None], mesh.faces[:, ::-1], mesh.faces))


def _closed(mesh: Mesh, point: Ints) -> tuple[Mesh, Ints, int, int]:
    """Small holes get a cover: a triangle, or a fan around their middle.

    A hole is a ring of edges that only one face has, each of whose points has one edge in and one out; all rings are
    found and covered at once.
    """
    faces = point[mesh.faces]
    half = edges_of(faces, len(point)).boundary
    begin, end = faces.ravel()[half], faces[:, [1, 2, 0]].ravel()[half]
    ring = components(len(point), begin, end)[begin]
    is_odd = (np.bincount(begin, minlength=len(point)) > 1) | (np.bincount(end, minlength=len(point)) > 1)
    is_odd |= (np.bincount(begin, minlength=len(point)) > 0) != (np.bincount(end, minlength=len(point)) > 0)
    is_bad = np.zeros(len(point), bool)
    is_bad[ring[is_odd[begin] | is_odd[end]]] = True
    edges = np.bincount(ring, minlength=len(point))
    middle = (
        np.stack(
            [
                np.bincount(ring, mesh.vertices[mesh.faces.ravel()[half], axis], len(point))
                for axis in range(3)
            ],
            axis=1,
        )
        / np.maximum(edges, 1)[:, None]
    )
    a = mesh.vertices[mesh.faces.ravel()[half]]
    b = mesh.vertices[mesh.faces[:, [1, 2, 0]].ravel()[half]]
    cover = np.bincount(ring, _areas(a, b, middle[ring]), len(point))
    most = MOST_HOLE_SHARE * float(_areas(*(mesh.vertices[mesh.faces[:, side]] for side in range(3))).sum())
    is_closed = ~is_bad & (edges >= 3) & (edges <= MOST_HOLE_EDGES) & (cover <= most)
    chosen = np.flatnonzero(is_closed[ring])
    if not len(chosen):
        return mesh, point, 0, 0
    return _covered(mesh, point, half[chosen], ring[chosen], middle)


def _areas(a: Floats, b: Floats, c: Floats) -> Floats:
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2


def _covered(mesh: Mesh, point: Ints, half: Ints, ring: Ints, middle: Floats) -> tuple[Mesh, Ints, int, int]:
    begin, end = mesh.faces.ravel()[half], mesh.faces[:, [1, 2, 0]].ravel()[half]
    sides = np.bincount(ring, minlength=len(point))[ring]
    # Three edges are a triangle's own: the first of each ring and the point across.
    following = np.zeros(len(point), np.int64)
    following[point[begin]] = end
    first = np.flatnonzero(sides == 3)[np.unique(ring[sides == 3], return_index=True)[1]]
    triangles = np.column_stack([end[first], begin[first], following[point[end[first]]]])

    fan = np.flatnonzero(sides > 3)
    rings, number = np.unique(ring[fan], return_inverse=True)
    sample = np.zeros(len(rings), np.int64)  # a corner of each ring: what its middle looks like
    sample[number] = begin[fan]
    fans = np.column_stack([end[fan], begin[fan], len(mesh.vertices) + number])
    kinds = mesh.materials_of_faces()
    made = replace(
        mesh,
        vertices=np.vstack([mesh.vertices, middle[rings]]),
        faces=np.vstack([mesh.faces, triangles, fans]),
        face_material=np.concatenate([kinds, kinds[half[first] // 3], kinds[half[fan] // 3]]),
        uv=None if mesh.uv is None else np.vstack([mesh.uv, mesh.uv[sample]]),
        colours=None if mesh.colours is None else np.vstack([mesh.colours, mesh.colours[sample]]),
    )
    new = np.arange(len(rings)) + int(point.max()) + 1
    return made, np.concatenate([point, new]), len(rings) + len(first), len(triangles) + len(fans)


def _turned_outwards(mesh: Mesh, point: Ints) -> tuple[Mesh, int]:
    """Closed shells look outwards, unless they are the inside of another one."""
    faces = point[mesh.faces]
    edges = edges_of(faces, int(point.max()) + 1)
    first, second = edges.pairs
    root = components(len(faces), edges.of[first] // 3, edges.of[second] // 3)
    shells, shell = np.unique(root, return_inverse=True)
    is_open = np.zeros(len(shells), bool)
    is_open[shell[edges.boundary // 3]] = True
    points = mesh.vertices[mesh.faces]
    points = points - points.reshape(-1, 3).mean(axis=0)
    vectors = np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])
    volume = np.bincount(shell, np.einsum("ij,ij->i", points[:, 0], vectors))
    inverted = np.flatnonzero((volume < 0) & ~is_open)
    if not len(inverted):
        return mesh, 0
    if len(shells) <= MOST_SHELLS:
        low, high = np.full((len(shells), 3), np.inf), np.full((len(shells), 3), -np.inf)
        np.minimum.at(low, shell, points.min(axis=1))
        np.maximum.at(high, shell, points.max(axis=1))
        outer = volume > 0
        inverted = np.array(
            [
                one
                for one in inverted
                if not ((low[outer] <= low[one]).all(axis=1) & (high[outer] >= high[one]).all(axis=1)).any()
            ],
            np.int64,
        )
    flip = np.isin(shell, inverted)
    return _flipped(mesh, flip), int(flip.sum())
