"""Trees, flowers, grass."""

import math

from generation.providers.image.procedural.canvas import Fill, Style
from generation.providers.image.procedural.colours import Colour, hexed, lit, mixed, varied
from generation.providers.image.procedural.pen import Pen

LEAVES = {
    "spring": ("#a9d06a", "#8cc063", "#c3dc7d"),
    "summer": ("#4f9a4a", "#3d8344", "#6bb058"),
    "autumn": ("#d9822b", "#c4502e", "#e8b23c"),
    "winter": ("#c9d4dc", "#e8eef4", "#b5c2cc"),
}
BARK = "#6b4a34"


def leaf_colours(pen: Pen, season: str) -> list[Colour]:
    return [varied(hexed(one), pen.canvas.rng, 0.02) for one in LEAVES.get(season, LEAVES["summer"])]


def _far(pen: Pen, colour: Colour, far: float) -> Colour:
    return mixed(colour, pen.canvas.light.horizon, far)


def tree_of(pen: Pen, name: str, season: str, weather: str, *, far: float = 0.0) -> None:
    if weather == "snow":
        season = "winter"
    kinds = {"pine": pine, "bamboo": bamboo, "palm": palm, "blossom": blossom}
    kinds.get(name, round_tree)(pen, season, far)


def round_tree(pen: Pen, season: str = "", far: float = 0.0) -> None:
    _crowned(pen, leaf_colours(pen, season), far)


def blossom(pen: Pen, season: str = "", far: float = 0.0) -> None:
    _crowned(pen, [hexed("#f6b6c8"), hexed("#f9d3dc"), hexed("#ee93ae")], far)


def _crowned(pen: Pen, leaves: list[Colour], far: float) -> None:
    rng = pen.canvas.rng
    bark = _far(pen, hexed(BARK), far)
    lean = rng.uniform(-0.06, 0.06)
    pen.stroke([(0, 0), (lean * 0.5, 0.25), (lean, 0.55)], 0.085, bark, taper=0.5)
    for side in (-1, 1):
        pen.stroke([(lean * 0.6, 0.32), (side * 0.12, 0.45), (side * 0.2, 0.58)], 0.04, bark, taper=0.4)
    clumps = sorted(
        ((rng.uniform(0, 6.28), rng.uniform(0.05, 0.24)) for _ in range(9)),
        key=lambda one: -math.sin(one[0]) * one[1],
    )
    dark = _far(pen, lit(leaves[1], 0.8), far)
    pen.blob(_lumpy(rng, lean, 0.68, 0.33, 0.27), dark)
    for index, (angle, away) in enumerate(clumps):
        x, y = lean + away * 1.15 * math.cos(angle), 0.7 + away * 0.9 * math.sin(angle)
        size = rng.uniform(0.11, 0.17)
        pen.blob(_lumpy(rng, x, y, size * 1.15, size), _far(pen, leaves[index % 3], far), outline=False)
    if pen.canvas.style is Style.REALISTIC and pen.size > pen.canvas.unit * 0.24:
        for _ in range(34):
            angle, away = rng.uniform(0, 6.28), 0.3 * math.sqrt(rng.random())
            x, y = lean + away * 1.1 * math.cos(angle), 0.69 + away * 0.9 * math.sin(angle)
            shade = 0.75 + 0.55 * max(min((y - 0.45) / 0.5, 1), 0)
            colour = _far(pen, lit(leaves[int(rng.integers(3))], shade), far)
            pen.blob(_lumpy(rng, x, y, 0.046, 0.036), colour, fill=Fill.FLAT, alpha=0.7)


def _lumpy(
    rng: object, x: float, y: float, rx: float, ry: float, count: int = 9
) -> list[tuple[float, float]]:
    points = []
    for step in range(count):
        angle = step / count * 2 * math.pi
        part = rng.uniform(0.86, 1.12)  # type: ignore[attr-defined]
        points.append((x + rx * part * math.cos(angle), y + ry * part * math.sin(angle)))
    return points


