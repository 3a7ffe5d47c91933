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

    def seen(self, points: Floats) -> tuple[Floats, Floats]:
        """Pixels (…, 2), and nearness (…): one over the distance to the eye, which is linear across a picture."""
        turned = points @ self.turn.T
        nearness = 1.0 / (self.distance - turned[..., 2])
        flat = turned[..., :2] * (nearness * self.distance * self.zoom)[..., None]
        flat[..., 0] += self.middle[0]
        flat[..., 1] = self.middle[1] - flat[..., 1]
        return flat, nearness

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


def elevation_for(extent: Floats) -> float:
    """Flat things are looked at from above, tall ones from the side."""
    flatness = 1 - min(float(extent[2]) / max(float(extent[:2].max()), 1e-12), 1.0)
    return 20.0 + 30.0 * flatness**2


def framed(points: Floats, turn: Floats, size: int) -> Camera:
    """A camera that sees all of these points, which lie around the origin, in a square picture."""
    distance = DISTANCE * float(np.linalg.norm(points, axis=-1).max())
    flat, _ = Camera(turn, distance, 1.0, (0.0, 0.0)).seen(points.reshape(-1, 3))
    low, high = flat.min(axis=0), flat.max(axis=0)
    zoom = FILLED * size / float((high - low).max())
    x, y = size / 2 - zoom * (low + high) / 2
    return Camera(turn, distance, zoom, (float(x), float(y)))
