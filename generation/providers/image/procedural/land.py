"""What lies under the sky, far to near: ranges, hills, water, fields, dunes, streets."""

import math

import numpy as np

from generation.providers.image.procedural.canvas import Canvas, Fill, Style
from generation.providers.image.procedural.colours import (
    WHITE,
    Colour,
    hexed,
    lit,
    mixed,
    saturated,
    varied,
    vector,
)
from generation.providers.image.procedural.noise import clouds, ridge, smoothstep
from generation.providers.image.procedural.pen import Pen, round_points
from generation.providers.image.procedural.plants import grass, tree_of


def hazed(canvas: Canvas, colour: Colour, far: float) -> Colour:
    """As it looks through air; 1 is the horizon."""
    return mixed(colour, canvas.light.horizon, far)


def ranges(
    canvas: Canvas, horizon: float, *, layers: int = 3, has_snow: bool = False, height: float = 0.32
) -> None:
    """Mountains behind each other."""
    rng = canvas.rng
    rock = varied(hexed(str(rng.choice(["#4a5a78", "#5a5566", "#4c6670", "#6a5a5a"]))), rng, 0.03)
    for layer in range(layers):
        near = (layer + 1) / layers
        line = ridge(rng, canvas.width // 2, roughness=rng.uniform(0.5, 0.6))
        tall = canvas.height * height * (1.05 - 0.45 * near) * rng.uniform(0.85, 1.15)
        base = canvas.height * (horizon + 0.02 * near)
        xs = np.linspace(0, canvas.width, len(line))
        ys = base - tall * (0.18 + 0.82 * line)
        colour = hazed(canvas, mixed(rock, hexed("#3f5f4a"), 0.5 * near), 0.72 - 0.5 * near)
        mist = hazed(canvas, colour, 0.55)
        points = [*zip(xs, ys, strict=True), (canvas.width, base + 4), (0, base + 4)]
        canvas.shape(points, colour, fill=Fill.LAND, foot=mist)
        if canvas.style is not Style.JAPANESE:
            _lit_sides(canvas, xs, ys, base, colour)
        if has_snow and layer < layers - 1 or has_snow and layers == 1:
            _snow_caps(canvas, xs, ys, tall, line, hazed(canvas, (0.95, 0.97, 1.0), 0.25 - 0.2 * near))


def _lit_sides(canvas: Canvas, xs: np.ndarray, ys: np.ndarray, base: float, colour: Colour) -> None:
    """The sides of peaks that the light meets."""
    step = max(len(xs) // 90, 1)
    peaks = [
        at
        for at in range(step * 2, len(ys) - step * 2, step)
        if ys[at] == ys[max(at - 3 * step, 0) : at + 3 * step + 1].min()
    ]
    rng = canvas.rng
    for at in peaks:
        down = (base - ys[at]) * rng.uniform(0.45, 0.85)
        side = canvas.side
        ridge_line = [(float(xs[at]), float(ys[at]) + 1)]
        for part in (0.3, 0.6, 1.0):
            ridge_line.append((float(xs[at]) + down * rng.uniform(-0.16, 0.16), float(ys[at]) + down * part))
        flank = []
        for part in (0.9, 0.5):
            x = xs[at] + side * down * part * rng.uniform(0.55, 0.8)
            index = int(np.clip(np.searchsorted(xs, x), 0, len(xs) - 1))
            flank.append((float(x), float(max(ys[index] + 2, ys[at] + down * part * 0.8))))
        canvas.shape([*ridge_line, *flank], lit(colour, 1.22), fill=Fill.LAND, alpha=0.5, outline=False)


def _snow_caps(
    canvas: Canvas, xs: np.ndarray, ys: np.ndarray, tall: float, line: np.ndarray, colour: Colour
) -> None:
    limit = ys.min() + tall * 0.34
    jag = canvas.rng.normal(0, tall * 0.045, len(xs))
    jag = np.convolve(jag, np.ones(5) / 5, mode="same") * 2.4
    lower = np.maximum(ys, np.minimum(limit + jag, ys + tall * 0.28))
    start = None
    for at in range(len(xs)):
        inside = ys[at] < limit and at < len(xs) - 1
        if inside and start is None:
            start = at
        elif not inside and start is not None:
            if at - start > 4:
                part = slice(start, at)
                top = list(zip(xs[part], ys[part], strict=True))
                foot = list(zip(xs[part][::-1], lower[part][::-1], strict=True))
                canvas.shape([*top, *foot], colour, fill=Fill.LAND, outline=False)
            start = None


def hills(canvas: Canvas, top: float, bottom: float, *, colours: list[Colour], layers: int = 3) -> None:
    """Rolling ground from `top` to `bottom` (shares of the height), far to near."""
    rng = canvas.rng
    for layer in range(layers):
        near = (layer + 1) / layers
        y = canvas.height * (top + (bottom - top) * layer / layers)
        xs = np.linspace(0, canvas.width, 60)
        waves = np.zeros_like(xs)
        for wave in range(1, 4):
            waves += np.sin(xs / canvas.width * rng.uniform(2, 7) + rng.uniform(0, 6)) / wave
        ys = y + canvas.height * 0.028 * (1.25 - 0.6 * near) * waves
        colour = hazed(canvas, varied(colours[layer % len(colours)], rng, 0.02), 0.42 * (1 - near))
        lower = canvas.height * 1.02
        points = [*zip(xs, ys, strict=True), (canvas.width, lower), (0, lower)]
        canvas.shape(points, lit(colour, 1.12), fill=Fill.LAND, foot=lit(colour, 0.72))


def greens(canvas: Canvas, season: str, weather: str) -> list[Colour]:
    """The colours of meadows."""
    if season == "winter" or weather == "snow":
        return [(0.86, 0.9, 0.96), (0.92, 0.95, 0.99), (0.97, 0.98, 1.0)]
    kinds = {"autumn": ("#c9a04a", "#b8863a", "#a8742f"), "spring": ("#a5cc72", "#86bd62", "#6fae56")}
    names = kinds.get(season, ("#8fbf66", "#6aa653", "#4f9148"))
    return [varied(hexed(name), canvas.rng, 0.025) for name in names]


def water(canvas: Canvas, top: float, colour: Colour, *, waves: float = 1.0) -> None:
    """From `top` down: it mirrors what is above, with ripples that widen towards the viewer."""
    y = int(canvas.height * top)
    depth = canvas.height - y
    if depth < 4:
        return
    rng = canvas.rng
    rows = np.arange(depth, dtype=np.float32)
    share = rows / depth
    ripple = clouds(rng, canvas.width, depth, cell=max(canvas.unit * 0.02, 3), octaves=3, stretch=7) - 0.5
    lift = np.clip(
        rows[:, None] * (0.9 + 0.15 * share[:, None]) + ripple * canvas.unit * 0.05 * share[:, None] * waves,
        0,
        y - 1,
    )
    slide = ripple * canvas.unit * 0.06 * (0.15 + share[:, None]) * waves
    columns = np.clip(np.arange(canvas.width)[None, :] + slide, 0, canvas.width - 1).astype(int)
    mirrored = canvas.pixels[np.clip(y - 1 - lift, 0, y - 1).astype(int), columns]
    tint = vector(canvas.coloured(colour, Fill.BODY))
    strength = (0.30 + 0.34 * share)[:, None, None]
    area = mirrored + strength * (tint - mirrored)
    crest = smoothstep(0.16, 0.34, ripple) * (0.12 + 0.4 * share[:, None]) * waves
    area = area + crest[..., None] * 0.55 * (vector(mixed(canvas.light.horizon, WHITE, 0.35)) - area)
    canvas.pixels[y:] = np.clip(area, 0, 1)
    if canvas.style is Style.CARTOON:
        for _ in range(26):
            near = rng.random() ** 0.7
            at_x, at_y = rng.uniform(0, canvas.width), y + depth * (0.05 + 0.9 * near)
            length = canvas.unit * (0.02 + 0.06 * near)
            canvas.shape(
                round_points(at_x, at_y, length, canvas.unit * 0.0022), WHITE, fill=Fill.SHINING, alpha=0.6
            )


def beach(canvas: Canvas, top: float) -> None:
    rng = canvas.rng
    xs = np.linspace(0, canvas.width, 50)
    ys = canvas.height * (top + 0.03 * np.sin(xs / canvas.width * rng.uniform(2, 5) + rng.uniform(0, 6)))
    for shift, colour, alpha in (
        (-0.012, WHITE, 0.85),
        (0.0, hexed("#c9ab7c"), 1.0),
        (0.02, hexed("#ecd9ac"), 1.0),
    ):
        moved = ys + canvas.height * shift
        points = [*zip(xs, moved, strict=True), (canvas.width, canvas.height + 4), (0, canvas.height + 4)]
        canvas.shape(points, colour, fill=Fill.LAND, alpha=alpha, outline=False)


def meadow_growth(
    canvas: Canvas, top: float, *, season: str, weather: str, flowers: Colour | None, count: int = 90
) -> None:
    """Tufts and flowers, larger towards the viewer."""
    rng = canvas.rng
    if season == "winter" or weather == "snow":
        return
    places = sorted((rng.random() ** 0.75, rng.uniform(0, canvas.width)) for _ in range(count))
    blade = greens(canvas, season, weather)[2]
    for near, x in places:
        y = canvas.height * (top + (1.02 - top) * near)
        size = canvas.unit * (0.01 + 0.045 * near)
        if flowers is not None and rng.random() < 0.5:
            pen = Pen(canvas, x, y, size)
            pen.stroke([(0, 0), (0.05, 0.9)], 0.1, lit(blade, 0.8), fill=Fill.FLAT)
            colour = varied(flowers if rng.random() < 0.7 else hexed("#f6f0e0"), rng, 0.05)
            for petal in range(5):
                angle = petal / 5 * 2 * math.pi
                pen.ellipse(
                    0.05 + 0.22 * math.cos(angle),
                    1 + 0.2 * math.sin(angle),
                    0.19,
                    0.17,
                    colour,
                    fill=Fill.FLAT,
                )
            pen.ellipse(0.05, 1, 0.12, 0.11, hexed("#f3c445"), fill=Fill.FLAT)
        else:
            grass(Pen(canvas, x, y, size), lit(varied(blade, rng, 0.03), float(rng.uniform(0.75, 1.1))))


def skyline(canvas: Canvas, base: float, *, layers: int = 3) -> None:
    """Towers of a city, with windows that are lit when it is dark."""
    rng = canvas.rng
    neon = [hexed(one) for one in ("#ff5ab0", "#5ad8ff", "#ffd25a", "#9a7aff")]
    for layer in range(layers):
        near = (layer + 1) / layers
        x = -canvas.unit * 0.05
        while x < canvas.width:
            width = canvas.unit * rng.uniform(0.05, 0.11) * (0.7 + 0.6 * near)
            tall = canvas.height * base * rng.uniform(0.25, 0.72) * (0.95 - 0.3 * near)
            wall = varied(
                hexed(str(rng.choice(["#5b6b86", "#77707c", "#8a7f78", "#4f6070", "#6c7f92"]))), rng, 0.03
            )
            colour = hazed(canvas, wall, 0.6 * (1 - near))
            pen = Pen(canvas, x + width / 2, canvas.height * base + 2, tall)
            _tower(pen, width / tall, colour, near, neon)
            x += width * rng.uniform(0.85, 1.2)


def _tower(pen: Pen, wide: float, colour: Colour, near: float, neon: list[Colour]) -> None:
    canvas, rng = pen.canvas, pen.canvas.rng
    pen.box(0, 0, wide, 1, colour, fill=Fill.LAND, foot=lit(colour, 0.75))
    pen.box(wide * 0.25 * -canvas.side, 0, wide * 0.5, 1, lit(colour, 0.84), fill=Fill.LAND, outline=False)
    roof = rng.random()
    if roof < 0.3:
        pen.box(0, 1, wide * 0.6, 0.06, lit(colour, 0.95), fill=Fill.LAND)
    elif roof < 0.5:
        pen.stroke([(0, 1), (0, 1.14)], 0.012, lit(colour, 0.7), fill=Fill.FLAT)
    elif roof < 0.65:
        pen.polygon([(-wide / 2, 1), (wide / 2, 1), (0, 1 + wide * 0.5)], lit(colour, 0.9), fill=Fill.LAND)
    is_dark = canvas.light.is_dark
    if near < 0.4:
        return
    columns = max(int(wide * pen.size / (canvas.unit * 0.017)), 2)
    rows = max(int(pen.size / (canvas.unit * 0.026)), 3)
    for row in range(1, rows):
        for column in range(columns):
            if rng.random() < (0.5 if is_dark else 0.2):
                continue
            x = (column + 0.5) / columns * wide * 0.9 - wide * 0.45
            shine = is_dark or rng.random() < 0.04
            glass = (
                (hexed("#ffdf9a") if rng.random() < 0.85 else neon[int(rng.integers(4))])
                if shine
                else lit(colour, 1.22)
            )
            pen.box(
                x,
                row / rows * 0.97,
                wide / columns * 0.5,
                0.42 / rows,
                glass,
                fill=Fill.SHINING if shine else Fill.FLAT,
                alpha=float(rng.uniform(0.55, 1)),
            )


def dunes(canvas: Canvas, horizon: float) -> None:
    rng = canvas.rng
    sand = varied(hexed("#dfa865"), rng, 0.03)
    for layer in range(5):
        near = (layer + 1) / 5
        y = canvas.height * (horizon + (0.98 - horizon) * (layer / 5) ** 1.3)
        xs = np.linspace(-20, canvas.width + 20, 80)
        phase, pitch = rng.uniform(0, 6), rng.uniform(2.2, 4.5)
        wave = np.sin(xs / canvas.width * pitch + phase)
        ys = y - canvas.height * 0.07 * (0.5 + near) * (1 - np.abs(wave)) ** 1.4
        colour = hazed(canvas, lit(sand, 1.06 - 0.1 * layer / 5), 0.45 * (1 - near))
        points = [*zip(xs, ys, strict=True), (canvas.width + 20, canvas.height + 9), (-20, canvas.height + 9)]
        canvas.shape(points, colour, fill=Fill.LAND, foot=lit(colour, 0.8))
        crests = [at for at in range(1, 79) if ys[at] < ys[at - 1] and ys[at] <= ys[at + 1]]
        for at in crests:
            reach = canvas.unit * rng.uniform(0.12, 0.24)
            x, top = float(xs[at]), float(ys[at])
            dark = [
                (x, top),
                (x - canvas.side * reach, top + reach * 0.35),
                (x - canvas.side * reach * 0.3, top + reach * 0.55),
            ]
            canvas.shape(dark, saturated(lit(colour, 0.72), 1.1), fill=Fill.LAND, alpha=0.6, outline=False)


def woods(canvas: Canvas, horizon: float, *, kind: str, season: str, weather: str) -> None:
    """Rows of trees behind each other, with light between them."""
    rng = canvas.rng
    for layer in range(3):
        near = (layer + 1) / 3
        y = canvas.height * (horizon + 0.015 + 0.13 * near**2)
        count = int((8 - layer if kind == "bamboo" else 12 - 3 * layer) * canvas.width / canvas.unit)
        for index in range(count):
            x = canvas.width * (index + rng.uniform(0.1, 0.9)) / count
            size = canvas.unit * (0.2 + 0.16 * near) * rng.uniform(0.8, 1.25)
            name = kind or str(rng.choice(["tree", "pine", "tree"]))
            tree_of(
                Pen(canvas, x, y + rng.uniform(0, 0.02) * canvas.height, size),
                name,
                season,
                weather,
                far=0.6 * (1 - near),
            )
        if layer < 2:
            _mist(canvas, y, 0.35)
    for _ in range(4):
        x = rng.uniform(0, canvas.width)
        lean = canvas.side * canvas.unit * rng.uniform(0.1, 0.3)
        width = canvas.unit * rng.uniform(0.02, 0.05)
        bottom = canvas.height * (horizon + 0.2)
        ray = [(x, 0), (x + width, 0), (x + width * 2 - lean, bottom), (x - lean - width, bottom)]
        canvas.shape(ray, canvas.light.glow, fill=Fill.SHINING, alpha=0.08)


def _mist(canvas: Canvas, y: float, strength: float) -> None:
    rows = np.arange(canvas.height, dtype=np.float32)[:, None]
    mask = np.exp(-(((rows - y) / (canvas.unit * 0.06)) ** 2)) * strength * (0.5 + canvas.grain)
    canvas.wash(np.clip(mask, 0, 0.8).astype(np.float32), mixed(canvas.light.horizon, WHITE, 0.2))


def path(canvas: Canvas, top: float, colour: Colour) -> None:
    """A way that leads to the horizon."""
    rng = canvas.rng
    goal, start = rng.uniform(0.35, 0.65) * canvas.width, rng.uniform(0.3, 0.7) * canvas.width
    steps = np.linspace(0, 1, 24)
    middle = (
        goal + (start - goal) * steps**1.6 + np.sin(steps * rng.uniform(3, 6)) * canvas.unit * 0.07 * steps
    )
    half = canvas.unit * (0.004 + 0.12 * steps**2)
    ys = canvas.height * (top + (1.02 - top) * steps)
    left, right = list(zip(middle - half, ys, strict=True)), list(zip(middle + half, ys, strict=True))
    canvas.shape([*left, *right[::-1]], colour, fill=Fill.LAND)
