"""Birds, what lives in water, butterflies and dragons."""

import math

from generation.providers.image.procedural.animals import DARK, eye
from generation.providers.image.procedural.canvas import Fill
from generation.providers.image.procedural.colours import WHITE, Colour, hexed, lit, mixed
from generation.providers.image.procedural.pen import Pen


def bird(pen: Pen, colour: Colour | None = None) -> None:
    """Perched on a twig, in profile."""
    main = colour or hexed(
        str(pen.canvas.rng.choice(["#3f7fd0", "#d8623c", "#5aa86a", "#e0a83a", "#6f6a8a"]))
    )
    pen.stroke([(-0.75, 0.02), (-0.2, 0.06), (0.3, 0.02), (0.8, 0.1)], 0.055, hexed("#6b4a34"), taper=0.6)
    for x in (0.3, 0.62, -0.5):
        pen.blob([(x, 0.06), (x + 0.07, 0.17), (x + 0.2, 0.19), (x + 0.11, 0.07)], hexed("#6fa857"))
    pen.blob([(-0.22, 0.36), (-0.62, 0.1), (-0.72, 0.16), (-0.3, 0.5)], lit(main, 0.75))
    pen.blob(
        [
            (-0.34, 0.34),
            (-0.22, 0.62),
            (0.02, 0.9),
            (0.3, 0.88),
            (0.36, 0.66),
            (0.3, 0.3),
            (0.04, 0.1),
            (-0.2, 0.16),
        ],
        main,
    )
    pen.blob(
        [(0.06, 0.13), (0.3, 0.32), (0.34, 0.6), (0.16, 0.56), (0.02, 0.34)],
        mixed(hexed("#f6e6c8"), main, 0.15),
        outline=False,
    )
    pen.blob([(-0.5, 0.22), (-0.3, 0.58), (-0.02, 0.6), (0.04, 0.4), (-0.14, 0.26)], lit(main, 0.82))
    pen.polygon([(0.35, 0.78), (0.56, 0.7), (0.35, 0.66)], hexed("#f0a63a"))
    eye(pen, 0.2, 0.76, 0.05)
    for x in (0.02, 0.12):
        pen.stroke([(x, 0.14), (x, 0.04)], 0.025, hexed("#c98a3a"), fill=Fill.FLAT)


def flying(pen: Pen, colour: Colour | None = None) -> None:
    """Far away: two wings."""
    pen.stroke([(-0.5, 0.2), (-0.25, 0.3), (0, 0.02)], 0.08, colour or DARK, taper=0.6, fill=Fill.FLAT)
    pen.stroke([(0.5, 0.2), (0.25, 0.3), (0, 0.02)], 0.08, colour or DARK, taper=0.6, fill=Fill.FLAT)


def crane(pen: Pen, colour: Colour | None = None) -> None:
    """On long legs, with a long neck."""
    body = colour or hexed("#f6f4f0")
    for x in (-0.03, 0.07):
        pen.stroke([(x, 0.5), (x + 0.02, 0.26), (x - 0.02, 0.0)], 0.022, hexed("#3a3a42"))
    pen.stroke([(0.16, 0.56), (0.34, 0.68), (0.2, 0.84), (0.26, 0.97)], 0.075, body, taper=0.7)
    pen.blob([(-0.42, 0.46), (-0.2, 0.66), (0.14, 0.68), (0.24, 0.54), (0.06, 0.44), (-0.2, 0.42)], body)
    pen.blob([(-0.54, 0.36), (-0.3, 0.56), (-0.06, 0.5), (-0.26, 0.42)], hexed("#2f2f38"))
    pen.ellipse(0.28, 0.98, 0.065, 0.055, body)
    pen.ellipse(0.27, 1.025, 0.04, 0.02, hexed("#d8423c"))
    pen.polygon([(0.33, 1.0), (0.52, 0.95), (0.33, 0.96)], hexed("#5a5a52"))
    eye(pen, 0.3, 0.985, 0.014)


def duck(pen: Pen, colour: Colour | None = None) -> None:
    """Swimming."""
    body = colour or hexed(str(pen.canvas.rng.choice(["#f6f4f0", "#f2c63c", "#a8835a"])))
    pen.ellipse(
        0, 0.02, 0.52, 0.06, mixed(pen.canvas.light.horizon, WHITE, 0.4), fill=Fill.SHINING, alpha=0.4
    )
    pen.stroke([(0.2, 0.3), (0.36, 0.5), (0.3, 0.78)], 0.17, body, taper=0.8)
    pen.blob(
        [(-0.52, 0.42), (-0.4, 0.14), (0, 0.02), (0.34, 0.1), (0.4, 0.34), (0.1, 0.38), (-0.26, 0.34)], body
    )
    pen.blob([(-0.4, 0.36), (-0.1, 0.4), (0.16, 0.28), (-0.08, 0.16), (-0.32, 0.2)], lit(body, 0.88))
    pen.ellipse(0.32, 0.82, 0.14, 0.13, body)
    pen.blob([(0.42, 0.85), (0.6, 0.8), (0.6, 0.75), (0.43, 0.76)], hexed("#f08a32"))
    eye(pen, 0.36, 0.86, 0.026)


