"""Skies: colours of the hour, sun or moon, clouds, stars, and the weather in front of everything."""

import math

import numpy as np

from generation.providers.image.procedural.canvas import Canvas, Fill, Style
from generation.providers.image.procedural.colours import WHITE, Colour, hexed, lit, mixed, vector
from generation.providers.image.procedural.noise import clouds, smoothstep
from generation.providers.image.procedural.pen import Pen, round_points


def paint_sky(canvas: Canvas, *, horizon: float, weather: str) -> None:
    """Above `horizon` (a share of the height from the top), and on to the lower edge, where land covers it."""
    light = canvas.light
    down = np.linspace(0, 1 / max(horizon, 0.2), canvas.height, dtype=np.float32)
    stops = [vector(canvas.coloured(one, Fill.SHINING)) for one in (light.top, light.middle, light.horizon)]
    if canvas.style is Style.CARTOON:
        down = np.round(down * 9) / 9 * 0.65 + down * 0.35
    if canvas.style is Style.JAPANESE:
        stops = [stop + 0.3 * (1 - stop) for stop in stops]
    for channel in range(3):
        row = np.interp(down, [0, 0.55, 1], [stop[channel] for stop in stops])
        canvas.pixels[..., channel] = row[:, None]
    x, y = _sun_place(canvas, horizon)
    hidden = weather in ("rain", "storm", "snow", "fog")
    if light.is_dark and weather not in ("rain", "storm", "fog"):
        _stars(canvas, horizon)
    if weather == "aurora":
        _aurora(canvas, horizon)
    if not hidden:
        _sun(canvas, x, y)
    _clouds(canvas, horizon, weather)
    if weather == "rainbow":
        _rainbow(canvas, horizon)
    if weather == "fireworks":
        _fireworks(canvas, horizon)
    if weather == "storm":
        _lightning(canvas, horizon)


def _sun_place(canvas: Canvas, horizon: float) -> tuple[float, float]:
    x = canvas.width * (0.5 + canvas.side * canvas.rng.uniform(0.08, 0.32))
    y = canvas.height * horizon * (1 - canvas.light.height * canvas.rng.uniform(0.85, 1.15)) * 0.96
    return x, y


def _sun(canvas: Canvas, x: float, y: float) -> None:
    light, unit = canvas.light, canvas.unit
    is_low = canvas.light.height < 0.2
    radius = unit * canvas.rng.uniform(0.045, 0.065) * (1.35 if is_low else 1.0)
    colour = light.glow
    if canvas.style is Style.JAPANESE:
        radius *= 1.9
        colour = hexed("#d9604c") if not light.is_dark else hexed("#f4ead0")
    else:
        canvas.glow(x, y, unit * (1.0 if is_low else 0.7), colour, 0.75 if not light.is_dark else 0.3)
        canvas.glow(x, y, radius * 3.2, colour, 0.8)
    canvas.shape(round_points(x, y, radius, radius), colour, fill=Fill.SHINING)
    if light.is_dark:
        for _ in range(5):
            angle, far = canvas.rng.uniform(0, 6.28), radius * canvas.rng.uniform(0.1, 0.65)
            size = radius * canvas.rng.uniform(0.1, 0.24)
            spot = round_points(x + far * math.cos(angle), y + far * math.sin(angle), size, size)
            canvas.shape(spot, lit(colour, 0.86), fill=Fill.SHINING, alpha=0.6)


def _stars(canvas: Canvas, horizon: float) -> None:
    rng = canvas.rng
    for _ in range(int(240 * canvas.width / canvas.unit)):
        x, y = rng.uniform(0, canvas.width), rng.uniform(0, canvas.height * horizon)
        size = canvas.unit * (0.0008 + 0.0016 * rng.random() ** 4)
        canvas.shape(
            round_points(x, y, size, size, count=8),
            WHITE,
            fill=Fill.SHINING,
            alpha=float(rng.uniform(0.3, 1)),
        )
        if size > canvas.unit * 0.0018:
            canvas.glow(x, y, size * 6, hexed("#dfe8ff"), 0.5)
    band = clouds(rng, canvas.width, canvas.height, cell=canvas.unit / 3, octaves=5, stretch=2)
    rows, columns = np.mgrid[0 : canvas.height, 0 : canvas.width].astype(np.float32)
    slope = rng.uniform(-0.5, 0.5)
    across = np.abs(rows / canvas.height - 0.3 - slope * (columns / canvas.width - 0.5))
    canvas.wash(
        smoothstep(0.35, 0, across) * band * 0.35 * (rows < canvas.height * horizon), hexed("#7f8fd0")
    )


