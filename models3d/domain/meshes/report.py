"""Measuring a mesh whose unit is the millimetre."""

import numpy as np

from models3d.domain.meshes.mesh import Floats, Ints, Mesh, refuse
from models3d.domain.meshes.topology import Edges, components, edges_of, neighbours, welded
from models3d.domain.meshes.walls import thinnest_wall
from models3d.domain.reports import MeshReport

#: A face leans out by more than 45° when its normal looks further down than this; the last digits of files are noise.
STEEP = -np.sqrt(0.5) - 1e-5
#: What lies on the bed: this share of the height above the lowest point, and looking straight down.
ON_BED = 1e-4


def face_vectors(points: Floats) -> Floats:
    """For triangles (m, 3, 3) the vectors that stand on them, twice as long as their area."""
    return np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])


def measured(mesh: Mesh) -> MeshReport:
    """Raises MeshRefusedError where nothing has a size."""
    point, first = welded(mesh.vertices)
    faces = point[mesh.faces]
    vertices = mesh.vertices[first]
    used = np.zeros(len(vertices), bool)
    used[faces] = True
    low, high = vertices[used].min(axis=0), vertices[used].max(axis=0)
    if not (high - low).any():
        refuse("MESH_EMPTY")
    points = vertices[faces] - (low + high) / 2  # small numbers keep their digits
    vectors = face_vectors(points)
    doubled = np.linalg.norm(vectors, axis=1)
    is_flat = _collapsed(faces) | (doubled <= 1e-12 * float((high - low).max()) ** 2)

    solid = faces[~_collapsed(faces)]
    edges = edges_of(solid, len(vertices))
    boundary = int((edges.uses == 1).sum())
    nonmanifold = int((edges.uses > 2).sum())
    is_watertight = not boundary and not nonmanifold
    is_consistent = _is_consistent(edges)
    volume = float(np.einsum("ij,ij->", points[:, 0], vectors)) / 6
    wall = thinnest_wall(points) if is_consistent and not boundary else None
    return MeshReport(
        triangles=len(faces),
        vertices=int(used.sum()),
        shells=_shells(len(solid), edges),
        is_watertight=is_watertight,
        is_winding_consistent=is_consistent,
        boundary_edges=boundary,
        nonmanifold_edges=nonmanifold,
        degenerate_faces=int(is_flat.sum()),
        size_mm=_size(high - low),
        volume_mm3=_rounded(volume) if is_watertight and is_consistent else None,
        area_mm2=_rounded(float(doubled.sum()) / 2),
        overhang_share=_overhangs(points, vectors, doubled),
        thinnest_mm=None if wall is None or wall.thickness is None else _rounded(wall.thickness),
        thinnest_precision_mm=0.0 if wall is None else _rounded(wall.spacing),
        samples=0 if wall is None else wall.samples,
    )


def _collapsed(faces: Ints) -> np.ndarray:
    return (faces[:, 0] == faces[:, 1]) | (faces[:, 1] == faces[:, 2]) | (faces[:, 2] == faces[:, 0])


def _shells(faces: int, edges: Edges) -> int:
    return len(np.unique(components(faces, *neighbours(edges))))


def _is_consistent(edges: Edges) -> bool:
    """Whether every edge between two faces runs one way in the one and the other way in the other."""
    first, second = edges.pairs
    return bool((edges.is_forward[first] != edges.is_forward[second]).all())


def _overhangs(points: Floats, vectors: Floats, doubled: Floats) -> float:
    down = vectors[:, 2] / np.maximum(doubled, 1e-300)
    height = points[:, :, 2]
    floor = height.min()
    tolerance = ON_BED * max(float(height.max() - floor), 1e-9)
    stands = (down < -0.999) & (height.max(axis=1) <= floor + tolerance)
    counted = float(doubled[~stands].sum())
    return _rounded(float(doubled[(down < STEEP) & ~stands].sum()) / counted) if counted else 0.0


def _size(extent: Floats) -> tuple[float, float, float]:
    width, depth, height = (_rounded(float(length)) for length in extent)
    return width, depth, height


def _rounded(value: float) -> float:
    """Six digits: files hold hardly more."""
    return float(f"{value:.6g}")
