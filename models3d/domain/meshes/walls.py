"""How thin the thinnest wall of a closed mesh is.

Parallel lines are laid through the mesh along each axis, on a grid. Each enters and leaves the solid some times;
where it does so through two faces that look away from each other, a wall stands between them, and the distance of
their planes is its thickness. A wall of any slant is met by lines of one axis at 55° or less, so each that is wider
than the grid is seen. The thinnest finds are measured again, straight from the face inwards, which is exact where
surfaces bend.
"""

from dataclasses import dataclass

import numpy as np

from models3d.domain.meshes.mesh import Floats, Ints
from models3d.domain.meshes.spans import covered, pixels

#: Lines along the longest side; fewer where the mesh is so crumpled that they would cross it too often.
LINES = 256
MOST_CROSSINGS = 6_000_000
#: Faces are two sides of one wall when they are parallel but for 15°: the tip of a cone is no wall.
FACING = -np.cos(np.radians(15))
#: Where a surface bends, the other side may have turned by this much; what has turned further away is a corner.
BENT = np.cos(np.radians(30))
#: So many of the thinnest finds are measured again at a time, and so many times at most.
AGAIN, TURNS = 24, 6
PARTS = 200_000


@dataclass(frozen=True, slots=True)
class Wall:
    """`thickness` is None where none was met; `spacing` is how far apart the lines were."""

    thickness: float | None
    spacing: float
    samples: int


def thinnest_wall(points: Floats) -> Wall:
    """Of the closed mesh with these triangles (m, 3, 3), whose faces look outwards."""
    low, high = points.min(axis=(0, 1)), points.max(axis=(0, 1))
    longest = float((high - low).max())
    normals = np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    keep = lengths > 0
    points, normals = points[keep], normals[keep] / lengths[keep, None]
    lines = _lines(points, low, longest)
    spacing = longest / lines
    finds = [_along(axis, points, normals, low, spacing, lines) for axis in range(3)]
    distance = np.concatenate([find[0] for find in finds])
    if not len(distance):
        return Wall(None, spacing, 0)
    starts = np.concatenate([find[1] for find in finds])
    faces = np.concatenate([find[2] for find in finds])
    order = np.argsort(distance, kind="stable")
    thickness = np.inf
    for begin in range(0, min(len(order), AGAIN * TURNS), AGAIN):
        if distance[order[begin]] >= thickness:  # what wasn't measured again is at least as thick
            break
        some = order[begin : begin + AGAIN]
        thickness = min(thickness, _measured_again(points, normals, starts, faces, distance, some))
    return Wall(float(thickness), spacing, len(distance))


def _measured_again(
    points: Floats, normals: Floats, starts: Floats, faces: Ints, distance: Floats, finds: Ints
) -> float:
    """The thinnest of these finds. Where a surface bends, the plane by which a line has left says nothing of the wall;
    what is met straight inwards does."""
    again = _inwards(points, normals, starts[finds], faces[finds], -FACING)
    bends = ~np.isfinite(again)
    again[bends] = _inwards(points, normals, starts[finds[bends]], faces[finds[bends]], BENT)
    return float(np.where(np.isfinite(again), again, distance[finds]).min())


def _lines(points: Floats, low: Floats, longest: float) -> int:
    lines = LINES
    while lines > 8:
        crossings = sum(
            pixels(*_flat(points, low, longest / lines, u, v), lines, lines)
            for u, v in ((1, 2), (2, 0), (0, 1))
        )
        if crossings <= MOST_CROSSINGS:
            break
        lines //= 2
    return lines


def _flat(points: Floats, low: Floats, spacing: float, u: int, v: int) -> tuple[Floats, Floats]:
    """Where corners stand between the lines."""
    return (points[:, :, u].T - low[u]) / spacing, (points[:, :, v].T - low[v]) / spacing


