"""Drawing in the measures of a thing: x to the right, y upwards from where it stands, 1 is its height."""

import math

import numpy as np

from generation.providers.image.procedural.canvas import Canvas, Fill, Points
from generation.providers.image.procedural.colours import Colour


class Pen:
    """Places a thing on the canvas: where it stands, how high it is in pixels, whether it looks the other way."""

    def __init__(
        self, canvas: Canvas, x: float, y: float, size: float, *, flip: bool = False, turn: float = 0.0
    ) -> None:
        self.canvas = canvas
        self.x, self.y, self.size = x, y, size
        self.flip, self.turn = flip, turn

    def at(self, x: float, y: float, size: float = 1.0, *, flip: bool = False, turn: float = 0.0) -> "Pen":
        """A pen for a part: its place and size in the measures of this one."""
        [(px, py)] = self.placed([(x, y)])
        whole = -self.turn if self.flip else self.turn
        return Pen(
            self.canvas,
            px,
            py,
            self.size * size,
            flip=self.flip != flip,
            turn=whole + (-turn if self.flip else turn),
        )

    def placed(self, points: Points) -> list[tuple[float, float]]:
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        side = -self.size if self.flip else self.size
        return [
            (self.x + side * (x * cos - y * sin), self.y - self.size * (x * sin + y * cos)) for x, y in points
        ]

    def polygon(self, points: Points, colour: Colour, **how: object) -> None:
        self.canvas.shape(self.placed(points), colour, **how)  # type: ignore[arg-type]

    def blob(self, points: Points, colour: Colour, **how: object) -> None:
        """A closed curve through the points."""
        self.polygon(curve(points), colour, **how)

    def ellipse(
        self, x: float, y: float, rx: float, ry: float, colour: Colour, *, turn: float = 0.0, **how: object
    ) -> None:
        self.polygon(round_points(x, y, rx, ry, turn), colour, **how)

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        colour: Colour,
        *,
        soft: float = 0.0,
        **how: object,
    ) -> None:
        """A rectangle that stands at (x, y), which is the middle of its foot."""
        left, right, top = x - width / 2, x + width / 2, y + height
        if not soft:
            self.polygon([(left, y), (right, y), (right, top), (left, top)], colour, **how)
            return
        r = min(soft, width / 2, height / 2)
        corners = [
            (right - r, top - r, 0),
            (left + r, top - r, 1),
            (left + r, y + r, 2),
            (right - r, y + r, 3),
        ]
        points = [
            (
                cx + r * math.cos(math.pi / 2 * (quarter + step / 5)),
                cy + r * math.sin(math.pi / 2 * (quarter + step / 5)),
            )
            for cx, cy, quarter in corners
            for step in range(6)
        ]
        self.polygon(points, colour, **how)

    def stroke(
        self, points: Points, width: float, colour: Colour, *, taper: float = 1.0, **how: object
    ) -> None:
        """A thick line through the points; at its end it is `taper` times as thick."""
        self.polygon(stroke_points(points, width, taper), colour, **how)

    def shadow(self, width: float, strength: float = 0.3) -> None:
        """What it casts onto the ground."""
        for part in (1.0, 0.8, 0.6):
            self.ellipse(
                0, 0, width * part, width * 0.16 * part, (0.05, 0.05, 0.1), fill=Fill.FLAT, alpha=strength / 3
            )


def round_points(
    x: float, y: float, rx: float, ry: float, turn: float = 0.0, count: int = 36
) -> list[tuple[float, float]]:
    cos, sin = math.cos(turn), math.sin(turn)
    angles = [2 * math.pi * step / count for step in range(count)]
    pairs = [(rx * math.cos(angle), ry * math.sin(angle)) for angle in angles]
    return [(x + a * cos - b * sin, y + a * sin + b * cos) for a, b in pairs]


def curve(points: Points, steps: int = 7, *, is_closed: bool = True) -> list[tuple[float, float]]:
    """A smooth line through the points (Catmull-Rom)."""
    given = np.array(points, dtype=float)
    around = np.vstack([given[-1:], given, given[:2]] if is_closed else [given[:1], given, given[-1:]])
    count = len(given) if is_closed else len(given) - 1
    a, b, c, d = (around[first : first + count, None, :] for first in range(4))
    t = (np.arange(steps) / steps)[None, :, None]
    line = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    found: list[tuple[float, float]] = [(x, y) for x, y in line.reshape(-1, 2).tolist()]
    return found if is_closed else [*found, points[-1]]


def stroke_points(points: Points, width: float, taper: float = 1.0) -> list[tuple[float, float]]:
    line = np.array(curve(points, is_closed=False) if len(points) > 2 else points, dtype=float)
    along = np.gradient(line, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    halves = np.linspace(width, width * taper, len(line))[:, None] / 2
    left, right = line + across * halves, line - across * halves
    both = [
        *left,
        *_cap(line[-1], across[-1] * halves[-1]),
        *right[::-1],
        *_cap(line[0], -across[0] * halves[0]),
    ]
    return [(float(x), float(y)) for x, y in both]


def _cap(end: np.ndarray, arm: np.ndarray) -> list[np.ndarray]:
    """A round end, from one side of the line to the other."""
    angles = [-math.pi * step / 6 for step in range(1, 6)]
    turned = [(math.cos(angle), math.sin(angle)) for angle in angles]
    return [end + np.array([arm[0] * cos - arm[1] * sin, arm[0] * sin + arm[1] * cos]) for cos, sin in turned]
