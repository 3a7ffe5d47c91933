"""People, astronauts, robots, snowmen."""

from generation.providers.image.procedural.animals import DARK, eye
from generation.providers.image.procedural.canvas import Fill, Style
from generation.providers.image.procedural.colours import WHITE, Colour, hexed, lit, mixed
from generation.providers.image.procedural.pen import Pen

SKINS = ("#f6d3b8", "#eec09a", "#d9a074", "#a8704a", "#f2c8a8")
HAIRS = ("#2a2026", "#4a3024", "#7a4a2c", "#c98f4a", "#3a3a48", "#8a3f2c")
CLOTHES = ("#c8463f", "#3f6fae", "#4f8f6a", "#e0a63a", "#7a5aa8", "#e8e0d2", "#d9708f")


def portrait(pen: Pen, colour: Colour | None = None) -> None:
    """Head and shoulders."""
    rng = pen.canvas.rng
    skin, hair = hexed(str(rng.choice(SKINS))), hexed(str(rng.choice(HAIRS)))
    clothes = colour or hexed(str(rng.choice(CLOTHES)))
    length = rng.random()
    turn = float(rng.uniform(-0.03, 0.03))
    if length > 0.4:
        low = 0.05 if length > 0.7 else 0.32
        pen.blob(
            [
                (-0.3, 0.86),
                (-0.36, 0.6),
                (-0.4, low),
                (-0.16, low - 0.03),
                (0.16, low - 0.03),
                (0.4, low),
                (0.36, 0.6),
                (0.3, 0.86),
                (0, 1.04),
            ],
            lit(hair, 0.85),
        )
    pen.blob(
        [
            (-0.62, -0.12),
            (-0.56, 0.12),
            (-0.3, 0.24),
            (0, 0.2),
            (0.3, 0.24),
            (0.56, 0.12),
            (0.62, -0.12),
            (0, -0.16),
        ],
        clothes,
    )
    pen.blob([(-0.12, 0.42), (-0.12, 0.22), (0, 0.13), (0.12, 0.22), (0.12, 0.42)], lit(skin, 0.86))
    pen.blob(
        [
            (-0.22, 0.25),
            (-0.1, 0.21),
            (0, 0.1),
            (0.1, 0.21),
            (0.22, 0.25),
            (0.1, 0.1),
            (0, 0.03),
            (-0.1, 0.1),
        ],
        mixed(clothes, WHITE, 0.75),
    )
    _head(pen.at(0, 0, turn=turn), skin, hair)
    _haircut(pen.at(0, 0, turn=turn), hair, length, clothes)


def _head(face: Pen, skin: Colour, hair: Colour) -> None:
    for side in (-1, 1):
        face.ellipse(side * 0.265, 0.61, 0.045, 0.07, lit(skin, 0.92))
    face.blob(
        [
            (-0.26, 0.64),
            (-0.23, 0.84),
            (0, 0.94),
            (0.23, 0.84),
            (0.26, 0.64),
            (0.19, 0.44),
            (0, 0.34),
            (-0.19, 0.44),
        ],
        skin,
    )
    _features(face, skin, hair)


def _features(pen: Pen, skin: Colour, hair: Colour) -> None:
    is_drawn = pen.canvas.style is Style.CARTOON
    for side in (-1, 1):
        x = side * 0.115
        if is_drawn:
            eye(pen, x, 0.62, 0.05)
        else:
            pen.blob(
                [(x - 0.06, 0.62), (x, 0.65), (x + 0.06, 0.62), (x, 0.6)], (0.97, 0.95, 0.93), fill=Fill.FLAT
            )
            pen.ellipse(x, 0.625, 0.028, 0.029, mixed(hair, hexed("#4a6a8a"), 0.3), fill=Fill.FLAT)
            pen.ellipse(x, 0.625, 0.014, 0.015, DARK, fill=Fill.FLAT)
            pen.ellipse(x + 0.01, 0.635, 0.006, 0.006, WHITE, fill=Fill.SHINING)
            pen.stroke([(x - 0.065, 0.622), (x, 0.655), (x + 0.065, 0.622)], 0.013, DARK, fill=Fill.FLAT)
        pen.stroke(
            [(x - 0.065, 0.71), (x, 0.728), (x + 0.06, 0.712)],
            0.02,
            lit(hair, 0.9),
            taper=0.7,
            fill=Fill.FLAT,
        )
        pen.ellipse(side * 0.16, 0.53, 0.06, 0.035, hexed("#ee8f80"), fill=Fill.FLAT, alpha=0.35)
    pen.stroke([(0.01, 0.61), (0.025, 0.54), (-0.005, 0.522)], 0.012, lit(skin, 0.72), fill=Fill.FLAT)
    lips = hexed("#c4585a")
    pen.blob(
        [(-0.065, 0.448), (-0.02, 0.462), (0, 0.455), (0.02, 0.462), (0.065, 0.448), (0, 0.425)],
        lips,
        fill=Fill.FLAT,
    )
    pen.stroke([(-0.065, 0.448), (0, 0.443), (0.065, 0.448)], 0.007, lit(lips, 0.6), fill=Fill.FLAT)


