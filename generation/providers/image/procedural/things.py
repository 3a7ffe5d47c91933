"""What stands on tables, and other things to hold in a hand."""

import math

from generation.providers.image.procedural.animals import DARK
from generation.providers.image.procedural.canvas import Fill
from generation.providers.image.procedural.colours import WHITE, Colour, hexed, lit, mixed, varied
from generation.providers.image.procedural.pen import Pen
from generation.providers.image.procedural.plants import head


def steam(pen: Pen, x: float, y: float) -> None:
    for shift in (-0.08, 0.06):
        points = [
            (x + shift, y),
            (x + shift + 0.05, y + 0.12),
            (x + shift - 0.03, y + 0.24),
            (x + shift + 0.03, y + 0.36),
        ]
        pen.stroke(points, 0.03, WHITE, taper=0.3, fill=Fill.SHINING, alpha=0.4)


def teapot(pen: Pen, colour: Colour | None = None) -> None:
    clay = colour or hexed(str(pen.canvas.rng.choice(["#a8583c", "#4f7f8a", "#e8e0d0", "#6a8f5a"])))
    pen.shadow(0.5)
    pen.stroke([(0.34, 0.5), (0.62, 0.52), (0.6, 0.24), (0.34, 0.2)], 0.07, lit(clay, 0.9))
    pen.stroke([(-0.3, 0.26), (-0.5, 0.36), (-0.62, 0.62)], 0.13, clay, taper=0.5)
    pen.blob(
        [(-0.4, 0.3), (-0.3, 0.56), (0, 0.66), (0.3, 0.56), (0.4, 0.3), (0.26, 0.06), (-0.26, 0.06)], clay
    )
    pen.ellipse(0, 0.64, 0.22, 0.055, lit(clay, 1.1))
    pen.ellipse(0, 0.73, 0.05, 0.05, lit(clay, 1.05))
    steam(pen, -0.62, 0.66)


def cup(pen: Pen, colour: Colour | None = None) -> None:
    glaze = colour or hexed(str(pen.canvas.rng.choice(["#f0ece2", "#4f7fa8", "#d98a6a", "#7fae9a"])))
    pen.shadow(0.46)
    pen.ellipse(0, 0.04, 0.56, 0.085, lit(glaze, 0.92))
    pen.stroke([(0.3, 0.5), (0.54, 0.5), (0.5, 0.24), (0.26, 0.2)], 0.06, glaze)
    pen.blob(
        [(-0.38, 0.6), (-0.34, 0.26), (-0.2, 0.08), (0.2, 0.08), (0.34, 0.26), (0.38, 0.6), (0, 0.56)], glaze
    )
    pen.ellipse(0, 0.6, 0.38, 0.1, lit(glaze, 1.05))
    pen.ellipse(0, 0.595, 0.32, 0.075, hexed("#6b4028"))
    pen.blob(
        [(-0.08, 0.6), (-0.03, 0.635), (0, 0.615), (0.03, 0.635), (0.08, 0.6), (0, 0.555)],
        hexed("#f0dcc0"),
        fill=Fill.FLAT,
    )
    steam(pen, 0, 0.68)


def cake(pen: Pen, colour: Colour | None = None) -> None:
    icing = colour or hexed(str(pen.canvas.rng.choice(["#f6b6c4", "#f4ead6", "#b8dcd0", "#8a5a40"])))
    pen.shadow(0.5)
    pen.ellipse(0, 0.05, 0.56, 0.07, hexed("#eef0f2"))
    for y, half, tall in ((0.06, 0.44, 0.26), (0.34, 0.31, 0.22)):
        pen.box(0, y, half * 2, tall, hexed("#e8c08a"), soft=0.05)
        pen.box(0, y + tall * 0.4, half * 2, 0.035, hexed("#c8565a"), fill=Fill.FLAT)
        top = y + tall
        drips = [(-half, top - 0.06)]
        for step in range(9):
            x = -half + (step + 0.5) * half * 2 / 9
            drips += [(x, top - (0.13 if step % 2 else 0.07))]
        pen.blob(
            [
                *drips,
                (half, top - 0.06),
                (half * 0.98, top + 0.03),
                (0, top + 0.06),
                (-half * 0.98, top + 0.03),
            ],
            icing,
        )
    for x in (-0.18, 0.0, 0.18):
        pen.stroke([(x, 0.6), (x, 0.78)], 0.035, hexed("#7fb0e0") if x else hexed("#f2c63c"))
        pen.blob(
            [(x - 0.025, 0.8), (x, 0.9), (x + 0.025, 0.8), (x, 0.78)], hexed("#ffc24a"), fill=Fill.SHINING
        )
        [(at_x, at_y)] = pen.placed([(x, 0.83)])
        pen.canvas.glow(at_x, at_y, pen.size * 0.13, hexed("#ffe0a0"), 0.5)