def _clouds(canvas: Canvas, horizon: float, weather: str) -> None:
    if canvas.style is Style.CARTOON and weather not in ("fog", "rain", "storm", "snow"):
        _round_clouds(canvas, horizon)
        return
    cover = {"cloudy": 0.4, "rain": 0.3, "storm": 0.24, "snow": 0.4, "fog": 0.5, "rainbow": 0.5}.get(
        weather, canvas.rng.uniform(0.5, 0.64)
    )
    noise = clouds(canvas.rng, canvas.width, canvas.height, cell=canvas.unit / 3.2, octaves=6, stretch=2.4)
    rows = np.linspace(0, 1, canvas.height, dtype=np.float32)[:, None]
    fade = smoothstep(horizon, horizon * 0.55, rows * np.ones_like(noise)) * 0.65 + 0.35
    body = smoothstep(cover, cover + 0.24, noise) * fade
    shifted = np.roll(noise, (int(canvas.unit * 0.02), int(-canvas.side * canvas.unit * 0.02)), (0, 1))
    lit_side = np.clip(0.5 + (noise - shifted) * 2.4, 0, 1)[..., None]
    light = canvas.light
    bright = mixed(WHITE, light.horizon, 0.35 if not light.is_dark else 0.75)
    if light.is_dark:
        bright = mixed(light.horizon, light.middle, 0.4)
    dark = mixed(light.middle, bright, 0.35) if weather != "storm" else lit(light.middle, 0.75)
    colours = vector(dark) + lit_side * (vector(bright) - vector(dark))
    strength = 0.5 if canvas.style is Style.JAPANESE else 0.85
    canvas.pixels += (body * strength)[..., None] * (colours - canvas.pixels)


def _round_clouds(canvas: Canvas, horizon: float) -> None:
    rng = canvas.rng
    colour = (
        mixed(WHITE, canvas.light.horizon, 0.25)
        if not canvas.light.is_dark
        else lit(canvas.light.horizon, 0.8)
    )
    for _ in range(int(rng.integers(3, 6))):
        x, y = rng.uniform(0, canvas.width), canvas.height * horizon * rng.uniform(0.1, 0.7)
        size = canvas.unit * rng.uniform(0.035, 0.075)
        for _ in range(int(rng.integers(4, 7))):
            dx, r = rng.normal(0, size * 1.5), size * rng.uniform(0.55, 1.0)
            canvas.shape(round_points(x + dx, y - r * 0.5, r, r * 0.85), colour, fill=Fill.SHINING)
        canvas.shape(round_points(x, y, size * 3.0, size * 0.5), colour, fill=Fill.SHINING)


def _rainbow(canvas: Canvas, horizon: float) -> None:
    x, y = canvas.width * canvas.rng.uniform(0.35, 0.65), canvas.height * (horizon + 0.05)
    radius, width = canvas.unit * canvas.rng.uniform(0.42, 0.55), canvas.unit * 0.014
    rows, columns = np.mgrid[0 : canvas.height, 0 : canvas.width].astype(np.float32)
    far = np.sqrt((rows - y) ** 2 + (columns - x) ** 2)
    for index, name in enumerate(("#e0483e", "#f08a32", "#f4d23d", "#58a84e", "#3f7fd0", "#7a4cc0")):
        mask = smoothstep(width, width * 0.35, np.abs(far - radius + index * width * 1.1))
        canvas.wash(mask * 0.5, hexed(name))


def _aurora(canvas: Canvas, horizon: float) -> None:
    rng = canvas.rng
    rows = np.linspace(0, 1, canvas.height, dtype=np.float32)[:, None]
    for colour in (hexed("#3fe0a0"), hexed("#46c8e0"), hexed("#9a6be0")):
        line = clouds(rng, canvas.width, 1, cell=1, octaves=1)[0] * 0
        for wave in range(1, 4):
            line = (
                line
                + np.sin(np.linspace(0, wave * rng.uniform(2, 5), canvas.width) + rng.uniform(0, 6)) / wave
            )
        foot = horizon * (0.55 + 0.14 * line[None, :] + rng.uniform(-0.1, 0.1))
        above = (foot - rows) / (horizon * 0.5)
        rays = clouds(rng, canvas.width, 4, cell=3, octaves=3, stretch=canvas.unit / 160)[1][None, :]
        mask = smoothstep(-0.02, 0.05, above) * np.clip(1 - above, 0, 1) ** 1.6 * (0.35 + 0.65 * rays)
        canvas.wash(np.clip(mask * 0.75, 0, 1).astype(np.float32), colour)


