"""How the triangles of a mesh hang together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models3d.domain.meshes.mesh import Floats, Ints

#: By odd numbers without a pattern, three coordinates become one that is sorted in a third of the time.
MIXING = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)


def welded(vertices: Floats, tolerance: float = 0.0) -> tuple[Ints, Ints]:
    """Which vertices are one point: for each vertex the number of its point, and for each point its first vertex.

    Points are equal bit by bit (as 32-bit numbers, which files hold), or with a tolerance where both fall into the
    same cell of a grid of that width.
    """
    if tolerance > 0:
        cells = np.round((vertices - vertices.min(axis=0)) / tolerance).astype(np.int64)
    else:
        cells = (vertices.astype(np.float32) + np.float32(0)).view(np.uint32).astype(np.int64)  # -0 is 0
    key = (cells.view(np.uint64) * MIXING).sum(axis=1, dtype=np.uint64)
    order = np.argsort(key)
    is_new = _differs(cells[order])
    if (is_new[1:] & (key[order[1:]] == key[order[:-1]])).any():  # different cells of one key may be mixed up
        order = np.lexsort(cells.T)
        is_new = _differs(cells[order])
    point = np.empty(len(order), np.int64)
    point[order] = np.cumsum(is_new) - 1
    return point, order[is_new]


def _differs(rows: Ints) -> NDArray[np.bool_]:
    """Which row isn't the one before it."""
    found = np.ones(len(rows), bool)
    found[1:] = (rows[1:] != rows[:-1]).any(axis=1)
    return found


@dataclass(slots=True)
class Edges:
    """The half-edges of a mesh, sorted so that those of one edge follow each other.

    `of` is the number of each half-edge before sorting: 3 · face + side, and the side goes from corner `side` to the
    next one. `start` is where an edge begins among them, `uses` how many faces have it.
    """

    of: Ints
    is_forward: NDArray[np.bool_]
    start: Ints
    uses: Ints

    @property
    def boundary(self) -> Ints:
        """Half-edges (before sorting) that no other face has."""
        return self.of[self.start[self.uses == 1]]

    @property
    def pairs(self) -> tuple[Ints, Ints]:
        """The two half-edges (sorted places) of every edge that exactly two faces have."""
        first = self.start[self.uses == 2]
        return first, first + 1


def edges_of(faces: Ints, points: int) -> Edges:
    begin, end = faces.ravel(), faces[:, [1, 2, 0]].ravel()
    key = np.minimum(begin, end) * points + np.maximum(begin, end)
    order = np.argsort(key, kind="stable")
    key = key[order]
    is_new = np.ones(len(key), bool)
    is_new[1:] = key[1:] != key[:-1]
    start = np.flatnonzero(is_new)
    uses = np.diff(np.append(start, len(key)))
    return Edges(of=order, is_forward=(begin < end)[order], start=start, uses=uses)


def neighbours(edges: Edges) -> tuple[Ints, Ints]:
    """Pairs of faces that share an edge, whatever its number of faces."""
    is_same = np.ones(len(edges.of), bool)
    is_same[edges.start] = False
    second = np.flatnonzero(is_same)
    return edges.of[second - 1] // 3, edges.of[second] // 3


def components(nodes: int, left: Ints, right: Ints) -> Ints:
    """For each node the smallest node that links lead to. Roots are hooked onto smaller ones and paths halved until
    nothing changes: a dozen passes over the arrays, however long the chains are."""
    root = np.arange(nodes)
    while len(left):
        a, b = root[left], root[right]
        is_apart = a != b
        if not is_apart.any():
            break
        left, right, a, b = left[is_apart], right[is_apart], a[is_apart], b[is_apart]
        np.minimum.at(root, np.maximum(a, b), np.minimum(a, b))
        while True:
            shorter = root[root]
            if (shorter == root).all():
                break
            root = shorter
    return root
