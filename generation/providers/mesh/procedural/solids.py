"""Tools of the shapes: outlines, solids of revolution, slabs with soft edges, tubes. Millimetres, z upwards."""

from collections.abc import Callable, Sequence

import numpy as np
from manifold3d import CrossSection, FillRule, JoinType, Manifold, Mesh, triangulate
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]

#: How round a circle is, and in how many steps a soft edge turns.
SEGMENTS, SOFT = 144, 5


def outline(points: ArrayLike) -> CrossSection:
    return CrossSection([np.asarray(points, dtype=np.float64)], FillRule.NonZero)


def smooth_line(points: Sequence[tuple[float, float]], steps: int = 14) -> Points:
    """A line through the points without corners (Catmull-Rom, centripetal)."""
    given = np.asarray(points, dtype=np.float64)
    ends = np.vstack([2 * given[0] - given[1], given, 2 * given[-1] - given[-2]])
    parts = []
    for p0, p1, p2, p3 in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        t1 = np.linalg.norm(p1 - p0) ** 0.5
        t2 = t1 + np.linalg.norm(p2 - p1) ** 0.5
        t3 = t2 + np.linalg.norm(p3 - p2) ** 0.5
        t = np.linspace(t1, t2, steps, endpoint=False)[:, None]
        a1 = (t1 - t) / t1 * p0 + t / t1 * p1
        a2 = (t2 - t) / (t2 - t1) * p1 + (t - t1) / (t2 - t1) * p2
        a3 = (t3 - t) / (t3 - t2) * p2 + (t - t2) / (t3 - t2) * p3
        b1 = (t2 - t) / t2 * a1 + t / t2 * a2
        b2 = (t3 - t) / (t3 - t1) * a2 + (t - t1) / (t3 - t1) * a3
        parts.append((t2 - t) / (t2 - t1) * b1 + (t - t1) / (t2 - t1) * b2)
    return np.vstack([*parts, given[-1:]])


def softened(shape: CrossSection, radius: float, *, hollows: float = 0.0) -> CrossSection:
    """With corners rounded, and hollow ones too where `hollows` says how much."""
    soft = shape.offset(-radius, JoinType.Round, 2, 64).offset(radius, JoinType.Round, 2, 64)
    if hollows:
        soft = soft.offset(hollows, JoinType.Round, 2, 64).offset(-hollows, JoinType.Round, 2, 64)
    return soft.simplify(0.01)


def rounded_box(width: float, depth: float, radius: float) -> CrossSection:
    radius = min(radius, 0.499 * min(width, depth))
    inner = CrossSection.square((width - 2 * radius, depth - 2 * radius), True)
    return inner.offset(radius, JoinType.Round, 2, 96)


def polygon(sides: int, radius: float, corner: float = 0.0) -> CrossSection:
    """Regular, flat at the bottom; `radius` to its corners."""
    angles = 2 * np.pi * (np.arange(sides) + 0.5) / sides - np.pi / 2
    shape = outline(np.column_stack([np.cos(angles), np.sin(angles)]) * radius)
    return softened(shape, corner) if corner else shape


def star(points: int, radius: float, *, inner: float = 0.42, corner: float = 0.0) -> CrossSection:
    angles = np.pi / 2 + np.pi * np.arange(2 * points) / points
    radii = np.where(np.arange(2 * points) % 2, inner * radius, radius)
    shape = outline(np.column_stack([np.cos(angles), np.sin(angles)]) * radii[:, None])
    return softened(shape, corner, hollows=corner) if corner else shape


def heart(width: float) -> CrossSection:
    t = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    x = 16 * np.sin(t) ** 3
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return softened(outline(np.column_stack([x, y + 2]) * width / 32), width * 0.05, hollows=width * 0.03)


def stroke(points: ArrayLike, thickness: float) -> CrossSection:
    """A line as thick as that, with round ends."""
    line = np.asarray(points, dtype=np.float64)
    dot = CrossSection.circle(thickness / 2, 48)
    pieces = [
        CrossSection.batch_hull([dot.translate(tuple(a)), dot.translate(tuple(b))])
        for a, b in zip(line, line[1:], strict=False)
    ]
    return joined_outlines(pieces)


