"""What is seen of a mesh: for each pixel the triangle that is nearest to the eye."""

from dataclasses import dataclass

import numpy as np

from models3d.domain.limits import MOST_TRIANGLES
from models3d.domain.meshes.drawing.camera import Camera
from models3d.domain.meshes.mesh import Floats, Ints, refuse
from models3d.domain.meshes.spans import covered, largest, pixels, smallest

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


def seen(vertices: Floats, faces: Ints, camera: Camera, size: int, *, is_solid: bool) -> Seen:
    """`is_solid`: the mesh is closed, so that faces which look away are hidden anyway."""
    columns, rows, near = camera.seen(vertices)
    x, y = columns[faces.T], rows[faces.T]
    doubled = (x[1] - x[0]) * (y[2] - y[0]) - (y[1] - y[0]) * (x[2] - x[0])
    shown = np.flatnonzero(doubled < 0 if is_solid else doubled != 0)
    x, y, doubled = x[:, shown], y[:, shown], doubled[shown]
    if pixels(x, y, size, size) > MOST_PIXELS:
        refuse("MESH_TOO_COMPLEX", limit=MOST_TRIANGLES)
    z = near[faces[shown].T]
    # Nearness is a plane over the picture: nearness = along · x + down · y + base.
    rise, other = z[1] - z[0], z[2] - z[0]
    along = (rise * (y[2] - y[0]) - other * (y[1] - y[0])) / doubled
    down = (other * (x[1] - x[0]) - rise * (x[2] - x[0])) / doubled
    base = z[0] - along * x[0] - down * y[0]
    low, high = smallest(z), largest(z)

    nearest = np.zeros(size * size)
    winner = np.full(size * size, -1)
    for part in covered(x, y, size, size):
        one = part.triangle
        found = along[one] * (part.x + 0.5) + down[one] * (part.y + 0.5) + base[one]
        found = np.clip(found, low[one], high[one])  # slivers are steep beyond their rims
        place = part.y * size + part.x
        np.maximum.at(nearest, place, found)
        is_nearest = found == nearest[place]
        winner[place[is_nearest]] = one[is_nearest]
    place = np.flatnonzero(winner >= 0)
    one = winner[place]
    row, column = np.divmod(place, size)
    shares = _shares(x[:, one], y[:, one], column + 0.5, row + 0.5) * z[:, one]
    shares /= shares.sum(axis=0)
    return Seen(x=column, y=row, triangle=shown[one], nearness=nearest[place], shares=shares.T)


def _shares(x: Floats, y: Floats, column: Floats, row: Floats) -> Floats:
    """How near a pixel is to each of the three corners, 1 in all (3, n)."""
    whole = (x[1] - x[0]) * (y[2] - y[0]) - (y[1] - y[0]) * (x[2] - x[0])
    of_b = ((column - x[0]) * (y[2] - y[0]) - (row - y[0]) * (x[2] - x[0])) / whole
    of_c = ((x[1] - x[0]) * (row - y[0]) - (y[1] - y[0]) * (column - x[0])) / whole
    shares = np.clip(np.stack([1 - of_b - of_c, of_b, of_c]), 0, 1)
    return shares / shares.sum(axis=0)