def _haircut(pen: Pen, hair: Colour, length: float, clothes: Colour) -> None:
    rng = pen.canvas.rng
    part = float(rng.uniform(-0.12, 0.12))
    pen.blob(
        [
            (-0.27, 0.6),
            (-0.2, 0.76),
            (part, 0.82),
            (0.2, 0.77),
            (0.27, 0.6),
            (0.31, 0.76),
            (0.24, 0.95),
            (0, 1.03),
            (-0.24, 0.95),
            (-0.31, 0.76),
        ],
        hair,
    )
    for x in (-0.16, -0.05, 0.08, 0.18):
        pen.stroke(
            [(part, 0.97), (x, 0.9), (x * 1.3, 0.79)],
            0.012,
            lit(hair, 1.35),
            taper=0.3,
            fill=Fill.FLAT,
            alpha=0.5,
        )
    extra = rng.random()
    if extra < 0.2:
        pen.ellipse(0, 1.06, 0.12, 0.1, hair)
    elif extra < 0.4:
        pen.blob(
            [(-0.46, 0.82), (0, 0.9), (0.46, 0.82), (0.3, 0.9), (0.22, 1.1), (-0.22, 1.1), (-0.3, 0.9)],
            lit(clothes, 0.85),
        )
        pen.stroke([(-0.27, 0.91), (0, 0.95), (0.27, 0.91)], 0.05, lit(clothes, 0.55))
    elif extra < 0.55:
        for x, size in ((0.2, 0.06), (0.28, 0.045)):
            pen.ellipse(x, 0.88, size, size, hexed("#f08fa8"))


def walker(pen: Pen, colour: Colour | None = None) -> None:
    """A whole person, small in a landscape."""
    rng = pen.canvas.rng
    skin, hair = hexed(str(rng.choice(SKINS))), hexed(str(rng.choice(HAIRS)))
    clothes = colour or hexed(str(rng.choice(CLOTHES)))
    pen.shadow(0.24)
    for side in (-1, 1):
        pen.stroke([(side * 0.05, 0.36), (side * 0.07, 0.04)], 0.085, hexed("#3a4258"), taper=0.8)
        pen.ellipse(side * 0.09, 0.025, 0.065, 0.03, DARK)
        pen.stroke(
            [(side * 0.12, 0.6), (side * 0.2, 0.46), (side * 0.21, 0.34)], 0.07, lit(clothes, 0.88), taper=0.8
        )
        pen.ellipse(side * 0.21, 0.32, 0.032, 0.032, skin)
    pen.blob([(-0.15, 0.3), (-0.14, 0.6), (0, 0.67), (0.14, 0.6), (0.15, 0.3), (0, 0.27)], clothes)
    pen.ellipse(0, 0.83, 0.17, 0.18, lit(hair, 0.95))
    pen.ellipse(0, 0.79, 0.145, 0.145, skin)
    pen.blob([(-0.17, 0.8), (-0.05, 0.87), (0.12, 0.84), (0.17, 0.8), (0.13, 0.97), (-0.13, 0.97)], hair)
    for side in (-1, 1):
        eye(pen, side * 0.06, 0.77, 0.02)
    pen.stroke([(-0.03, 0.71), (0, 0.7), (0.03, 0.71)], 0.01, hexed("#b0504f"), fill=Fill.FLAT)