def _along(
    axis: int, points: Floats, normals: Floats, low: Floats, spacing: float, lines: int
) -> tuple[Floats, Floats, Ints]:
    """Thickness, place and face of each wall that lines along this axis enter."""
    u, v = (axis + 1) % 3, (axis + 2) % 3
    facing = np.flatnonzero(np.abs(normals[:, axis]) > 1e-6)  # others are only touched
    flat = _flat(points[facing], low, spacing, u, v)
    lists = [(part.triangle, part.x, part.y) for part in covered(*flat, lines, lines)]
    if not lists:
        return np.empty(0), np.empty((0, 3)), np.empty(0, np.int64)
    triangle, x, y = (np.concatenate(parts) for parts in zip(*lists, strict=True))
    face = facing[triangle]
    place = np.empty((len(face), 3))
    place[:, u], place[:, v] = low[u] + (x + 0.5) * spacing, low[v] + (y + 0.5) * spacing
    origin, normal = points[face, 0], normals[face]
    place[:, axis] = (
        origin[:, axis]
        - ((place[:, u] - origin[:, u]) * normal[:, u] + (place[:, v] - origin[:, v]) * normal[:, v])
        / normal[:, axis]
    )
    order = np.lexsort((place[:, axis], y * lines + x))
    face, place, normal = face[order], place[order], normal[order]
    line = (y * lines + x)[order]
    enter, leave = _solid(line, normal[:, axis])
    chord = place[leave, axis] - place[enter, axis]
    is_wall = np.einsum("ij,ij->i", normal[enter], normal[leave]) < FACING
    enter, leave, chord = enter[is_wall], leave[is_wall], chord[is_wall]
    return chord * np.abs(normal[leave, axis]), place[enter], face[enter]


def _solid(line: Ints, along: Floats) -> tuple[Ints, Ints]:
    """Where each stretch of solid begins and ends among sorted crossings: from depth 0 up, and down to 0 again. Lines
    that don't come out even (they ran along an edge) are left out."""
    step = np.where(along < 0, 1, -1)
    first = np.ones(len(line), bool)
    first[1:] = line[1:] != line[:-1]
    starts = np.flatnonzero(first)
    if not len(starts):
        return starts, starts
    total = np.cumsum(step)
    before = np.repeat(total[starts] - step[starts], np.diff(np.append(starts, len(line))))
    depth = total - before
    lasts = np.append(starts[1:], len(line)) - 1
    is_even = (depth[lasts] == 0) & (np.minimum.reduceat(depth, starts) >= 0)
    is_even = np.repeat(is_even, np.diff(np.append(starts, len(line))))
    enter = np.flatnonzero(is_even & (depth == 1) & (step == 1))
    leave = np.flatnonzero(is_even & (depth == 0) & (step == -1))
    return enter, leave


def _inwards(points: Floats, normals: Floats, starts: Floats, faces: Ints, away_by: float) -> Floats:
    """How far it is from each start, against its face's normal, to the next face that looks the other way (the cosine
    of its angle is more than `away_by`); infinite where none is met. Möller and Trumbore's test of a line with a
    triangle, all with all, part by part."""
    nearest = np.full(len(starts), np.inf)
    directions = -normals[faces]
    for at in range(0, len(points), PARTS):
        part, away = points[at : at + PARTS], normals[at : at + PARTS]
        a, ab, ac = part[:, 0], part[:, 1] - part[:, 0], part[:, 2] - part[:, 0]
        for number, (start, direction) in enumerate(zip(starts, directions, strict=True)):
            facing = np.flatnonzero(away @ direction > away_by)
            if not len(facing):
                continue
            across = np.cross(direction, ac[facing])
            with np.errstate(divide="ignore", invalid="ignore"):
                scale = 1 / np.einsum("ij,ij->i", ab[facing], across)
                offset = start - a[facing]
                u = np.einsum("ij,ij->i", offset, across) * scale
                turned = np.cross(offset, ab[facing])
                v = turned @ direction * scale
                far = np.einsum("ij,ij->i", ac[facing], turned) * scale
            is_met = (u >= -1e-9) & (v >= -1e-9) & (u + v <= 1 + 1e-9) & (far > 0)
            if is_met.any():
                nearest[number] = min(nearest[number], float(far[is_met].min()))
    return nearest
