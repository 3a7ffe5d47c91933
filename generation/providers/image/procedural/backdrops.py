"""Places without a horizon: rooms, studios, space, and the bottom of the sea."""

import math

import numpy as np

from generation.providers.image.procedural.canvas import Canvas, Fill, Style
from generation.providers.image.procedural.colours import WHITE, Colour, hexed, lit, mixed, varied, vector
from generation.providers.image.procedural.noise import clouds, resized, smoothstep
from generation.providers.image.procedural.pen import Pen, round_points

WALLS = ("#d9c9b4", "#b9c4b4", "#c9b4b0", "#a9b8c4", "#e3d3b4", "#8f9aa8", "#c4a890")


def room(canvas: Canvas, table: float) -> None:
    """A wall with a window, out of which one sees what is on the canvas already, and a table from `table` down."""
    rng = canvas.rng
    wall = varied(hexed(str(rng.choice(WALLS))), rng, 0.02)
    wide, tall = canvas.unit * rng.uniform(0.4, 0.52), canvas.height * rng.uniform(0.42, 0.5)
    middle = canvas.width * (0.5 + canvas.side * rng.uniform(0.14, 0.24))
    left, top = int(max(middle - wide / 2, 8)), int(canvas.height * 0.07)
    right, bottom = int(min(left + wide, canvas.width - 8)), int(top + tall)
    view = np.stack(
        [resized(canvas.pixels[..., one], right - left, bottom - top) for one in range(3)], axis=-1
    )
    view = np.clip(view, 0, 1)
    ground = [(0, 0), (canvas.width, 0), (canvas.width, canvas.height), (0, canvas.height)]
    canvas.shape(ground, wall, fill=Fill.LAND, foot=lit(wall, 0.78), outline=False)
    canvas.glow((left + right) / 2, (top + bottom) / 2, canvas.unit * 0.9, canvas.light.horizon, 0.4)
    frame = hexed(str(rng.choice(["#f3ece0", "#7a5a44", "#e4ddd0"])))
    edge = canvas.unit * 0.018
    for by, colour in ((edge, frame), (edge * 0.3, lit(frame, 0.72))):
        canvas.shape(
            [
                (left - by, top - by),
                (right + by, top - by),
                (right + by, bottom + by),
                (left - by, bottom + by),
            ],
            colour,
            fill=Fill.LAND,
        )
    canvas.pixels[top:bottom, left:right] = view
    bar = canvas.unit * 0.005
    for x in ((left + right) / 2,):
        canvas.shape(
            [(x - bar, top), (x + bar, top), (x + bar, bottom), (x - bar, bottom)], frame, fill=Fill.FLAT
        )
    y = top + tall * 0.45
    canvas.shape(
        [(left, y - bar), (right, y - bar), (right, y + bar), (left, y + bar)], frame, fill=Fill.FLAT
    )
    sill = bottom + edge
    canvas.shape(
        [
            (left - edge * 2, sill),
            (right + edge * 2, sill),
            (right + edge * 2, sill + edge),
            (left - edge * 2, sill + edge),
        ],
        lit(frame, 0.9),
        fill=Fill.LAND,
    )
    if rng.random() < 0.6:
        _curtain(canvas, left - edge * 2, top - edge * 2, tall * 1.15, -1)
        _curtain(canvas, right + edge * 2, top - edge * 2, tall * 1.15, 1)
    _table(canvas, table)


def _curtain(canvas: Canvas, x: float, y: float, tall: float, side: int) -> None:
    cloth = varied(mixed(hexed("#efe4d4"), canvas.light.horizon, 0.2), canvas.rng, 0.02)
    for fold in range(4):
        left = x + side * canvas.unit * (0.035 * fold - 0.03)
        wave = canvas.unit * 0.02
        points = [
            (left, y),
            (left + side * wave * 2, y),
            (left + side * wave * 2.4, y + tall),
            (left + side * wave * 0.3, y + tall),
        ]
        canvas.shape(points, lit(cloth, 0.98 - 0.05 * (fold % 2)), fill=Fill.BODY, alpha=0.92)


def _table(canvas: Canvas, top: float) -> None:
    rng = canvas.rng
    wood = varied(hexed(str(rng.choice(["#a8744a", "#8a5a3c", "#c79a6a", "#6f4f40"]))), rng, 0.02)
    y = canvas.height * top
    points = [(0, y), (canvas.width, y), (canvas.width, canvas.height), (0, canvas.height)]
    canvas.shape(points, lit(wood, 1.12), fill=Fill.LAND, foot=lit(wood, 0.78))
    for _ in range(16):
        line = y + (canvas.height - y) * rng.random() ** 1.3
        x, length = rng.uniform(-0.2, 0.9) * canvas.width, canvas.width * rng.uniform(0.2, 0.6)
        sway = canvas.unit * 0.006
        grain = [
            (x, line),
            (x + length / 2, line + sway),
            (x + length, line),
            (x + length / 2, line + sway * 0.55),
        ]
        canvas.shape(grain, lit(wood, 0.78), fill=Fill.FLAT, alpha=0.5)
    canvas.glow(canvas.width * (0.5 + canvas.side * 0.3), y, canvas.unit * 0.6, canvas.light.glow, 0.25)


