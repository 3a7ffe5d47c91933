"""Houses, towers, bridges."""

from generation.providers.image.procedural.canvas import Fill
from generation.providers.image.procedural.colours import Colour, hexed, lit
from generation.providers.image.procedural.pen import Pen

STONE = "#b9b2a6"


def window(pen: Pen, x: float, y: float, width: float, height: float) -> None:
    is_dark = pen.canvas.light.is_dark
    pen.box(x, y, width * 1.25, height * 1.16, hexed("#efe6d6"), fill=Fill.FLAT)
    glass = hexed("#ffd98a") if is_dark else hexed("#7fa8c4")
    pen.box(x, y + height * 0.08, width, height, glass, fill=Fill.SHINING if is_dark else Fill.FLAT)
    pen.box(x, y + height * 0.08, width * 0.09, height, hexed("#efe6d6"), fill=Fill.FLAT)
    if is_dark:
        [(at_x, at_y)] = pen.placed([(x, y + height / 2)])
        pen.canvas.glow(at_x, at_y, pen.size * width * 2.2, glass, 0.35)


def house(pen: Pen, colour: Colour | None = None) -> None:
    rng = pen.canvas.rng
    wall = colour or hexed(str(rng.choice(["#f0e2c8", "#e8c9a0", "#d9e0e0", "#e6b8a0", "#b98a62"])))
    roof = hexed(str(rng.choice(["#b0503c", "#6a5a6a", "#8a4a34", "#4f6a7a"])))
    pen.shadow(0.6)
    pen.box(0.24, 0.62, 0.1, 0.34, lit(hexed("#a87a62"), 0.9))
    pen.box(0, 0, 0.86, 0.5, wall, fill=Fill.LAND, foot=lit(wall, 0.85))
    pen.polygon(
        [(-0.43, 0), (-0.43, 0.5), (-0.18, 0.5), (-0.18, 0)], lit(wall, 0.88), fill=Fill.LAND, outline=False
    )
    pen.polygon(
        [(-0.54, 0.47), (-0.3, 0.86), (0.3, 0.86), (0.54, 0.47)], roof, fill=Fill.LAND, foot=lit(roof, 0.8)
    )
    for row in range(4):
        y = 0.52 + row * 0.085
        half = 0.52 - row * 0.055
        pen.stroke([(-half, y), (half, y)], 0.01, lit(roof, 0.75), fill=Fill.FLAT, alpha=0.7)
    pen.box(0.0, 0, 0.17, 0.32, hexed("#7a4f34"), soft=0.02)
    pen.ellipse(0.05, 0.15, 0.014, 0.014, hexed("#e8c05a"), fill=Fill.FLAT)
    for x in (-0.28, 0.28):
        window(pen, x, 0.18, 0.14, 0.18)


def pagoda(pen: Pen, colour: Colour | None = None) -> None:
    wall, roof = colour or hexed("#b8483a"), hexed("#3f4a56")
    floors = int(pen.canvas.rng.integers(2, 5))
    tall = 0.86 / floors
    pen.shadow(0.5)
    pen.box(0, 0, 0.84, 0.05, hexed(STONE))
    for floor in range(floors):
        y, wide = 0.05 + floor * tall, 0.62 * (1 - 0.62 * floor / max(floors, 3))
        pen.box(0, y, wide * 0.8, tall * 0.62, wall, fill=Fill.LAND, foot=lit(wall, 0.8))
        for column in range(5):
            x = (column - 2) * wide * 0.19
            pen.box(x, y, 0.024, tall * 0.62, hexed("#7a2f28"), fill=Fill.FLAT)
        for x in (-0.19, 0.19):
            window(pen, x * wide * 2 * 0.5, y + tall * 0.16, wide * 0.12, tall * 0.26)
        eave, lift = y + tall * 0.58, tall * 0.2
        pen.blob(
            [
                (-wide * 0.78, eave + lift * 0.9),
                (-wide * 0.5, eave),
                (0, eave - lift * 0.16),
                (wide * 0.5, eave),
                (wide * 0.78, eave + lift * 0.9),
                (wide * 0.34, eave + tall * 0.34),
                (0, eave + tall * 0.4),
                (-wide * 0.34, eave + tall * 0.34),
            ],
            roof,
        )
        pen.stroke(
            [(-wide * 0.5, eave + 0.01), (0, eave - lift * 0.1), (wide * 0.5, eave + 0.01)],
            0.014,
            hexed("#d9b04a"),
            fill=Fill.FLAT,
        )
        if floor == 0:
            for x in (-wide * 0.55, wide * 0.55):
                [(at_x, at_y)] = pen.placed([(x, eave - 0.09)])
                pen.canvas.glow(
                    at_x, at_y, pen.size * 0.16, hexed("#ffb860"), 0.5 if pen.canvas.light.is_dark else 0.0
                )
                pen.ellipse(x, eave - 0.09, 0.035, 0.045, hexed("#e8503a"), fill=Fill.SHINING)
    pen.stroke([(0, 0.9), (0, 1.08)], 0.03, hexed("#d9b04a"), taper=0.3)


def castle(pen: Pen, colour: Colour | None = None) -> None:
    stone, roof = colour or hexed("#c2b8aa"), hexed("#5a6f9a")
    pen.shadow(0.7)
    for x, wide, tall in ((-0.28, 0.16, 0.66), (0.28, 0.16, 0.7), (0.0, 0.2, 0.8)):
        _turret(pen, x, wide, tall, lit(stone, 0.92), roof)
    pen.box(0, 0, 0.9, 0.36, stone, fill=Fill.LAND, foot=lit(stone, 0.82))
    for step in range(9):
        pen.box(-0.4 + step * 0.1, 0.36, 0.055, 0.05, stone, fill=Fill.LAND)
    for x in (-0.46, 0.46):
        _turret(pen, x, 0.18, 0.5, stone, roof)
    pen.box(0, 0, 0.2, 0.16, hexed("#5a4030"))
    pen.ellipse(0, 0.16, 0.1, 0.1, hexed("#5a4030"))
    for x in (-0.26, 0.26):
        window(pen, x, 0.16, 0.06, 0.1)


