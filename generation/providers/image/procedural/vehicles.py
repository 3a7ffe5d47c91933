"""What people travel in."""

import math

from generation.providers.image.procedural.canvas import Fill
from generation.providers.image.procedural.colours import WHITE, Colour, hexed, lit, mixed
from generation.providers.image.procedural.pen import Pen


def boat(pen: Pen, colour: Colour | None = None) -> None:
    hull = colour or hexed(str(pen.canvas.rng.choice(["#8a4f34", "#c8463f", "#3f6fae", "#f0e8da"])))
    pen.ellipse(
        0, 0.0, 0.6, 0.045, mixed(pen.canvas.light.horizon, WHITE, 0.3), fill=Fill.SHINING, alpha=0.35
    )
    pen.stroke([(0, 0.2), (0, 1.0)], 0.025, hexed("#6b4a34"))
    sail = hexed("#f7f0e2") if colour is None or sum(colour) < 2.4 else hexed("#d8623c")
    pen.blob([(0.03, 0.26), (0.03, 0.6), (0.04, 0.96), (0.26, 0.62), (0.46, 0.27)], sail)
    pen.blob([(-0.03, 0.28), (-0.03, 0.6), (-0.03, 0.84), (-0.2, 0.56), (-0.34, 0.29)], lit(sail, 0.9))
    pen.blob(
        [(-0.56, 0.22), (0, 0.17), (0.6, 0.24), (0.4, 0.04), (0.2, 0.0), (-0.3, 0.0), (-0.46, 0.06)], hull
    )
    pen.stroke([(-0.53, 0.2), (0, 0.155), (0.57, 0.22)], 0.025, lit(hull, 1.4), fill=Fill.FLAT)


def car(pen: Pen, colour: Colour | None = None) -> None:
    paint = colour or hexed(
        str(pen.canvas.rng.choice(["#d8423c", "#3f7fd0", "#f2c03c", "#4fae8f", "#e8e4dc"]))
    )
    pen.shadow(0.8, 0.4)
    pen.blob([(-0.42, 0.36), (-0.3, 0.64), (0.0, 0.7), (0.26, 0.62), (0.44, 0.38)], lit(paint, 0.96))
    for left, right in ((-0.34, -0.03), (0.02, 0.36)):
        pen.blob([(left, 0.4), (left + 0.08, 0.6), (right - 0.08, 0.61), (right, 0.4)], hexed("#a8cbe0"))
    pen.blob(
        [
            (-0.8, 0.16),
            (-0.8, 0.34),
            (-0.6, 0.42),
            (0.5, 0.43),
            (0.78, 0.36),
            (0.84, 0.16),
            (0.6, 0.1),
            (-0.6, 0.1),
        ],
        paint,
    )
    pen.stroke([(-0.7, 0.2), (0.76, 0.2)], 0.022, lit(paint, 0.7), fill=Fill.FLAT)
    for x in (-0.46, 0.48):
        pen.ellipse(x, 0.13, 0.16, 0.155, hexed("#2b2a30"))
        pen.ellipse(x, 0.13, 0.08, 0.078, hexed("#c9ced6"))
    pen.ellipse(0.79, 0.29, 0.04, 0.05, hexed("#fff0b0"), fill=Fill.SHINING)
    pen.ellipse(-0.79, 0.29, 0.03, 0.05, hexed("#e8503f"), fill=Fill.SHINING)