def fruit(pen: Pen, colour: Colour | None = None) -> None:
    """A bowl of it."""
    rng = pen.canvas.rng
    kinds = ["#d8423c", "#e8a33a", "#8fb84a", "#f2c63c", "#c8566a"]
    pen.shadow(0.6)
    for x, y, size in (
        (-0.24, 0.46, 0.2),
        (0.24, 0.46, 0.2),
        (0, 0.52, 0.22),
        (-0.1, 0.74, 0.19),
        (0.15, 0.72, 0.18),
    ):
        skin = varied(colour or hexed(str(rng.choice(kinds))), rng, 0.03)
        points = [
            (x, y + size * 0.86),
            (x + size * 0.6, y + size * 0.92),
            (x + size, y + size * 0.2),
            (x + size * 0.6, y - size * 0.8),
            (x, y - size * 0.88),
            (x - size * 0.6, y - size * 0.8),
            (x - size, y + size * 0.2),
            (x - size * 0.6, y + size * 0.92),
        ]
        pen.blob(points, skin)
        pen.stroke([(x, y + size * 0.8), (x + 0.02, y + size * 1.2)], 0.018, hexed("#5a4030"), fill=Fill.FLAT)
        pen.blob(
            [(x + 0.02, y + size * 1.05), (x + 0.1, y + size * 1.3), (x + 0.16, y + size * 1.15)],
            hexed("#5f9a4a"),
        )
    glaze = hexed(str(rng.choice(["#5a7fa8", "#efe6d6", "#a8785a"])))
    pen.blob(
        [(-0.6, 0.42), (-0.46, 0.14), (-0.2, 0.03), (0.2, 0.03), (0.46, 0.14), (0.6, 0.42), (0, 0.34)], glaze
    )
    pen.stroke([(-0.52, 0.28), (0, 0.2), (0.52, 0.28)], 0.025, lit(glaze, 1.3), fill=Fill.FLAT)


def vase(pen: Pen, colour: Colour | None = None) -> None:
    rng = pen.canvas.rng
    glaze = colour or hexed(str(rng.choice(["#e9eef2", "#5f8fae", "#b9785a", "#7a9a7a"])))
    pen.shadow(0.34)
    blooms = [hexed(one) for one in ("#e8657f", "#f4b64d", "#f2efe6", "#b07ad0", "#ee8f6a")]
    for angle in (-0.75, -0.4, -0.1, 0.25, 0.6):
        x, y = 0.52 * math.sin(angle), 0.5 + 0.46 * math.cos(angle)
        pen.stroke([(0, 0.46), (x * 0.5, 0.5 + (y - 0.5) * 0.55), (x, y)], 0.018, hexed("#4f8a4a"))
    for angle in (-0.95, 0.85, -0.25, 0.42):
        x, y = 0.38 * math.sin(angle), 0.5 + 0.3 * math.cos(angle)
        pen.blob([(x * 0.5, 0.55), (x, y + 0.05), (x * 1.3, y + 0.02), (x * 0.8, y - 0.08)], hexed("#6aa85a"))
    for index, angle in enumerate((-0.75, 0.6, -0.4, 0.25, -0.1)):
        x, y = 0.52 * math.sin(angle), 0.5 + 0.46 * math.cos(angle)
        head(pen.at(x, y, 0.13), varied(blooms[(index + int(rng.integers(5))) % 5], rng, 0.03))
    pen.blob(
        [
            (-0.09, 0.54),
            (-0.08, 0.44),
            (-0.24, 0.28),
            (-0.16, 0.04),
            (0.16, 0.04),
            (0.24, 0.28),
            (0.08, 0.44),
            (0.09, 0.54),
        ],
        glaze,
    )
    ink = hexed("#3f5fa8") if sum(glaze) > 2.4 else lit(glaze, 1.35)
    for y, half in ((0.12, 0.16), (0.36, 0.17)):
        pen.stroke([(-half, y), (0, y - 0.02), (half, y)], 0.014, ink, fill=Fill.FLAT)
    for x in (-0.1, 0.0, 0.1):
        head(pen.at(x, 0.24, 0.045), ink, petals=5)