def penguin(pen: Pen, colour: Colour | None = None) -> None:
    coat = colour or hexed("#2f3440")
    pen.shadow(0.34)
    for side in (-1, 1):
        pen.ellipse(side * 0.13, 0.03, 0.12, 0.045, hexed("#f0a03a"))
        pen.blob(
            [(side * 0.24, 0.62), (side * 0.42, 0.36), (side * 0.36, 0.24), (side * 0.24, 0.36)],
            lit(coat, 0.9),
        )
    pen.blob(
        [
            (-0.29, 0.3),
            (-0.26, 0.7),
            (-0.2, 0.94),
            (0, 1.02),
            (0.2, 0.94),
            (0.26, 0.7),
            (0.29, 0.3),
            (0.16, 0.04),
            (-0.16, 0.04),
        ],
        coat,
    )
    pen.blob(
        [
            (-0.2, 0.3),
            (-0.17, 0.6),
            (-0.15, 0.84),
            (0, 0.76),
            (0.15, 0.84),
            (0.17, 0.6),
            (0.2, 0.3),
            (0, 0.07),
        ],
        hexed("#f7f5f0"),
        outline=False,
    )
    for side in (-1, 1):
        eye(pen, side * 0.09, 0.82, 0.036)
        pen.ellipse(side * 0.14, 0.74, 0.035, 0.02, hexed("#f08f88"), fill=Fill.FLAT, alpha=0.6)
    pen.polygon([(-0.05, 0.77), (0.05, 0.77), (0, 0.7)], hexed("#f0a03a"))


def owl(pen: Pen, colour: Colour | None = None) -> None:
    coat = colour or hexed(str(pen.canvas.rng.choice(["#8a6444", "#b08a5a", "#6f6f7c"])))
    pen.stroke([(-0.7, 0.04), (0, 0.02), (0.7, 0.07)], 0.07, hexed("#6b4a34"))
    pen.blob(
        [
            (-0.32, 0.3),
            (-0.3, 0.75),
            (-0.3, 1.04),
            (0, 0.94),
            (0.3, 1.04),
            (0.3, 0.75),
            (0.32, 0.3),
            (0, 0.02),
        ],
        coat,
    )
    pen.ellipse(0, 0.34, 0.2, 0.27, hexed("#efdcbc"), outline=False)
    for row in range(3):
        for column in range(-2 + row % 2, 3, 2):
            pen.blob(
                [
                    (column * 0.055 - 0.03, 0.45 - row * 0.1),
                    (column * 0.055, 0.4 - row * 0.1),
                    (column * 0.055 + 0.03, 0.45 - row * 0.1),
                ],
                lit(coat, 0.8),
                fill=Fill.FLAT,
            )
    for side in (-1, 1):
        pen.blob(
            [(side * 0.28, 0.68), (side * 0.4, 0.4), (side * 0.3, 0.14), (side * 0.22, 0.4)], lit(coat, 0.78)
        )
        pen.ellipse(side * 0.125, 0.74, 0.135, 0.135, hexed("#f3e6cc"))
        pen.ellipse(side * 0.125, 0.74, 0.085, 0.085, hexed("#f0b43a"), outline=False)
        eye(pen, side * 0.125, 0.74, 0.055)
        pen.ellipse(side * 0.1, 0.05, 0.07, 0.035, hexed("#d99a3a"))
    pen.polygon([(-0.04, 0.7), (0.04, 0.7), (0, 0.6)], hexed("#e0922e"))


def fish(pen: Pen, colour: Colour | None = None) -> None:
    main = colour or hexed(str(pen.canvas.rng.choice(["#f0763a", "#f2c03c", "#3f8fd0", "#e0566a"])))
    pen.blob(
        [(-0.36, 0.5), (-0.62, 0.78), (-0.76, 0.74), (-0.62, 0.5), (-0.76, 0.26), (-0.62, 0.22)],
        lit(main, 0.85),
    )
    pen.blob([(-0.1, 0.7), (0.0, 0.94), (0.22, 0.84), (0.26, 0.68)], lit(main, 0.85))
    pen.blob([(0.0, 0.32), (-0.06, 0.12), (0.16, 0.2), (0.2, 0.32)], lit(main, 0.85))
    pen.blob([(-0.44, 0.5), (-0.1, 0.72), (0.3, 0.73), (0.56, 0.52), (0.3, 0.3), (-0.1, 0.29)], main)
    for x in (-0.06, 0.18):
        pen.blob(
            [(x, 0.71), (x + 0.08, 0.72), (x + 0.1, 0.5), (x + 0.07, 0.29), (x, 0.3), (x + 0.03, 0.5)],
            (0.98, 0.96, 0.92),
            outline=False,
        )
    pen.blob([(0.08, 0.5), (-0.1, 0.44), (-0.1, 0.34), (0.1, 0.4)], lit(main, 0.8))
    eye(pen, 0.4, 0.56, 0.045)