def studio(canvas: Canvas, floor: float, colour: Colour | None) -> None:
    """A plain ground that turns into a plain wall."""
    rng = canvas.rng
    tone = colour or hexed(
        str(rng.choice(["#e9e2d8", "#dfe6ea", "#f0dcd4", "#dce4d6", "#e4dcec", "#d4dde4", "#f2e6c9"]))
    )
    down = np.linspace(0, 1, canvas.height, dtype=np.float32)[:, None, None]
    top, low = vector(lit(tone, 0.9)), vector(lit(tone, 1.04))
    canvas.pixels[:] = top + smoothstep(0, floor, down) * (low - top)
    below = smoothstep(
        floor - 0.05, floor + 0.05, down[..., 0] * np.ones((canvas.height, canvas.width), np.float32)
    )
    canvas.wash(below * 0.35, lit(tone, 0.86))
    canvas.glow(
        canvas.width * (0.5 + 0.2 * canvas.side), canvas.height * 0.36, canvas.unit * 0.85, WHITE, 0.5
    )
    if rng.random() < 0.5:
        disc = canvas.unit * rng.uniform(0.3, 0.36)
        spot = round_points(canvas.width * 0.5, canvas.height * 0.44, disc, disc)
        canvas.shape(
            spot,
            mixed(lit(tone, 0.92), hexed(str(rng.choice(["#f0a68a", "#8fb8c8", "#f2cc7a", "#b8a4d0"]))), 0.5),
            fill=Fill.FLAT,
        )


def space(canvas: Canvas) -> None:
    rng = canvas.rng
    canvas.pixels[:] = vector(hexed("#05060f"))
    for name in rng.permutation(["#5a2f8f", "#1f4f9a", "#a8386a", "#1f7a8a"])[:3]:
        noise = clouds(rng, canvas.width, canvas.height, cell=canvas.unit / 2.2, octaves=6, stretch=1.4)
        canvas.wash((smoothstep(0.45, 0.95, noise) * 0.75).astype(np.float32), hexed(str(name)))
    for _ in range(520):
        x, y = rng.uniform(0, canvas.width), rng.uniform(0, canvas.height)
        size = canvas.unit * (0.0008 + 0.002 * rng.random() ** 5)
        canvas.shape(
            round_points(x, y, size, size, count=8),
            WHITE,
            fill=Fill.SHINING,
            alpha=float(rng.uniform(0.3, 1)),
        )
        if size > canvas.unit * 0.002:
            canvas.glow(x, y, size * 9, hexed("#cfe0ff"), 0.6)
    for index in range(int(rng.integers(2, 4))):
        radius = canvas.unit * (rng.uniform(0.14, 0.22) if index == 0 else rng.uniform(0.03, 0.07))
        x, y = rng.uniform(0.1, 0.9) * canvas.width, rng.uniform(0.1, 0.55) * canvas.height
        _planet(canvas, x, y, radius, has_ring=index == 0 and rng.random() < 0.7)


def _planet(canvas: Canvas, x: float, y: float, radius: float, *, has_ring: bool) -> None:
    rng = canvas.rng
    tone = hexed(str(rng.choice(["#d98a5a", "#7ab0d8", "#c9a0d8", "#e0c07a", "#6ab8a0"])))
    pen = Pen(canvas, x, y, radius, turn=float(rng.uniform(-0.5, 0.5)))
    canvas.glow(x, y, radius * 1.7, tone, 0.3)
    ring = mixed(tone, WHITE, 0.4)
    if has_ring:
        for size in (1.95, 1.7, 1.5):
            pen.stroke(
                [
                    (size * math.cos(a / 10 * math.pi), 0.3 * size * math.sin(a / 10 * math.pi))
                    for a in range(11)
                ],
                0.06,
                ring,
                fill=Fill.SHINING,
                alpha=0.6,
            )
    pen.ellipse(0, 0, 1, 1, tone)
    for _ in range(5):
        band = float(rng.uniform(-0.75, 0.75))
        half = math.sqrt(1 - band * band) * 0.96
        pen.ellipse(
            0,
            band,
            half,
            float(rng.uniform(0.03, 0.09)),
            lit(tone, float(rng.uniform(0.75, 1.2))),
            outline=False,
            alpha=0.5,
            fill=Fill.FLAT,
        )
    shade = [(math.cos(a), math.sin(a)) for a in np.linspace(math.pi / 2, 3 * math.pi / 2, 20)]
    inner = [(0.35 * math.cos(a), math.sin(a)) for a in np.linspace(3 * math.pi / 2, math.pi / 2, 20)]
    dark = [(-canvas.side * px * -1, py) for px, py in [*shade, *inner]]
    pen.polygon(dark, (0.02, 0.02, 0.06), fill=Fill.SHINING, alpha=0.45)
    if has_ring:
        for size in (1.95, 1.7, 1.5):
            pen.stroke(
                [
                    (
                        size * math.cos(math.pi + a / 10 * math.pi),
                        0.3 * size * math.sin(math.pi + a / 10 * math.pi),
                    )
                    for a in range(11)
                ],
                0.06,
                ring,
                fill=Fill.SHINING,
                alpha=0.85,
            )