def pine(pen: Pen, season: str = "", far: float = 0.0) -> None:
    rng = pen.canvas.rng
    pen.box(0, 0, 0.07, 0.2, _far(pen, hexed(BARK), far))
    green = varied(hexed("#2f6b4f"), rng, 0.03)
    for tier in range(5):
        y, half = 0.12 + tier * 0.17, 0.26 * (1 - tier * 0.17)
        colour = _far(pen, lit(green, 0.85 + 0.08 * tier), far)
        points = [
            (-half, y),
            (-half * 0.5, y - 0.02),
            (0, y + 0.01),
            (half * 0.5, y - 0.02),
            (half, y),
            (0, y + 0.3),
        ]
        pen.polygon(points, colour)
        if season == "winter":
            snow = [
                (-half * 0.62, y + 0.12),
                (-half * 0.2, y + 0.1),
                (half * 0.15, y + 0.13),
                (half * 0.5, y + 0.14),
                (0, y + 0.3),
            ]
            pen.polygon(snow, _far(pen, (0.95, 0.97, 1.0), far), outline=False)


def palm(pen: Pen, season: str = "", far: float = 0.0) -> None:
    rng = pen.canvas.rng
    lean = rng.uniform(0.05, 0.2) * (1 if rng.random() < 0.5 else -1)
    pen.stroke([(0, 0), (lean * 0.4, 0.4), (lean, 0.82)], 0.055, _far(pen, hexed("#8a6a4a"), far), taper=0.6)
    for index in range(9):
        angle = math.pi * (index / 8) * 1.3 - 0.47
        x, y = math.cos(angle), math.sin(angle)
        colour = _far(pen, lit(varied(hexed("#3f8f4f"), rng, 0.03), 0.85 + 0.05 * index % 0.3), far)
        tip = (lean + 0.34 * x, 0.82 + 0.2 * y - 0.06)
        pen.blob(
            [(lean, 0.82), (lean + 0.18 * x, 0.87 + 0.17 * y), tip, (lean + 0.17 * x, 0.82 + 0.12 * y)],
            colour,
        )


def bamboo(pen: Pen, season: str = "", far: float = 0.0) -> None:
    rng = pen.canvas.rng
    green = varied(hexed("#6f9f4f"), rng, 0.03)
    for stem in (-0.14, 0.02, 0.16):
        top = rng.uniform(0.95, 1.2)
        lean = rng.uniform(-0.05, 0.05)
        pen.stroke([(stem, 0), (stem + lean * top, top)], 0.036, _far(pen, green, far), taper=0.8)
        for joint in range(1, 8):
            y = top * joint / 8
            x = stem + lean * y
            ring = [(x - 0.02, y), (x + 0.02, y)]
            pen.stroke(ring, 0.01, _far(pen, lit(green, 0.68), far), fill=Fill.FLAT)
        for _ in range(7):
            y = top * rng.uniform(0.45, 1.0)
            x, side = stem + lean * y, 1 if rng.random() < 0.5 else -1
            leaf = [
                (x, y),
                (x + side * 0.08, y + 0.02),
                (x + side * 0.18, y - 0.05),
                (x + side * 0.08, y - 0.03),
            ]
            pen.blob(leaf, _far(pen, lit(green, rng.uniform(0.7, 1.15)), far))


def grass(pen: Pen, colour: Colour) -> None:
    for x, tip, tall in ((-0.12, -0.4, 0.7), (0.0, 0.05, 1.0), (0.12, 0.42, 0.75)):
        pen.polygon([(x - 0.07, 0), (x + 0.07, 0), (tip, tall)], colour, fill=Fill.FLAT)


def flower(pen: Pen, colour: Colour | None = None) -> None:
    """A bunch of a few."""
    rng = pen.canvas.rng
    green = hexed("#4f8f4a")
    kinds = ["#e8657f", "#f4a63d", "#9a6ad0", "#f2efe6", "#e8483f"]
    main = colour or hexed(str(rng.choice(kinds)))
    for x, y, size in ((-0.26, 0.62, 0.16), (0.26, 0.66, 0.16), (0.0, 0.84, 0.2)):
        pen.stroke([(x * 0.3, 0), (x * 0.8, y * 0.5), (x, y)], 0.03, green)
        side = 1 if x >= 0 else -1
        leaf = [
            (x * 0.5, y * 0.3),
            (x * 0.5 + side * 0.1, y * 0.42),
            (x * 0.5 + side * 0.22, y * 0.5),
            (x * 0.5 + side * 0.12, y * 0.3),
        ]
        pen.blob(leaf, lit(green, 0.9))
        head(pen.at(x, y, size), varied(main, rng, 0.03))