def whale(pen: Pen, colour: Colour | None = None) -> None:
    coat = colour or hexed("#4f7fae")
    pen.blob([(-0.5, 0.4), (-0.72, 0.62), (-1.0, 0.72), (-0.82, 0.56), (-0.9, 0.38), (-0.66, 0.34)], coat)
    pen.blob(
        [
            (-0.62, 0.42),
            (-0.3, 0.62),
            (0.2, 0.74),
            (0.62, 0.6),
            (0.74, 0.36),
            (0.5, 0.14),
            (0.0, 0.08),
            (-0.4, 0.24),
        ],
        coat,
    )
    pen.blob(
        [(0.72, 0.34), (0.48, 0.14), (0.0, 0.08), (-0.36, 0.22), (0.1, 0.24), (0.5, 0.3)],
        hexed("#e6eef2"),
        outline=False,
    )
    pen.blob([(0.16, 0.26), (0.0, 0.02), (-0.16, -0.02), (-0.06, 0.24)], lit(coat, 0.85))
    eye(pen, 0.5, 0.4, 0.028)
    for side in (-1, 1):
        pen.stroke(
            [(0.3, 0.74), (0.3 + side * 0.05, 0.9), (0.3 + side * 0.16, 0.92), (0.3 + side * 0.2, 0.82)],
            0.035,
            hexed("#cfe8f6"),
            taper=0.5,
            fill=Fill.SHINING,
            alpha=0.85,
        )


def turtle(pen: Pen, colour: Colour | None = None) -> None:
    skin, shell = hexed("#8fb46a"), colour or hexed("#5f7f4a")
    pen.shadow(0.55)
    for x in (-0.36, 0.3):
        pen.blob([(x - 0.1, 0.24), (x - 0.12, 0.0), (x + 0.1, 0.0), (x + 0.1, 0.24)], skin)
    pen.stroke([(0.4, 0.26), (0.56, 0.34), (0.64, 0.5)], 0.14, skin)
    pen.ellipse(0.66, 0.54, 0.13, 0.11, skin)
    pen.polygon([(-0.44, 0.2), (-0.62, 0.1), (-0.42, 0.13)], skin)
    pen.blob([(-0.5, 0.18), (-0.4, 0.5), (0, 0.68), (0.4, 0.5), (0.5, 0.18), (0, 0.14)], shell)
    for x, y, size in ((-0.22, 0.36, 0.12), (0.0, 0.46, 0.14), (0.22, 0.36, 0.12), (0, 0.24, 0.1)):
        points = [(x + size * math.cos(k * 1.047), y + size * 0.8 * math.sin(k * 1.047)) for k in range(6)]
        pen.polygon(points, lit(shell, 1.3))
    eye(pen, 0.7, 0.57, 0.026)


def butterfly(pen: Pen, colour: Colour | None = None) -> None:
    main = colour or hexed(str(pen.canvas.rng.choice(["#f08a32", "#4f8fe0", "#c45ad0", "#f2c63c"])))
    for side in (-1, 1):
        pen.blob(
            [
                (side * 0.02, 0.5),
                (side * 0.3, 0.96),
                (side * 0.62, 0.9),
                (side * 0.56, 0.6),
                (side * 0.2, 0.46),
            ],
            main,
        )
        pen.blob(
            [
                (side * 0.02, 0.46),
                (side * 0.34, 0.46),
                (side * 0.44, 0.2),
                (side * 0.24, 0.08),
                (side * 0.06, 0.3),
            ],
            lit(main, 0.85),
        )
        for x, y, size in ((0.44, 0.8, 0.07), (0.3, 0.66, 0.06), (0.28, 0.26, 0.06)):
            pen.ellipse(side * x, y, size, size, mixed(main, WHITE, 0.65), outline=False)
        pen.stroke([(0, 0.68), (side * 0.08, 0.84), (side * 0.16, 0.9)], 0.014, DARK, fill=Fill.FLAT)
    pen.stroke([(0, 0.2), (0, 0.45), (0, 0.7)], 0.055, DARK)