def astronaut(pen: Pen, colour: Colour | None = None) -> None:
    suit = colour or hexed("#eef0f2")
    pen.shadow(0.34)
    pen.box(0, 0.3, 0.5, 0.36, hexed("#b9bec6"), soft=0.08)
    for side in (-1, 1):
        pen.stroke([(side * 0.1, 0.36), (side * 0.13, 0.06)], 0.16, lit(suit, 0.94))
        pen.ellipse(side * 0.14, 0.04, 0.11, 0.05, hexed("#8f98a6"))
        pen.stroke([(side * 0.18, 0.56), (side * 0.34, 0.44), (side * 0.36, 0.3)], 0.13, suit)
        pen.ellipse(side * 0.36, 0.27, 0.07, 0.07, hexed("#e0883c"))
    pen.blob([(-0.22, 0.3), (-0.22, 0.58), (0, 0.66), (0.22, 0.58), (0.22, 0.3), (0, 0.24)], suit)
    pen.box(0, 0.38, 0.2, 0.12, hexed("#c2c8d0"), soft=0.02)
    for x, name in ((-0.05, "#d8423c"), (0.0, "#58a84e"), (0.05, "#3f7fd0")):
        pen.ellipse(x, 0.44, 0.018, 0.018, hexed(name), fill=Fill.SHINING)
    pen.ellipse(0, 0.82, 0.26, 0.25, suit)
    pen.ellipse(0, 0.81, 0.2, 0.17, hexed("#24324f"))
    pen.blob(
        [(-0.15, 0.86), (-0.06, 0.93), (0.06, 0.92), (-0.08, 0.82)],
        hexed("#8fc4f0"),
        fill=Fill.SHINING,
        alpha=0.7,
    )


def robot(pen: Pen, colour: Colour | None = None) -> None:
    rng = pen.canvas.rng
    shell = colour or hexed(str(rng.choice(["#8fa4b8", "#e0a84a", "#6fb0a8", "#d9726a"])))
    steel = hexed("#5f6873")
    pen.shadow(0.36)
    for side in (-1, 1):
        pen.stroke([(side * 0.12, 0.28), (side * 0.12, 0.08)], 0.09, steel)
        pen.box(side * 0.14, 0, 0.18, 0.09, lit(shell, 0.8), soft=0.03)
        pen.stroke([(side * 0.24, 0.52), (side * 0.36, 0.42), (side * 0.38, 0.3)], 0.07, steel)
        pen.ellipse(side * 0.38, 0.26, 0.065, 0.065, lit(shell, 0.85))
    pen.box(0, 0.22, 0.46, 0.38, shell, soft=0.07)
    pen.box(0, 0.32, 0.26, 0.18, lit(shell, 0.6), soft=0.03)
    pen.ellipse(0, 0.41, 0.05, 0.05, hexed("#6ae0f0"), fill=Fill.SHINING)
    pen.box(0, 0.59, 0.12, 0.05, steel)
    pen.stroke([(0, 0.96), (0, 1.08)], 0.02, steel)
    pen.ellipse(0, 1.1, 0.04, 0.04, hexed("#e8503f"))
    for side in (-1, 1):
        pen.ellipse(side * 0.3, 0.8, 0.05, 0.08, steel)
    pen.box(0, 0.63, 0.56, 0.35, lit(shell, 1.05), soft=0.1)
    pen.box(0, 0.69, 0.44, 0.23, hexed("#243044"), soft=0.08)
    for side in (-1, 1):
        pen.ellipse(side * 0.11, 0.82, 0.05, 0.055, hexed("#7af0ff"), fill=Fill.SHINING)
    pen.stroke([(-0.07, 0.735), (0, 0.72), (0.07, 0.735)], 0.016, hexed("#7af0ff"), fill=Fill.SHINING)


def snowman(pen: Pen, colour: Colour | None = None) -> None:
    snow = hexed("#f4f7fb")
    pen.shadow(0.42)
    for side in (-1, 1):
        pen.stroke(
            [(side * 0.2, 0.52), (side * 0.42, 0.64), (side * 0.52, 0.74)], 0.025, hexed("#6b4a34"), taper=0.6
        )
    pen.ellipse(0, 0.24, 0.33, 0.25, snow)
    pen.ellipse(0, 0.56, 0.24, 0.2, snow)
    pen.ellipse(0, 0.83, 0.18, 0.16, snow)
    scarf = colour or hexed("#d8423c")
    pen.stroke([(-0.18, 0.7), (0, 0.66), (0.18, 0.7)], 0.075, scarf)
    pen.stroke([(0.1, 0.68), (0.16, 0.52), (0.14, 0.42)], 0.07, lit(scarf, 0.9))
    for y in (0.4, 0.5, 0.58):
        pen.ellipse(0, y, 0.02, 0.02, DARK, fill=Fill.FLAT)
    for side in (-1, 1):
        pen.ellipse(side * 0.06, 0.87, 0.02, 0.023, DARK, fill=Fill.FLAT)
    pen.polygon([(0, 0.84), (0.2, 0.8), (0, 0.8)], hexed("#f08a32"))
    pen.box(0, 0.96, 0.34, 0.03, DARK)
    pen.box(0, 0.98, 0.22, 0.17, DARK)