def book(pen: Pen, colour: Colour | None = None) -> None:
    """A pile, with one that lies open on it."""
    rng = pen.canvas.rng
    covers = ["#a8483c", "#3f6a8f", "#5f8a5a", "#c99a3f", "#6f5a8a"]
    pen.shadow(0.66)
    y = 0.0
    for index in range(3):
        cover = colour if colour and index == 0 else hexed(covers[(index + int(rng.integers(5))) % 5])
        shift = float(rng.uniform(-0.05, 0.05))
        pen.box(shift, y, 1.0 - index * 0.06, 0.14, cover, soft=0.025)
        pen.box(shift + 0.02, y + 0.025, 0.96 - index * 0.06, 0.09, hexed("#f3ead6"), fill=Fill.FLAT)
        pen.box(shift - 0.42 + index * 0.03, y, 0.08, 0.14, lit(cover, 0.85), fill=Fill.FLAT)
        y += 0.15
    for side in (-1, 1):
        page = [
            (0, y + 0.05),
            (side * 0.26, y + 0.14),
            (side * 0.52, y + 0.08),
            (side * 0.6, y + 0.3),
            (side * 0.3, y + 0.38),
            (0, y + 0.27),
        ]
        pen.blob(page, hexed("#f8f1e0"))
        for line in range(4):
            low = y + 0.13 + line * 0.05
            pen.stroke(
                [(side * 0.08, low), (side * 0.3, low + 0.04), (side * 0.48, low)],
                0.01,
                hexed("#b8ab95"),
                fill=Fill.FLAT,
            )


def lantern(pen: Pen, colour: Colour | None = None) -> None:
    red = colour or hexed("#e0483a")
    [(x, y)] = pen.placed([(0, 0.5)])
    pen.canvas.glow(x, y, pen.size * 1.0, hexed("#ffb05a"), 0.55 if pen.canvas.light.is_dark else 0.2)
    pen.stroke([(0, 0.86), (0, 1.15)], 0.02, hexed("#5a4030"), fill=Fill.FLAT)
    for wide in (1.0, 0.66, 0.3):
        shade = lit(red, 0.9 + 0.25 * (1 - wide))
        pen.blob(
            [
                (-0.36 * wide, 0.5),
                (-0.28 * wide, 0.74),
                (0, 0.82),
                (0.28 * wide, 0.74),
                (0.36 * wide, 0.5),
                (0.28 * wide, 0.26),
                (0, 0.18),
                (-0.28 * wide, 0.26),
            ],
            shade,
            fill=Fill.BODY if wide == 1 else Fill.SHINING,
            outline=wide == 1,
            alpha=1.0 if wide == 1 else 0.55,
        )
    pen.ellipse(0, 0.48, 0.12, 0.18, hexed("#ffd98a"), fill=Fill.SHINING, alpha=0.6)
    for low in (0.15, 0.8):
        pen.box(0, low, 0.3, 0.06, hexed("#d9a63a"))
    for step in (-0.06, 0.0, 0.06):
        pen.stroke([(step, 0.15), (step * 1.3, -0.1)], 0.016, hexed("#d9a63a"), fill=Fill.FLAT)


def umbrella(pen: Pen, colour: Colour | None = None) -> None:
    main = colour or hexed(str(pen.canvas.rng.choice(["#d8463c", "#3f7fc0", "#e8a63a", "#7a5ab0"])))
    pen.stroke([(0, 0.9), (0, 0.1), (0.05, 0.02), (0.13, 0.06)], 0.028, hexed("#7a5236"))
    for index in range(6):
        left, right = -0.6 + index * 0.2, -0.4 + index * 0.2
        colour_here = lit(main, 1.0 if index % 2 else 0.82)
        pen.blob(
            [
                (left, 0.52),
                ((left + right) / 2, 0.57),
                (right, 0.52),
                (right * 0.66, 0.86),
                (0, 1.0),
                (left * 0.66, 0.86),
            ],
            colour_here,
        )


def guitar(pen: Pen, colour: Colour | None = None) -> None:
    wood = colour or hexed("#c07a3a")
    pen.shadow(0.3)
    pen.stroke([(0, 0.5), (0, 1.0)], 0.07, hexed("#5a3a28"))
    pen.box(0, 1.0, 0.12, 0.14, hexed("#4a3024"), soft=0.02)
    pen.blob(
        [
            (-0.3, 0.2),
            (-0.17, 0.44),
            (-0.22, 0.62),
            (0, 0.7),
            (0.22, 0.62),
            (0.17, 0.44),
            (0.3, 0.2),
            (0, 0.01),
        ],
        wood,
    )
    pen.ellipse(0, 0.44, 0.09, 0.09, hexed("#3a261c"), fill=Fill.FLAT)
    pen.box(0, 0.16, 0.2, 0.035, hexed("#4a3024"))
    for x in (-0.02, 0.0, 0.02):
        pen.stroke([(x, 0.18), (x, 1.02)], 0.004, hexed("#f0e6d0"), fill=Fill.FLAT)