def dragon(pen: Pen, colour: Colour | None = None) -> None:
    """A long one in coils, as they fly in Chinese skies."""
    pen = pen.at(-0.1, 0, 0.9)
    main = colour or hexed(str(pen.canvas.rng.choice(["#c8402f", "#2f8f6a", "#d9a02c"])))
    gold = hexed("#f2b73c") if main[1] < 0.55 or main[0] < 0.5 else hexed("#d8503a")
    spine = []
    for step in range(40):
        part = step / 39
        spine.append(
            (-0.78 + 1.2 * part, 0.4 + 0.24 * math.sin(part * 8.4 + 0.5) * (1 - 0.3 * part) + 0.14 * part)
        )
    for x, y in (spine[11], spine[28]):
        pen.stroke([(x, y), (x + 0.05, y - 0.16), (x + 0.15, y - 0.19)], 0.06, lit(main, 0.8), taper=0.5)
        for claw in (-0.03, 0.0, 0.03):
            pen.stroke([(x + 0.14, y - 0.19), (x + 0.2, y - 0.2 + claw)], 0.018, gold, taper=0.3)
    for (x, y), (next_x, next_y) in zip(spine[1::2], spine[2::2], strict=False):
        slope = math.atan2(next_y - y, next_x - x)
        tall = 0.05 + 0.06 * (x + 0.78)
        top = (x - (tall + 0.05) * math.sin(slope) - 0.03, y + (tall + 0.05) * math.cos(slope))
        pen.polygon([(x - 0.03, y), (x + 0.03, y), top], gold)
    pen.stroke(spine, 0.05, main, taper=3.6)
    pen.stroke(
        [(x, y - 0.018 - 0.03 * (x + 0.78)) for x, y in spine],
        0.02,
        hexed("#f8e2b0"),
        taper=3.4,
        fill=Fill.FLAT,
        outline=False,
    )
    for x, y in spine[3::2]:
        size = 0.02 + 0.028 * (x + 0.78)
        pen.stroke(
            [(x, y + size * 1.5), (x + size * 0.6, y + size * 0.5), (x, y - size * 0.4)],
            0.01,
            lit(main, 0.68),
            fill=Fill.FLAT,
        )
    _dragon_head(pen, spine[-1], main, gold)


def _dragon_head(pen: Pen, place: tuple[float, float], main: Colour, gold: Colour) -> None:
    x, y = place
    for angle in (1.9, 2.25, 2.6, 2.95, 3.3, 3.65, 4.0):
        tip = (x + 0.02 + 0.3 * math.cos(angle), y + 0.03 + 0.27 * math.sin(angle))
        pen.blob([(x + 0.04, y + 0.1), tip, (x + 0.04, y - 0.06)], gold)
    pen.blob(
        [
            (x + 0.02, y - 0.02),
            (x + 0.14, y - 0.12),
            (x + 0.3, y - 0.13),
            (x + 0.28, y - 0.07),
            (x + 0.12, y - 0.02),
        ],
        lit(main, 0.85),
    )
    pen.blob(
        [(x + 0.1, y - 0.03), (x + 0.29, y - 0.075), (x + 0.28, y - 0.03), (x + 0.12, y + 0.0)],
        hexed("#8f2a2a"),
        fill=Fill.FLAT,
    )
    pen.blob(
        [
            (x - 0.1, y + 0.03),
            (x - 0.05, y + 0.15),
            (x + 0.08, y + 0.17),
            (x + 0.17, y + 0.09),
            (x + 0.3, y + 0.1),
            (x + 0.37, y + 0.05),
            (x + 0.33, y - 0.02),
            (x + 0.16, y - 0.03),
            (x, y - 0.06),
        ],
        main,
    )
    for lift in (0.0, 0.07):
        horn = [(x - 0.02 + lift, y + 0.14), (x - 0.07 + lift, y + 0.25), (x - 0.18 + lift, y + 0.32)]
        pen.stroke(horn, 0.035, hexed("#f3e6c8"), taper=0.3)
        pen.stroke([horn[1], (x - 0.02 + lift, y + 0.32)], 0.022, hexed("#f3e6c8"), taper=0.4)
        whisker = [(x + 0.34, y + 0.02), (x + 0.46, y + 0.1 + lift), (x + 0.58, y - 0.02 + lift)]
        pen.stroke(whisker, 0.014, gold, taper=0.3, fill=Fill.FLAT)
    for at in (0.16, 0.2, 0.25):
        pen.polygon(
            [(x + at, y - 0.025), (x + at + 0.03, y - 0.028), (x + at + 0.015, y - 0.065)],
            WHITE,
            fill=Fill.FLAT,
        )
    eye(pen, x + 0.08, y + 0.08, 0.036)
    pen.ellipse(x + 0.31, y + 0.065, 0.02, 0.015, DARK, fill=Fill.FLAT)