def _fireworks(canvas: Canvas, horizon: float) -> None:
    rng = canvas.rng
    for _ in range(7):
        x, y = rng.uniform(0.08, 0.92) * canvas.width, rng.uniform(0.1, 0.62) * horizon * canvas.height
        colour = hexed(str(rng.choice(["#ff5a5a", "#ffd25a", "#6ad0ff", "#ff8ad8", "#9aff8a"])))
        radius = canvas.unit * rng.uniform(0.07, 0.16)
        canvas.glow(x, y, radius * 1.5, colour, 0.35)
        for step in range(26):
            angle = step / 26 * 2 * math.pi
            far = radius * rng.uniform(0.8, 1.0)
            pen = Pen(canvas, x, y, far)
            end = (math.cos(angle), math.sin(angle) - 0.12)
            pen.stroke([(end[0] * 0.25, end[1] * 0.25), end], 0.02, colour, fill=Fill.SHINING, alpha=0.85)
            tip_x, tip_y = x + end[0] * far, y - end[1] * far
            canvas.shape(
                round_points(tip_x, tip_y, canvas.unit * 0.003, canvas.unit * 0.003, count=8),
                WHITE,
                fill=Fill.SHINING,
            )


def _lightning(canvas: Canvas, horizon: float) -> None:
    rng = canvas.rng
    x, y = rng.uniform(0.2, 0.8) * canvas.width, 0.0
    points = [(x, y)]
    while y < canvas.height * horizon:
        x, y = x + rng.normal(0, canvas.unit * 0.03), y + canvas.unit * rng.uniform(0.03, 0.07)
        points.append((x, y))
    canvas.glow(points[2][0], points[2][1], canvas.unit * 0.6, hexed("#cfd8ff"), 0.5)
    for (ax, ay), (bx, by) in zip(points, points[1:], strict=False):
        w = canvas.unit * 0.003
        canvas.shape([(ax - w, ay), (ax + w, ay), (bx + w, by), (bx - w, by)], WHITE, fill=Fill.SHINING)


def paint_weather(canvas: Canvas, weather: str) -> None:
    """What falls, or lies in the air, in front of everything."""
    rng, unit = canvas.rng, canvas.unit
    if weather in ("rain", "storm"):
        colour = mixed(canvas.light.horizon, WHITE, 0.4)
        for _ in range(int(420 * canvas.width / unit)):
            x, y = rng.uniform(-0.1, 1.1) * canvas.width, rng.uniform(-0.1, 1) * canvas.height
            length, width = unit * rng.uniform(0.02, 0.05), unit * rng.uniform(0.0006, 0.0014)
            points = [
                (x, y),
                (x + width, y),
                (x + width - length * 0.22, y + length),
                (x - length * 0.22, y + length),
            ]
            canvas.shape(points, colour, fill=Fill.SHINING, alpha=0.45)
    if weather == "snow":
        for _ in range(int(380 * canvas.width / unit)):
            x, y = rng.uniform(0, canvas.width), rng.uniform(0, canvas.height)
            size = unit * (0.0015 + 0.006 * rng.random() ** 3)
            canvas.shape(
                round_points(x, y, size, size, count=10),
                WHITE,
                fill=Fill.SHINING,
                alpha=float(rng.uniform(0.5, 0.95)),
            )


def paint_fog(canvas: Canvas, strength: float) -> None:
    """A bank of it across the middle."""
    noise = clouds(canvas.rng, canvas.width, canvas.height, cell=canvas.unit / 2, octaves=4, stretch=4)
    rows = np.linspace(0, 1, canvas.height, dtype=np.float32)[:, None]
    bank = smoothstep(0.2, 0.5, rows) * smoothstep(1.0, 0.62, rows)
    canvas.wash(bank * (0.2 + 0.7 * noise) * strength, mixed(canvas.light.horizon, WHITE, 0.3))


def petals(canvas: Canvas, colour: Colour, count: int = 60) -> None:
    """Leaves or petals in the wind."""
    rng = canvas.rng
    for _ in range(count):
        x, y = rng.uniform(0, canvas.width), rng.uniform(0, canvas.height)
        size = canvas.unit * rng.uniform(0.003, 0.009)
        points = round_points(x, y, size, size * 0.55, float(rng.uniform(0, 3)), count=10)
        canvas.shape(points, lit(colour, float(rng.uniform(0.85, 1.1))), fill=Fill.FLAT, alpha=0.9)