def head(pen: Pen, colour: Colour, petals: int = 8, middle: str = "#f3c445") -> None:
    for ring, size in ((0.0, 0.62), (0.39, 0.46)):
        for petal in range(petals):
            angle = ring + petal / petals * 2 * math.pi
            x, y = size * math.cos(angle), size * math.sin(angle)
            pen.ellipse(x, y, size * 0.72, size * 0.44, lit(colour, 0.9 if ring == 0 else 1.06), turn=angle)
    pen.ellipse(0, 0, 0.27, 0.27, hexed(middle))


def sunflower(pen: Pen, colour: Colour | None = None) -> None:
    green = hexed("#4f8a3f")
    pen.stroke([(0.02, 0), (-0.03, 0.35), (0, 0.7)], 0.045, green)
    for side, y in ((-1, 0.22), (1, 0.34)):
        pen.blob([(0, y), (side * 0.12, y + 0.12), (side * 0.3, y + 0.1), (side * 0.14, y - 0.02)], green)
    head(pen.at(0, 0.74, 0.27), colour or hexed("#f2b92e"), petals=14, middle="#6b4322")


def lotus(pen: Pen, colour: Colour | None = None) -> None:
    pink = colour or hexed("#f3a9bf")
    for x, size in ((-0.42, 0.3), (0.45, 0.34), (0.05, 0.42)):
        pen.ellipse(x, 0.02, size, size * 0.26, hexed("#4f8f5f"))
    for angle in (-1.15, 1.15, -0.75, 0.75, -0.36, 0.36, 0.0):
        x, y = 0.36 * math.sin(angle), 0.1 + 0.42 * math.cos(angle)
        wide = 0.11
        petal = [
            (0, 0.08),
            (x - wide * math.cos(angle), y * 0.62),
            (x, y + 0.1),
            (x + wide * math.cos(angle), y * 0.62),
        ]
        pen.blob(petal, mixed(pink, (1, 1, 1), 0.35 * (1 - abs(angle))))


def mushroom(pen: Pen, colour: Colour | None = None) -> None:
    red = colour or hexed("#d2463c")
    for x, size in ((-0.3, 0.45), (0.34, 0.35), (0.02, 0.95)):
        part = pen.at(x, 0, size)
        part.blob(
            [(-0.13, 0), (-0.1, 0.3), (-0.08, 0.55), (0.08, 0.55), (0.1, 0.3), (0.13, 0)], hexed("#f0e4cc")
        )
        part.blob([(-0.45, 0.5), (-0.34, 0.82), (0, 1.0), (0.34, 0.82), (0.45, 0.5), (0, 0.44)], red)
        for dot_x, dot_y, dot in (
            (-0.2, 0.68, 0.06),
            (0.05, 0.84, 0.07),
            (0.22, 0.64, 0.05),
            (-0.02, 0.6, 0.045),
        ):
            part.ellipse(dot_x, dot_y, dot * 1.15, dot, (0.98, 0.95, 0.9))


def cactus(pen: Pen, colour: Colour | None = None) -> None:
    green = colour or hexed("#4f9660")
    for side, y, tall in ((-1, 0.38, 0.28), (1, 0.28, 0.34)):
        pen.stroke(
            [(0, y), (side * 0.22, y), (side * 0.25, y + 0.08), (side * 0.25, y + tall)],
            0.12,
            lit(green, 0.92),
        )
    pen.box(0, 0, 0.24, 1.0, green, soft=0.12)
    for x in (-0.06, 0.0, 0.06):
        pen.stroke([(x, 0.08), (x, 0.9)], 0.008, lit(green, 0.72), fill=Fill.FLAT)
    head(pen.at(0.02, 1.0, 0.09), hexed("#f06a9a"), petals=6)
