"""Letters and signs of the bundled font as outlines."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from fontTools.pens.basePen import BasePen
from fontTools.ttLib import TTFont
from manifold3d import CrossSection, FillRule, JoinType, Manifold
from wcwidth import wcwidth

from generation.providers.mesh.procedural.solids import Points

#: Noto Sans CJK SC in a file with other languages, and how bold.
FONT, FACE, WEIGHT = "NotoSansCJK-VF.otf.ttc", 2, 750
LINE = 1.25
_STEPS = np.linspace(0, 1, 9)[1:, None]


class _Outlines(BasePen):
    """Contours of a glyph, its curves as short lines."""

    def __init__(self) -> None:
        super().__init__(None)
        self.contours: list[list[Points]] = []

    def _moveTo(self, pt: Any) -> None:  # noqa: N802
        self.contours.append([np.array([pt], dtype=np.float64)])

    def _lineTo(self, pt: Any) -> None:  # noqa: N802
        self.contours[-1].append(np.array([pt], dtype=np.float64))

    def _curveToOne(self, pt1: Any, pt2: Any, pt3: Any) -> None:  # noqa: N802
        a, b, c, d = (np.array(one, dtype=np.float64) for one in (self._getCurrentPoint(), pt1, pt2, pt3))
        t, s = _STEPS, 1 - _STEPS
        self.contours[-1].append(s**3 * a + 3 * s * s * t * b + 3 * s * t * t * c + t**3 * d)


@cache
def _font() -> tuple[Any, dict[int, str], float]:
    spec = find_spec("manimgx_fonts_cjk")
    assert spec is not None
    assert spec.origin is not None
    font = TTFont(Path(spec.origin).with_name(FONT), fontNumber=FACE, lazy=True)
    return font.getGlyphSet(location={"wght": WEIGHT}), font.getBestCmap(), font["head"].unitsPerEm


@cache
def _glyph(sign: str) -> tuple[CrossSection, float] | None:
    """A glyph and its width, for letters one high; None where the font has none."""
    glyphs, names, units = _font()
    if ord(sign) not in names:
        return None
    glyph = glyphs[names[ord(sign)]]
    pen = _Outlines()
    glyph.draw(pen)
    contours = [np.vstack(contour) / units for contour in pen.contours]
    shape = CrossSection(contours, FillRule.NonZero) if contours else CrossSection()
    return shape.simplify(0.001), glyph.width / units


def readable(text: str) -> str:
    """Without what the font can't show."""
    return " ".join("".join(sign for sign in text if sign == " " or _glyph(sign)).split())


def wrapped(text: str, columns: int, most_lines: int) -> list[str]:
    """Lines of about that width (a Chinese sign is two columns wide); what is too much becomes an ellipsis."""
    pieces: list[str] = []
    for word in text.split(" "):
        part = ""
        for sign in word:
            if wcwidth(sign) == 2:
                pieces += [part] if part else []
                pieces.append(sign)
                part = ""
            else:
                part += sign
        pieces.append(f"{part} ")
    lines, line = [], ""
    for piece in pieces:
        while _columns(piece.rstrip()) > columns:
            room = max(columns - _columns(line), 1)
            lines.append((line + piece[:room]).strip())
            line, piece = "", piece[room:]
        if line.strip() and _columns(line + piece.rstrip()) > columns:
            lines.append(line.strip())
            line = ""
        line += piece
    lines = [one for one in [*lines, line.strip()] if one]
    if len(lines) > most_lines:
        lines = lines[:most_lines]
        while _columns(lines[-1]) > columns - 1:
            lines[-1] = lines[-1][:-1]
        lines[-1] = f"{lines[-1].rstrip()}…"
    return lines


def _columns(text: str) -> int:
    return sum(max(wcwidth(sign), 0) for sign in text)


def line_of(text: str, spacing: float = 0.02) -> CrossSection:
    """One line, its letters one high, from the left."""
    shapes, at = CrossSection(), 0.0
    for sign in text:
        found = _glyph(sign)
        shape, width = found if found else (CrossSection(), 0.25)
        shapes = shapes + shape.translate((at, 0))
        at += width + spacing
    return shapes


def block_of(lines: list[str]) -> CrossSection:
    """Lines below one another, in the middle of the origin."""
    whole = CrossSection()
    for number, text in enumerate(lines):
        line = line_of(text)
        if not line.is_empty():
            left, _, right, _ = line.bounds()
            whole = whole + line.translate((-(left + right) / 2, -LINE * number))
    return centred(whole)


def centred(shape: CrossSection) -> CrossSection:
    left, low, right, high = shape.bounds()
    return shape.translate((-(left + right) / 2, -(low + high) / 2))


def within(shape: CrossSection, width: float, height: float, tallest: float | None = None) -> CrossSection:
    """As large as there is room for; `tallest` is the most that the size of its letters may be."""
    left, low, right, high = shape.bounds()
    factor = min(width / max(right - left, 1e-6), height / max(high - low, 1e-6), tallest or 1e9)
    # Strokes that touch in a point only would be no solid.
    return shape.scale((factor, factor)).offset(0.01, JoinType.Miter)


def around(text: str, radii: Points, height: float, *, deep: float) -> Manifold:
    """Raised letters around a round wall whose radius is given from its foot to its lip, where one looks first."""
    radius = float(radii.mean())
    shape = within(block_of(wrapped(readable(text), 12, 3)), 1.9 * radius, 0.5 * height, 0.3 * height)
    letters = Manifold.extrude(shape, 3.2 * deep).refine_to_length(max(0.06 * radius, 0.5))

    def wrap(points: Points) -> Points:
        z = points[:, 1] + height / 2
        out = np.interp(z, np.linspace(0, height, len(radii)), radii) - 2 * deep + points[:, 2]
        angle = points[:, 0] / radius - np.pi / 2
        return np.column_stack([out * np.cos(angle), out * np.sin(angle), z])

    return letters.warp_batch(wrap)