def joined_outlines(shapes: Sequence[CrossSection]) -> CrossSection:
    whole = CrossSection()
    for shape in shapes:
        whole = whole + shape
    return whole


def joined(solids: Sequence[Manifold]) -> Manifold:
    whole = Manifold()
    for solid in solids:
        whole = whole + solid
    return whole


def slab(shape: CrossSection, height: float, *, bevel: float = 0.0, bottom: float | None = None) -> Manifold:
    """The outline as a solid on the ground. `bevel` rounds the upper edge, `bottom` the lower one (as the upper one, if
    nothing is said); corners that are sharper than that become as round."""
    low = bevel if bottom is None else bottom
    soft = max(bevel, low)
    if not soft:
        return Manifold.extrude(shape, height)
    contours = [line for line in softened(shape, 1.1 * soft).to_polygons() if len(line) > 2]
    ways = [_inward(line) for line in contours]
    room = min((_room_inward(line, way) for line, way in zip(contours, ways, strict=True)), default=0.0)
    turns = np.linspace(0, np.pi / 2, SOFT + 1)
    layers = [(low * (1 - np.cos(turn)), low * (1 - np.sin(turn))) for turn in turns] if low else [(0.0, 0.0)]
    if bevel:
        layers += [(height - bevel * (1 - np.sin(turn)), bevel * (1 - np.cos(turn))) for turn in turns]
    else:
        layers.append((height, 0.0))
    rings = [
        [line + way * min(inset, room) for line, way in zip(contours, ways, strict=True)]
        for _, inset in layers
    ]
    heights = [np.full(len(line), z) for z, _ in layers for line in contours]
    points = np.column_stack([np.vstack([line for ring in rings for line in ring]), np.concatenate(heights)])
    count = sum(map(len, contours))
    top = (len(layers) - 1) * count
    faces = [np.asarray(triangulate(rings[0]))[:, ::-1], np.asarray(triangulate(rings[-1])) + top]
    start = 0
    for line in contours:
        here = start + np.arange(len(line))
        there = start + (np.arange(len(line)) + 1) % len(line)
        for below in range(0, top, count):
            above = below + count
            faces += [
                np.column_stack([below + here, below + there, above + there]),
                np.column_stack([below + here, above + there, above + here]),
            ]
        start += len(line)
    return solid_of(points, np.vstack(faces))


def _room_inward(line: Points, way: Points) -> float:
    """How far a contour's corners may go until a side of it would turn around."""
    sides = np.roll(line, -1, axis=0) - line
    lengths = np.maximum(np.linalg.norm(sides, axis=1), 1e-12)
    shorter = -np.sum((np.roll(way, -1, axis=0) - way) * sides, axis=1) / lengths
    return float(np.min(np.where(shorter > 1e-9, 0.98 * lengths / np.maximum(shorter, 1e-9), np.inf)))


def _inward(line: Points) -> Points:
    """For each corner of a contour, where it goes when all sides move inwards by one."""
    before, after = line - np.roll(line, 1, axis=0), np.roll(line, -1, axis=0) - line
    normals = []
    for side in (before, after):
        length = np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-12)
        normals.append(np.column_stack([-side[:, 1], side[:, 0]]) / length)
    middle = normals[0] + normals[1]
    share = np.sum(middle * middle, axis=1, keepdims=True) / 2
    return middle / np.maximum(share, 0.4)


def turned(profile: CrossSection, *, segments: int = SEGMENTS, step: float = 0.0) -> Manifold:
    """The outline (x outwards, y upwards) turned around the axis. `step`: a side of it longer than that gets corners
    between, so that it can be bent."""
    half = profile ^ CrossSection.square((1e4, 2e4), False).translate((0, -1e4))
    if step:
        half = CrossSection([_divided(line, step) for line in half.to_polygons()], FillRule.NonZero)
    return Manifold.revolve(half, segments)