def clock(pen: Pen, colour: Colour | None = None) -> None:
    rim = colour or hexed(str(pen.canvas.rng.choice(["#c99a3f", "#a8583c", "#4f7f8a"])))
    pen.shadow(0.36)
    for side in (-1, 1):
        pen.stroke([(side * 0.2, 0.14), (side * 0.3, 0.0)], 0.06, lit(rim, 0.7))
        pen.ellipse(side * 0.26, 0.9, 0.15, 0.11, rim, turn=side * -0.5)
    pen.ellipse(0, 0.5, 0.42, 0.42, rim)
    pen.ellipse(0, 0.5, 0.34, 0.34, hexed("#f8f3e6"))
    for hour in range(12):
        angle = hour / 12 * 2 * math.pi
        pen.ellipse(0.28 * math.cos(angle), 0.5 + 0.28 * math.sin(angle), 0.017, 0.017, DARK, fill=Fill.FLAT)
    turn = float(pen.canvas.rng.uniform(0, 6.28))
    for length, width, angle in ((0.15, 0.03, turn), (0.24, 0.02, turn * 12)):
        pen.stroke(
            [(0, 0.5), (length * math.cos(angle), 0.5 + length * math.sin(angle))],
            width,
            DARK,
            fill=Fill.FLAT,
        )


def crystal(pen: Pen, colour: Colour | None = None) -> None:
    main = colour or hexed(str(pen.canvas.rng.choice(["#7ac8f0", "#b07ae8", "#6ae0b0", "#f08ab8"])))
    pen.shadow(0.5)
    [(x, y)] = pen.placed([(0, 0.45)])
    pen.canvas.glow(x, y, pen.size * 0.8, main, 0.35)
    for at, tall, lean in ((-0.3, 0.55, -0.12), (0.3, 0.62, 0.14), (-0.12, 0.8, -0.05), (0.06, 1.0, 0.03)):
        wide = 0.13
        tip = (at + lean, tall)
        faces = (
            ((-wide, 0.0), (-wide * 0.3, 0.0), 0.8),
            ((-wide * 0.3, 0.0), (wide * 0.5, 0.0), 1.15),
            ((wide * 0.5, 0.0), (wide, 0.0), 0.65),
        )
        for (left, _), (right, _), shade in faces:
            shoulder = tall * 0.74
            points = [
                (at + left, 0),
                (at + right, 0),
                (at + right + lean * 0.74, shoulder),
                tip,
                (at + left + lean * 0.74, shoulder),
            ]
            pen.polygon(points, lit(mixed(main, WHITE, 0.15 if shade > 1 else 0), shade), fill=Fill.LAND)


def pumpkin(pen: Pen, colour: Colour | None = None) -> None:
    orange = colour or hexed("#e8822c")
    pen.shadow(0.5)
    for x in (-0.3, 0.3, -0.17, 0.17, 0.0):
        pen.ellipse(x, 0.36, 0.24, 0.35, lit(orange, 1.05 - abs(x) * 0.6))
    pen.stroke([(0, 0.68), (0.02, 0.8), (0.1, 0.88)], 0.08, hexed("#6a8a3f"))
    for side in (-1, 1):
        pen.polygon(
            [(side * 0.1, 0.42), (side * 0.28, 0.42), (side * 0.19, 0.56)],
            hexed("#ffd25a"),
            fill=Fill.SHINING,
        )
    pen.blob(
        [(-0.3, 0.3), (0, 0.2), (0.3, 0.3), (0.12, 0.14), (-0.12, 0.14)], hexed("#ffd25a"), fill=Fill.SHINING
    )


def sculpture(pen: Pen, colour: Colour | None = None) -> None:
    """What stands for a thing that has no shape here: solids upon each other, others each time."""
    rng = pen.canvas.rng
    tone = colour or hexed(str(rng.choice(["#e0785a", "#4f8fae", "#8fae6a", "#c99ac0", "#e8b84a"])))
    tones = [tone, varied(tone, rng, 0.14), mixed(tone, WHITE, 0.45), lit(tone, 0.7)]
    pen.shadow(0.5)
    pen.box(0, 0, 0.86, 0.1, hexed("#d9d2c6"), soft=0.03)
    y = 0.1
    for index in range(4):
        wide, tall = float(rng.uniform(0.22, 0.6)), float(rng.uniform(0.16, 0.28))
        x, kind = float(rng.uniform(-0.08, 0.08)), int(rng.integers(4))
        shade = tones[index % 4]
        if kind == 0:
            pen.ellipse(x, y + tall / 2, tall * 0.62, tall / 2 + 0.02, shade)
        elif kind == 1:
            pen.box(x, y, wide, tall, shade, soft=0.05)
        elif kind == 2:
            pen.polygon(
                [
                    (x - wide / 2, y),
                    (x + wide / 2, y),
                    (x + wide * 0.28, y + tall),
                    (x - wide * 0.28, y + tall),
                ],
                shade,
            )
        else:
            pen.ellipse(x, y + tall / 2, wide / 2, tall / 2, shade)
            pen.ellipse(x, y + tall / 2, wide * 0.2, tall * 0.2, lit(shade, 0.6))
        y += tall
    pen.ellipse(0, y + 0.07, 0.09, 0.09, tones[2])
