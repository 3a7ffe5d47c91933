"""From where a mesh is looked at, and where its points are seen."""

from dataclasses import dataclass

import numpy as np

from models3d.domain.meshes.mesh import Floats

#: How far away the eye is, in radii of the mesh: near enough for depth, far enough for straight walls.
DISTANCE = 5.0
#: Share of the picture that the mesh fills.
FILLED = 0.80


@dataclass(frozen=True, slots=True)
class Camera:
    """`turn` is the matrix from the mesh into the picture (right, up, towards the eye); `zoom` in pixels for one unit
    at the mesh's middle, `middle` the pixel of that middle."""

    turn: Floats
    distance: float
    zoom: float
    middle: tuple[float, float]

    def seen(self, points: Floats) -> tuple[Floats, Floats, Floats]:
        """Columns and rows of pixels, and nearness: one over the distance to the eye, which is linear across a
        picture."""
        turned = points @ self.turn.T
        nearness = 1.0 / (self.distance - turned[:, 2])
        zoom = nearness * (self.distance * self.zoom)
        return self.middle[0] + turned[:, 0] * zoom, self.middle[1] - turned[:, 1] * zoom, nearness

    def eye(self) -> Floats:
        return self.turn[2] * self.distance

    def rays(self, x: Floats, y: Floats) -> Floats:
        """Directions in which pixels look."""
        right, up = (x - self.middle[0]) / self.zoom, (self.middle[1] - y) / self.zoom
        seen = np.stack([right, up, np.full_like(right, -self.distance)], axis=-1)
        return seen @ self.turn


def turned(azimuth: float, elevation: float) -> Floats:
    """Degrees: to the right of the front, which is where y is least, and above the bed."""
    a, e = np.radians(azimuth), np.radians(elevation)
    towards = np.array([np.sin(a) * np.cos(e), -np.cos(a) * np.cos(e), np.sin(e)])
    right = np.array([np.cos(a), np.sin(a), 0.0])
    return np.stack([right, np.cross(towards, right), towards])


def elevation_for(points: Floats) -> float:
    """Flat things are looked at from above, tall ones from the side."""
    extent = np.ptp(points, axis=0)
    flatness = 1 - min(float(extent[2]) / max(float(extent[:2].max()), 1e-12), 1.0)
    return 20.0 + 30.0 * flatness**2


def framed(points: Floats, turn: Floats, size: int) -> Camera:
    """A camera that sees all of these points, which lie around the origin, in a square picture."""
    distance = DISTANCE * float(np.linalg.norm(points, axis=-1).max())
    x, y, _ = Camera(turn, distance, 1.0, (0.0, 0.0)).seen(points)
    zoom = FILLED * size / float(max(np.ptp(x), np.ptp(y)))
    middle = (size / 2 - zoom * float(one.min() + one.max()) / 2 for one in (x, y))
    return Camera(turn, distance, zoom, (next(middle), next(middle)))


def framed_around(points: Floats, turn: Floats, size: int) -> Camera:
    """A camera that sees them however they are turned around the upright axis."""
    radius = float(np.hypot(points[..., 0], points[..., 1]).max())
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    ring = np.column_stack([np.cos(angles), np.sin(angles), np.zeros(48)]) * radius
    low, high = float(points[..., 2].min()), float(points[..., 2].max())
    return framed(np.concatenate([ring + [0, 0, low], ring + [0, 0, high]]), turn, size)