def _turret(pen: Pen, x: float, wide: float, tall: float, stone: Colour, roof: Colour) -> None:
    pen.box(x, 0, wide, tall, stone, fill=Fill.LAND, foot=lit(stone, 0.8))
    pen.box(
        x + wide * 0.25 * -pen.canvas.side,
        0,
        wide * 0.5,
        tall,
        lit(stone, 0.86),
        fill=Fill.LAND,
        outline=False,
    )
    pen.box(x, tall, wide * 1.25, 0.04, lit(stone, 1.05), fill=Fill.LAND)
    pen.polygon(
        [(x - wide * 0.72, tall + 0.04), (x + wide * 0.72, tall + 0.04), (x, tall + wide * 1.7)], roof
    )
    window(pen, x, tall * 0.66, wide * 0.3, wide * 0.45)
    top = tall + wide * 1.7
    pen.stroke([(x, top), (x, top + 0.07)], 0.008, hexed("#4a4a4a"), fill=Fill.FLAT)
    pen.polygon([(x, top + 0.07), (x + 0.07, top + 0.05), (x, top + 0.03)], hexed("#d8423c"), fill=Fill.FLAT)


def lighthouse(pen: Pen, colour: Colour | None = None) -> None:
    red = colour or hexed("#d0463c")
    rock = hexed("#7a7068")
    pen.blob(
        [(-0.45, -0.02), (-0.32, 0.1), (-0.1, 0.14), (0.18, 0.12), (0.42, 0.04), (0.5, -0.04), (0, -0.08)],
        rock,
    )
    for part in range(5):
        low, high = 0.1 + part * 0.132, 0.1 + (part + 1) * 0.132
        half_low, half_high = 0.15 - part * 0.014, 0.15 - (part + 1) * 0.014
        points = [(-half_low, low), (half_low, low), (half_high, high), (-half_high, high)]
        pen.polygon(points, red if part % 2 else hexed("#f4efe6"))
    pen.box(0, 0.755, 0.24, 0.03, hexed("#4a4f5a"))
    pen.box(0, 0.785, 0.12, 0.1, hexed("#ffe9a0"), fill=Fill.SHINING)
    pen.blob([(-0.09, 0.885), (0, 0.98), (0.09, 0.885)], red)
    [(x, y)] = pen.placed([(0, 0.83)])
    canvas = pen.canvas
    canvas.glow(x, y, pen.size * 0.3, hexed("#ffe9a0"), 0.6)
    if canvas.light.is_dark or canvas.light.height < 0.2:
        for side in (-1, 1):
            far = canvas.unit * 1.2
            for narrow in (1.0, 0.6, 0.3):
                beam = [
                    (x, y),
                    (x + side * far, y - far * 0.13 * narrow),
                    (x + side * far, y + far * 0.06 * narrow),
                ]
                canvas.shape(beam, hexed("#fff0b8"), fill=Fill.SHINING, alpha=0.12)
    window(pen, 0, 0.42, 0.05, 0.07)


def windmill(pen: Pen, colour: Colour | None = None) -> None:
    wall = colour or hexed("#efe4d0")
    pen.shadow(0.4)
    pen.polygon([(-0.2, 0), (0.2, 0), (0.12, 0.6), (-0.12, 0.6)], wall)
    pen.blob([(-0.15, 0.59), (0, 0.76), (0.15, 0.59)], hexed("#8a4a38"))
    pen.box(0, 0, 0.1, 0.17, hexed("#7a4f34"))
    window(pen, 0, 0.34, 0.07, 0.09)
    turn = float(pen.canvas.rng.uniform(0, 1.5))
    for blade in range(4):
        part = pen.at(0, 0.64, turn=turn + blade * 1.5708)
        part.stroke([(0, 0), (0, 0.42)], 0.022, hexed("#6b4a34"), fill=Fill.FLAT)
        part.polygon([(0.012, 0.1), (0.1, 0.1), (0.1, 0.42), (0.012, 0.42)], hexed("#f6f0e4"))
    pen.ellipse(0, 0.64, 0.03, 0.03, hexed("#5a4030"))


def bridge(pen: Pen, colour: Colour | None = None) -> None:
    """An arch over water."""
    stone = colour or hexed("#a89c8c")
    arch = [(-0.48, 0), (-0.4, 0.16), (-0.22, 0.32), (0, 0.38), (0.22, 0.32), (0.4, 0.16), (0.48, 0)]
    outer = [(1.0, 0.0), (0.9, 0.12), (0.5, 0.4), (0, 0.54), (-0.5, 0.4), (-0.9, 0.12), (-1.0, 0.0)]
    pen.polygon([*arch, *outer], stone, fill=Fill.LAND, foot=lit(stone, 0.8))
    for step in range(-4, 5):
        x = step * 0.2
        y = 0.54 - 0.56 * (x * x) * 0.72
        pen.box(x, y - 0.02, 0.035, 0.15, lit(stone, 1.08))
    rail = [(x / 10, 0.66 - 0.4 * (x / 10) ** 2) for x in range(-9, 10, 3)]
    pen.stroke(rail, 0.03, lit(stone, 1.12))