def train(pen: Pen, colour: Colour | None = None) -> None:
    paint = colour or hexed("#3f6f5a")
    pen.stroke([(-2.2, 0.0), (1.6, 0.0)], 0.04, hexed("#5a4a42"), fill=Fill.FLAT)
    for wagon in range(3):
        x = -1.75 + wagon * 0.82
        pen.box(x, 0.14, 0.76, 0.44, lit(paint, 0.85 + 0.1 * (wagon % 2)), soft=0.05)
        pen.box(x, 0.56, 0.8, 0.05, lit(paint, 0.6), soft=0.02)
        for step in (-0.24, 0.0, 0.24):
            pen.box(x + step, 0.32, 0.15, 0.16, hexed("#ffe3a0"), fill=Fill.SHINING)
        for step in (-0.22, 0.22):
            pen.ellipse(x + step, 0.1, 0.1, 0.1, hexed("#2b2a30"))
    pen.box(0.78, 0.14, 0.3, 0.62, paint, soft=0.04)
    pen.box(1.1, 0.14, 0.76, 0.36, paint, soft=0.1)
    pen.box(1.3, 0.46, 0.13, 0.24, hexed("#2b2a30"), soft=0.02)
    pen.box(0.78, 0.5, 0.18, 0.16, hexed("#ffe3a0"), fill=Fill.SHINING)
    for x in (0.72, 1.02, 1.32):
        pen.ellipse(x, 0.11, 0.12, 0.12, hexed("#3a2a2a"))
        pen.ellipse(x, 0.11, 0.06, 0.06, hexed("#c8463f"))
    for step in range(6):
        size = 0.09 + step * 0.045
        pen.ellipse(
            1.26 - step * 0.24,
            0.82 + step * 0.1,
            size,
            size * 0.8,
            (0.93, 0.93, 0.95),
            fill=Fill.SHINING,
            alpha=0.75 - step * 0.09,
        )


def rocket(pen: Pen, colour: Colour | None = None) -> None:
    red = colour or hexed("#d8463c")
    for size, name in ((1.0, "#f08a32"), (0.65, "#ffd25a"), (0.35, "#fff6d0")):
        pen.blob(
            [(-0.11 * size, 0.12), (0, 0.12 - 0.5 * size), (0.11 * size, 0.12)],
            hexed(name),
            fill=Fill.SHINING,
        )
    [(x, y)] = pen.placed([(0, -0.05)])
    pen.canvas.glow(x, y, pen.size * 0.45, hexed("#ffb85a"), 0.6)
    for side in (-1, 1):
        pen.blob([(side * 0.12, 0.42), (side * 0.3, 0.2), (side * 0.3, 0.04), (side * 0.12, 0.16)], red)
    pen.blob(
        [
            (-0.16, 0.14),
            (-0.18, 0.5),
            (-0.1, 0.84),
            (0, 1.02),
            (0.1, 0.84),
            (0.18, 0.5),
            (0.16, 0.14),
            (0, 0.1),
        ],
        hexed("#f2f0ec"),
    )
    pen.blob([(-0.115, 0.8), (0, 1.03), (0.115, 0.8), (0, 0.77)], red)
    pen.ellipse(0, 0.6, 0.09, 0.09, hexed("#8f98a6"))
    pen.ellipse(0, 0.6, 0.063, 0.063, hexed("#7fc4e8"))
    pen.stroke([(0, 0.36), (0, 0.14)], 0.04, red)


def balloon(pen: Pen, colour: Colour | None = None) -> None:
    rng = pen.canvas.rng
    main = colour or hexed(str(rng.choice(["#d8463c", "#f0a63a", "#3f8fc0", "#8a5cc4", "#4fa86a"])))
    other = hexed(str(rng.choice(["#f7efdc", "#f2c63c", "#f7d9c8"])))
    for side in (-1, 1):
        pen.stroke([(side * 0.09, 0.3), (side * 0.06, 0.16)], 0.008, hexed("#4a3a30"), fill=Fill.FLAT)
    pen.box(0, 0.04, 0.15, 0.13, hexed("#9a6a3f"), soft=0.02)
    outline = [
        (math.sin(step / 12 * math.pi) * 0.36, 0.66 - math.cos(step / 12 * math.pi) * 0.34)
        for step in range(13)
    ]
    shape = [(x * (0.55 + 0.45 * min((y - 0.3) / 0.3, 1)), y) for x, y in outline]
    pen.polygon([*shape, *[(-x, y) for x, y in shape[::-1]]], main)
    for left, right in ((-0.72, -0.34), (0.0, 0.36), (0.74, 1.0)):
        stripe = [(x * right, y) for x, y in shape] + [(x * left, y) for x, y in shape[::-1]]
        pen.polygon(stripe, other, alpha=0.85, outline=False)
