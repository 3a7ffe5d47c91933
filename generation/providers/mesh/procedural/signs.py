"""What is read: signs for the wall and the desk, and words by themselves."""

import numpy as np
from manifold3d import CrossSection, FillRule, Manifold
from numpy.random import Generator

from generation.providers.mesh.procedural.frame import frame_of
from generation.providers.mesh.procedural.lettering import block_of, readable, within, wrapped
from generation.providers.mesh.procedural.solids import (
    crosswise,
    joined,
    outline,
    rounded_box,
    signed_area,
    slab,
    softened,
    through,
)
from generation.providers.mesh.procedural.tags import bitten, emblem
from generation.providers.mesh.procedural.words import Wish


def _letters(wish: Wish, columns: int, rng: Generator) -> tuple[CrossSection, float]:
    """The words in the middle of the origin and how many times as wide as high they are."""
    lines = wrapped(readable(wish.text or wish.rest), columns, 3)
    shape = block_of(lines) if lines else emblem(wish, rng)
    left, low, right, high = shape.bounds()
    return shape, (right - left) / (high - low)


def text(wish: Wish, rng: Generator) -> Manifold:
    """Letters on a ground that follows them."""
    shape, wide = _letters(wish, 16, rng)
    frame = frame_of(
        wish, rng, max(40.0, min(36 * wide, 160.0)), max(22.0, min(36.0, 160 / wide)), 8.0, is_flat=True
    )
    letter = within(shape, frame.width, frame.depth)
    high = letter.bounds()[3] - letter.bounds()[1]
    margin = max(0.09 * min(high, frame.scaled(36)), 1.4)
    whole = letter.offset(2.4 * margin, circular_segments=64).offset(-1.4 * margin, circular_segments=64)
    ground = softened(_filled(whole), 0.3 * margin).simplify(0.02)
    base = 0.4 * frame.height
    return joined(
        [
            slab(ground, base, bevel=0.25 * base, bottom=0.12 * base),
            Manifold.extrude(letter, frame.height - 0.5 * base).translate((0, 0, 0.5 * base)),
        ]
    )


def _filled(shape: CrossSection) -> CrossSection:
    """Without holes, and in one piece."""
    contours = [line for line in shape.to_polygons() if signed_area(line) > 0]
    whole = CrossSection(contours, FillRule.NonZero)
    if len(whole.decompose()) > 1:
        left, low, right, high = whole.bounds()
        bar = rounded_box(right - left, 0.3 * (high - low), 2).translate(
            ((left + right) / 2, (low + high) / 2)
        )
        whole = whole + bar
        if len(whole.decompose()) > 1:
            whole = whole.hull()
    return whole


def sign(wish: Wish, rng: Generator) -> Manifold:
    """A plate for the wall with a frame and two holes."""
    shape, wide = _letters(wish, 14, rng)
    frame = frame_of(wish, rng, max(80.0, min(40 + 34 * wide, 170.0)), 62.0, 5.0, is_flat=True)
    width, depth, height = frame.width, frame.depth, frame.height
    by_chance = str(rng.choice(["soft", "capsule", "ticket", "octagon"]))
    kind = "capsule" if wish.has("round") else "soft" if wish.has("square") else by_chance
    border, rise = frame.wall(2.4, 1.0), 0.36 * height
    ground, hole = height - rise, max(0.028 * width, 1.6)
    plate = _board(kind, width, depth)
    inner = plate.offset(-1.5 * border, circular_segments=64)
    line = inner - inner.offset(-border, circular_segments=64)
    side = width / 2 - 2.5 * border - 1.7 * hole - (0.14 * depth if kind == "capsule" else 0)
    words = within(shape, 2 * (side - 3.4 * hole), 0.94 * depth - 7.4 * border)
    drill = through(CrossSection.circle(hole, 48), height)
    drill = drill + Manifold.cylinder(hole, hole, 2 * hole, 48).translate((0, 0, ground - 0.999 * hole))
    above = height - 0.5 * ground
    raised = slab(line, above, bevel=0.2 * rise, bottom=0) + Manifold.extrude(words, above)
    solid = slab(plate, ground, bevel=0.24 * ground, bottom=0.12 * ground) + raised.translate(
        (0, 0, 0.5 * ground)
    )
    return solid - drill.translate((-side, 0, 0)) - drill.translate((side, 0, 0))


def _board(kind: str, width: float, depth: float) -> CrossSection:
    if kind == "ticket":
        return bitten(width, depth, CrossSection.circle(0.17 * depth, 64))
    if kind == "octagon":
        return bitten(width, depth, CrossSection.square((0.26 * depth, 0.26 * depth), True).rotate(45))
    return rounded_box(width, depth, (0.5 if kind == "capsule" else 0.16) * depth)


def desk(wish: Wish, rng: Generator) -> Manifold:
    """A bar that stands on the desk, its face leaning back."""
    shape, wide = _letters(wish, 18, rng)
    frame = frame_of(wish, rng, max(90.0, min(30 + 26 * wide, 190.0)), 34.0, 38.0)
    width, depth, height = frame.width, frame.depth, frame.height
    corners = np.array([(0, 0), (1, 0), (0.72, 1), (0.55, 1)]) * (depth, height)
    bar = crosswise(softened(outline(corners), 0.07 * depth), width, 0.05 * depth)
    lean, face = float(np.degrees(np.arctan2(height, 0.55 * depth))), float(np.hypot(height, 0.55 * depth))
    rise = max(0.08 * height, 1.0)
    words = Manifold.extrude(within(shape, 0.86 * width, 0.62 * face), 2 * rise).translate((0, 0, -rise))
    return bar + words.rotate((lean, 0, 0)).translate((0, 0.275 * depth, height / 2))
