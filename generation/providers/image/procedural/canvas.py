"""The surface: shapes become soft-edged areas, filled as the style fills them."""

from collections.abc import Sequence
from enum import Enum

import numpy as np
from PIL import Image, ImageDraw

from generation.providers.image.procedural.colours import Colour, Light, lit, mixed, saturated, vector
from generation.providers.image.procedural.noise import Floats, blurred, clouds, resized, smoothstep

Points = Sequence[tuple[float, float]]
#: Shapes are drawn so much larger and made smaller, so that their edges are smooth.
FINER = 2


class Style(Enum):
    REALISTIC = "realistic"
    CARTOON = "cartoon"
    GEOMETRIC = "geometric"
    JAPANESE = "japanese"


#: How strongly land shows what it is made of.
RELIEF = {Style.REALISTIC: 0.34, Style.GEOMETRIC: 0.3, Style.CARTOON: 0.0, Style.JAPANESE: 0.2}


class Fill(Enum):
    """How a shape is filled: round, as a body; even; with the light from above, as land; or shining by itself."""

    BODY = "body"
    FLAT = "flat"
    LAND = "land"
    SHINING = "shining"


class Canvas:
    """Pixels from 0 to 1. `unit` is the shorter side, `side` says from where the light comes (-1 left, 1 right)."""

    def __init__(
        self, width: int, height: int, *, style: Style, light: Light, side: float, rng: np.random.Generator
    ) -> None:
        self.width, self.height = width, height
        self.unit = min(width, height)
        self.style, self.light, self.side, self.rng = style, light, side, rng
        self.pixels: Floats = np.zeros((height, width, 3), dtype=np.float32)
        self.grain = clouds(rng, width, height, cell=self.unit / 14, octaves=6)
        self.line = max(self.unit * 0.0042, 1.2)

    def coloured(self, colour: Colour, fill: Fill) -> Colour:
        """In the style's key and the light of the scene."""
        if self.style is Style.CARTOON:
            colour = saturated(colour, 1.15)
        elif self.style is Style.JAPANESE:
            colour = mixed(saturated(colour, 0.92), (0.97, 0.94, 0.88), 0.14)
        if fill is Fill.SHINING:
            return colour
        tints = mixed(self.light.tint, (1.0, 1.0, 1.0), 0.45 if self.style is Style.JAPANESE else 0.0)
        red, green, blue = (part * tint for part, tint in zip(colour, tints, strict=True))
        return red, green, blue

    def shape(
        self,
        points: Points,
        colour: Colour,
        *,
        fill: Fill = Fill.BODY,
        alpha: float = 1.0,
        outline: bool = True,
        foot: Colour | None = None,
    ) -> None:
        """A closed shape. `foot` is the colour at its lower edge, if it is another."""
        margin = int(self.line * 2) + 2
        box = self._box(points, margin)
        if box is None:
            return
        left, top, right, bottom = box
        area = self.pixels[top:bottom, left:right]
        drawn = [((x - left) * FINER, (y - top) * FINER) for x, y in points]
        has_line = outline and self.style is Style.CARTOON and fill in (Fill.BODY, Fill.LAND)
        if has_line:
            thick = self.line * (2.2 if fill is Fill.BODY else 1.4)
            edge = self._mask(drawn, right - left, bottom - top, line=thick)
            dark = mixed(lit(self.coloured(colour, fill), 0.28), (0.12, 0.08, 0.12), 0.4)
            area += edge[..., None] * alpha * (vector(dark) - area)
        mask = self._mask(drawn, right - left, bottom - top)
        lower = self.coloured(foot, fill) if foot else None
        colours = self._filled(mask, self.coloured(colour, fill), fill, box, lower)
        if self.style is Style.JAPANESE and fill is not Fill.SHINING:
            mask = mask * (0.80 + 0.20 * self.grain[top:bottom, left:right])
        area += (mask * alpha)[..., None] * (colours - area)

    def glow(self, x: float, y: float, radius: float, colour: Colour, strength: float = 1.0) -> None:
        """Light that is added around a place."""
        box = self._box([(x - radius, y - radius), (x + radius, y + radius)], 0)
        if box is None:
            return
        left, top, right, bottom = box
        rows = (np.arange(top, bottom, dtype=np.float32) - y)[:, None]
        columns = (np.arange(left, right, dtype=np.float32) - x)[None, :]
        far = np.sqrt(rows * rows + columns * columns) / radius
        share = np.clip(1 - far, 0, 1) ** 2 * strength
        area = self.pixels[top:bottom, left:right]
        area += share[..., None] * (vector(colour) - area)

    def wash(self, mask: Floats, colour: Colour) -> None:
        """Mix a colour into the whole picture where the mask says so."""
        self.pixels += mask[..., None] * (vector(colour) - self.pixels)

    def _box(self, points: Points, margin: int) -> tuple[int, int, int, int] | None:
        xs, ys = [x for x, _ in points], [y for _, y in points]
        left, right = max(int(min(xs)) - margin, 0), min(int(max(xs)) + margin + 1, self.width)
        top, bottom = max(int(min(ys)) - margin, 0), min(int(max(ys)) + margin + 1, self.height)
        return (left, top, right, bottom) if right > left and bottom > top else None

    def _mask(self, drawn: Points, width: int, height: int, *, line: float = 0) -> Floats:
        image = Image.new("L", (width * FINER, height * FINER))
        draw = ImageDraw.Draw(image)
        draw.polygon(list(drawn), fill=255)
        if line:
            closed = [*drawn, drawn[0], drawn[1]]
            draw.line(closed, fill=255, width=max(int(line * FINER), 1), joint="curve")
        return np.asarray(image.reduce(FINER), dtype=np.float32) / 255

    def _filled(
        self, mask: Floats, colour: Colour, fill: Fill, box: tuple[int, int, int, int], foot: Colour | None
    ) -> Floats:
        left, top, right, bottom = box
        height, width = mask.shape
        base = np.broadcast_to(vector(colour), (height, width, 3)).astype(np.float32)
        if foot is not None:
            down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
            base = base + down * (vector(foot) - base)
        if fill in (Fill.FLAT, Fill.SHINING):
            return base
        grain = self.grain[top:bottom, left:right, None]
        if fill is Fill.LAND:
            return np.clip(base * (1 + RELIEF[self.style] * (grain - 0.5)), 0, 1)
        if max(height, width) < self.unit * 0.022:
            return base
        shade = self._shade(mask)[..., None]
        if self.style is Style.CARTOON:
            dark = smoothstep(0.40, 0.44, 1 - shade)
            bright = smoothstep(0.86, 0.90, shade)
            return np.clip(base * (1 - 0.2 * dark) + 0.22 * bright * (1 - base), 0, 1)
        if self.style is Style.JAPANESE:
            rim = np.clip(blurred(1 - mask, max(self.unit * 0.004, 1)) * mask, 0, 1)[..., None]
            return np.clip(base * (0.86 + 0.2 * shade + 0.12 * (grain - 0.5) - 0.22 * rim), 0, 1)
        strength = 0.62 if self.style is Style.REALISTIC else 0.85
        rounded = base * (1 - strength + strength * 1.32 * shade)
        if self.style is Style.REALISTIC:
            rounded = rounded * (1 + 0.08 * (grain - 0.5)) + 0.16 * np.clip(shade - 0.86, 0, 1) * 5 * (
                1 - base
            )
        return np.clip(rounded, 0, 1)

    def _shade(self, mask: Floats) -> Floats:
        """How much light falls on a shape that is taken for a cushion, from 0 to 1; reckoned small, as it is soft."""
        height, width = mask.shape
        scale = min(1.0, 64 / max(height, width))
        small = (max(int(width * scale), 4), max(int(height * scale), 4))
        reach = max(min(small) / 6, 2.0)
        coarse = resized(mask, max(int(small[0] / reach), 3), max(int(small[1] / reach), 3))
        cushion = np.sqrt(np.clip(resized(coarse, *small), 0, 1))
        down, right = np.gradient(cushion)
        steep = reach * 2.6
        normal = np.stack([-right * steep, -down * steep, np.ones_like(cushion)])
        normal /= np.sqrt((normal * normal).sum(axis=0))
        light = np.array([self.side * 0.55, -0.62, 0.56], dtype=np.float32)
        towards = np.tensordot(light, normal, axes=1)
        return np.clip(resized(towards * 0.62 + 0.34, width, height), 0, 1)
