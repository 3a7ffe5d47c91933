"""Colours as triples from 0 to 1, and how a time of day colours everything."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Colour = tuple[float, float, float]


def hexed(text: str) -> Colour:
    """`#rrggbb`"""
    red, green, blue = (int(text[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    a, b, c = (first + (second - first) * share for first, second in zip(one, other, strict=True))
    return a, b, c


def lit(colour: Colour, factor: float) -> Colour:
    a, b, c = (min(max(part * factor, 0.0), 1.0) for part in colour)
    return a, b, c


def saturated(colour: Colour, factor: float) -> Colour:
    grey = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]
    a, b, c = (min(max(grey + (part - grey) * factor, 0.0), 1.0) for part in colour)
    return a, b, c


def varied(colour: Colour, rng: np.random.Generator, amount: float = 0.06) -> Colour:
    a, b, c = np.clip(np.array(colour) + rng.normal(0, amount, 3), 0, 1)
    return float(a), float(b), float(c)


def vector(colour: Colour) -> NDArray[np.float32]:
    return np.array(colour, dtype=np.float32)


WHITE, BLACK = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Light:
    """`top`, `middle`, `horizon` colour the sky; `tint` multiplies what it shines on; `glow` is the sun or the moon,
    `height` how high it stands (0: at the horizon)."""

    top: Colour
    middle: Colour
    horizon: Colour
    tint: Colour
    glow: Colour
    height: float
    is_dark: bool = False


LIGHTS = {
    "dawn": Light(
        hexed("#6f8fc4"), hexed("#e3b3b6"), hexed("#ffd9a8"), (0.96, 0.88, 0.86), hexed("#fff0d0"), 0.10
    ),
    "day": Light(
        hexed("#3f84d8"), hexed("#86bdf0"), hexed("#dff0f8"), (1.0, 1.0, 0.98), hexed("#fff8e0"), 0.62
    ),
    "sunset": Light(
        hexed("#3b3a78"), hexed("#d96a5e"), hexed("#ffc163"), (0.98, 0.78, 0.66), hexed("#ffe9a8"), 0.08
    ),
    "dusk": Light(
        hexed("#1b2150"), hexed("#5f4a86"), hexed("#e08a86"), (0.72, 0.64, 0.8), hexed("#ffe2c0"), 0.30, True
    ),
    "night": Light(
        hexed("#060b22"), hexed("#122050"), hexed("#34508a"), (0.56, 0.6, 0.8), hexed("#f6f2dc"), 0.62, True
    ),
}

GREY_SKIES = {"rain": 0.65, "storm": 0.85, "snow": 0.5, "fog": 0.6, "cloudy": 0.35}


def light_of(time: str, weather: str, rng: np.random.Generator) -> Light:
    light = LIGHTS[time]
    light = replace(
        light,
        top=varied(light.top, rng, 0.03),
        middle=varied(light.middle, rng, 0.03),
        horizon=varied(light.horizon, rng, 0.025),
    )
    share = GREY_SKIES.get(weather, 0.0)
    if not share:
        return light
    grey = (0.34, 0.39, 0.5) if light.is_dark else (0.66, 0.71, 0.77)
    if weather == "storm":
        grey = lit(grey, 0.72)
    return replace(
        light,
        top=mixed(light.top, lit(grey, 0.8), share),
        middle=mixed(light.middle, grey, share),
        horizon=mixed(light.horizon, lit(grey, 1.2), share * 0.8),
        tint=mixed(light.tint, (0.78, 0.82, 0.88), share * 0.5),
    )
