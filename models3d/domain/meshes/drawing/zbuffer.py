"""What is seen of a mesh: for each pixel the triangle that is nearest to the eye."""

from dataclasses import dataclass

import numpy as np

from models3d.domain.meshes.drawing.camera import Camera
from models3d.domain.meshes.mesh import Floats, Ints, refuse
from models3d.domain.meshes.spans import covered, pixels

#: Pixels of all triangles of one picture together, behind each other as they may be: half a minute's work.
MOST_PIXELS = 150_000_000


@dataclass(slots=True)
class Seen:
    """The pixels that show something: their places, triangles and nearness, and what share of a triangle's corners is
    in each (n, 3)."""

    x: Ints
    y: Ints
    triangle: Ints
    nearness: Floats
    shares: Floats


def seen(points: Floats, camera: Camera, size: int, *, is_solid: bool) -> Seen:
    """`is_solid`: the mesh is closed, so that faces which look away are hidden anyway."""
    flat, nearness = camera.seen(points)
    a, ab, ac = flat[:, 0], flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    doubled = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    shown = np.flatnonzero(doubled < 0 if is_solid else doubled != 0)
    if pixels(flat[shown], size, size) > MOST_PIXELS:
        refuse("MESH_TOO_COMPLEX", limit=MOST_PIXELS)
    flat, nearness, a, ab, ac = flat[shown], nearness[shown], a[shown], ab[shown], ac[shown]
    doubled = doubled[shown]
    # Nearness is a plane over the picture: nearness = at · x + by · y + base.
    rise, other = nearness[:, 1] - nearness[:, 0], nearness[:, 2] - nearness[:, 0]
    along = (rise * ac[:, 1] - other * ab[:, 1]) / doubled
    down = (other * ab[:, 0] - rise * ac[:, 0]) / doubled
    base = nearness[:, 0] - along * a[:, 0] - down * a[:, 1]
    low, high = nearness.min(axis=1), nearness.max(axis=1)

    nearest = np.zeros(size * size)
    winner = np.full(size * size, -1)
    for part in covered(flat, size, size):
        one = part.triangle
        near = along[one] * (part.x + 0.5) + down[one] * (part.y + 0.5) + base[one]
        near = np.clip(near, low[one], high[one])  # slivers are steep beyond their rims
        place = part.y * size + part.x
        np.maximum.at(nearest, place, near)
        is_nearest = near == nearest[place]
        winner[place[is_nearest]] = one[is_nearest]
    place = np.flatnonzero(winner >= 0)
    one = winner[place]
    y, x = np.divmod(place, size)
    shares = _shares(flat[one], x + 0.5, y + 0.5) * nearness[one]
    shares /= shares.sum(axis=1)[:, None]
    return Seen(x=x, y=y, triangle=shown[one], nearness=nearest[place], shares=shares)


def _shares(flat: Floats, x: Floats, y: Floats) -> Floats:
    a, b, c = flat[:, 0], flat[:, 1], flat[:, 2]
    whole = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    of_b = ((x - a[:, 0]) * (c[:, 1] - a[:, 1]) - (y - a[:, 1]) * (c[:, 0] - a[:, 0])) / whole
    of_c = ((b[:, 0] - a[:, 0]) * (y - a[:, 1]) - (b[:, 1] - a[:, 1]) * (x - a[:, 0])) / whole
    shares = np.clip(np.stack([1 - of_b - of_c, of_b, of_c], axis=1), 0, 1)
    return shares / shares.sum(axis=1)[:, None]