def moon_ground(canvas: Canvas, top: float) -> None:
    """Dust with craters to stand on."""
    rng = canvas.rng
    xs = np.linspace(0, canvas.width, 60)
    ys = canvas.height * (top + 0.012 * np.sin(xs / canvas.width * 9 + rng.uniform(0, 6)))
    canvas.shape(
        [*zip(xs, ys, strict=True), (canvas.width, canvas.height + 5), (0, canvas.height + 5)],
        hexed("#9a98a4"),
        fill=Fill.LAND,
        foot=hexed("#5f5d6c"),
    )
    for _ in range(14):
        near = rng.random()
        x, y = rng.uniform(0, canvas.width), canvas.height * (top + 0.03 + (0.97 - top) * near)
        size = canvas.unit * (0.015 + 0.06 * near * rng.random())
        canvas.shape(round_points(x, y, size, size * 0.3), hexed("#6a6876"), fill=Fill.FLAT)
        canvas.shape(
            round_points(x, y + size * 0.06, size * 0.86, size * 0.22), hexed("#858391"), fill=Fill.FLAT
        )


def underwater(canvas: Canvas) -> None:
    rng = canvas.rng
    down = np.linspace(0, 1, canvas.height, dtype=np.float32)
    stops = [hexed("#7fdcea"), varied(hexed("#2a93bf"), rng, 0.04), hexed("#0d3f70")]
    for channel in range(3):
        canvas.pixels[..., channel] = np.interp(down, [0, 0.45, 1], [one[channel] for one in stops])[:, None]
    for _ in range(9):
        x, width = rng.uniform(0, canvas.width), canvas.unit * rng.uniform(0.02, 0.07)
        lean = canvas.unit * rng.uniform(-0.25, 0.25)
        ray = [
            (x, -5),
            (x + width, -5),
            (x + width * 2.4 + lean, canvas.height),
            (x - width + lean, canvas.height),
        ]
        canvas.shape(ray, WHITE, fill=Fill.SHINING, alpha=0.07)
    sand = hexed("#d9c79a")
    xs = np.linspace(0, canvas.width, 50)
    ys = canvas.height * (0.86 + 0.02 * np.sin(xs / canvas.width * 8 + rng.uniform(0, 6)))
    canvas.shape(
        [*zip(xs, ys, strict=True), (canvas.width, canvas.height + 5), (0, canvas.height + 5)],
        mixed(sand, hexed("#2a93bf"), 0.35),
        fill=Fill.LAND,
    )
    for _ in range(13):
        x = rng.uniform(0, canvas.width)
        pen = Pen(canvas, x, canvas.height * rng.uniform(0.88, 0.99), canvas.unit * rng.uniform(0.12, 0.26))
        tone = varied(
            hexed(str(rng.choice(["#e8607a", "#f0924a", "#b06ad0", "#f2c25a", "#4fb08a"]))), rng, 0.03
        )
        if rng.random() < 0.5:
            _coral(pen, tone)
        else:
            for blade in range(4):
                at = (blade - 1.5) * 0.1
                sway = float(rng.uniform(-0.12, 0.12))
                pen.stroke(
                    [(at, 0), (at + sway, 0.35), (at - sway, 0.7), (at + sway, 1.0)],
                    0.075,
                    hexed("#3f9a6a"),
                    taper=0.2,
                )
    for _ in range(46):
        x, y = rng.uniform(0, canvas.width), rng.uniform(0, canvas.height)
        size = canvas.unit * rng.uniform(0.003, 0.011)
        canvas.shape(round_points(x, y, size, size, count=16), WHITE, fill=Fill.SHINING, alpha=0.22)
        canvas.shape(
            round_points(x - size * 0.3, y - size * 0.3, size * 0.3, size * 0.3, count=8),
            WHITE,
            fill=Fill.SHINING,
            alpha=0.7,
        )


def _coral(pen: Pen, tone: Colour) -> None:
    for lean, tall in ((-0.3, 0.6), (0.28, 0.66), (-0.1, 0.95), (0.14, 0.85)):
        pen.stroke([(0, 0), (lean * 0.5, tall * 0.5), (lean, tall)], 0.12, tone, taper=0.75)
        pen.stroke([(lean * 0.5, tall * 0.5), (lean * 0.5 + 0.14, tall * 0.75)], 0.08, lit(tone, 1.08))


def blurred_lights(canvas: Canvas, count: int = 34) -> None:
    """Discs of light out of focus."""
    if canvas.style is not Style.REALISTIC:
        return
    rng = canvas.rng
    for _ in range(count):
        x, y = rng.uniform(0, canvas.width), rng.uniform(0, canvas.height * 0.8)
        size = canvas.unit * rng.uniform(0.015, 0.05)
        tone = varied(mixed(canvas.light.horizon, hexed("#ffe0a0"), 0.5), rng, 0.06)
        canvas.shape(
            round_points(x, y, size, size), tone, fill=Fill.SHINING, alpha=float(rng.uniform(0.1, 0.3))
        )