def _divided(line: Points, step: float) -> Points:
    points = []
    for start, end in zip(line, np.roll(line, -1, axis=0), strict=True):
        count = max(1, int(np.ceil(np.abs(end[1] - start[1]) / step)))
        points.append(start + (end - start) * (np.arange(count) / count)[:, None])
    return np.vstack(points)


def bent(solid: Manifold, change: Callable[[Points, Points, Points], tuple[Points, Points]]) -> Manifold:
    """`change(radius, angle, z)` says each point's new radius and angle."""

    def move(points: Points) -> Points:
        radius, angle = np.hypot(points[:, 0], points[:, 1]), np.arctan2(points[:, 1], points[:, 0])
        radius, angle = change(radius, angle, points[:, 2])
        return np.column_stack([radius * np.cos(angle), radius * np.sin(angle), points[:, 2]])

    return solid.warp_batch(move)


def tube(path: Points, across: Points, along: Points, *, square: float = 2.0, sides: int = 40) -> Manifold:
    """A bar along a path in the plane of x and z. `across` and `along` are half its size in y and in that plane, at
    each point; `square` is 2 for an ellipse and more for one with corners."""
    ways = np.gradient(path, axis=0)
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    turn = 2 * np.pi * np.arange(sides) / sides
    cos, sin = np.cos(turn), np.sin(turn)
    y = np.sign(cos) * np.abs(cos) ** (2 / square)
    n = np.sign(sin) * np.abs(sin) ** (2 / square)
    rings = [
        np.column_stack([x + n * inside * -way[1], y * beside, z + n * inside * way[0]])
        for (x, z), way, beside, inside in zip(path, ways, across, along, strict=True)
    ]
    points = np.vstack([*rings, np.insert(path[[0, -1]], 1, 0.0, axis=1)])
    here = np.arange(sides)
    there = (here + 1) % sides
    last = (len(path) - 1) * sides
    faces = [np.column_stack([there, here, np.full(sides, len(points) - 2)])]
    for ring in range(len(path) - 1):
        a, b = ring * sides, (ring + 1) * sides
        faces += [
            np.column_stack([a + here, a + there, b + there]),
            np.column_stack([a + here, b + there, b + here]),
        ]
    faces.append(np.column_stack([last + here, last + there, np.full(sides, len(points) - 1)]))
    return solid_of(points, np.vstack(faces))


def solid_of(points: Points, faces: NDArray[np.int64]) -> Manifold:
    """A solid of these triangles, turned outside out if they were given inside out."""
    mesh = Mesh(vert_properties=points.astype(np.float32), tri_verts=faces.astype(np.uint32))
    solid = Manifold(mesh)
    if solid.volume() < 0:
        mesh = Mesh(vert_properties=points.astype(np.float32), tri_verts=faces[:, ::-1].astype(np.uint32))
        solid = Manifold(mesh)
    return solid


def signed_area(line: Points) -> float:
    """Of a contour; that of a hole is negative."""
    after = np.roll(line, -1, axis=0)
    return float(np.sum(line[:, 0] * after[:, 1] - after[:, 0] * line[:, 1]) / 2)


def through(shape: CrossSection, height: float) -> Manifold:
    """To cut with: from below the ground to above that height."""
    if shape.is_empty():
        return Manifold()
    return Manifold.extrude(shape, 3 * height).translate((0, 0, -height))


def stood_up(lying: Manifold) -> Manifold:
    """From the ground to a wall: what was above is in front."""
    return lying.transform(((1, 0, 0, 0), (0, 0, -1, 0), (0, 1, 0, 0)))


def crosswise(profile: CrossSection, width: float, bevel: float) -> Manifold:
    """What looks like that from its right side, as wide as that."""
    return slab(profile, width, bevel=bevel).transform(((0, 0, 1, -width / 2), (1, 0, 0, 0), (0, 1, 0, 0)))


def turned_around(shape: CrossSection, count: int) -> CrossSection:
    """So many of it around the origin."""
    return joined_outlines([shape.rotate(360 * number / count) for number in range(count)])
