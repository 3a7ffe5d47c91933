"""What is read: signs for the wall and the desk, and words by themselves."""

import numpy as np
from manifold3d import CrossSection, FillRule, Manifold
from numpy.random import Generator

from generation.providers.mesh.procedural.frame import frame_of
from generation.providers.mesh.procedural.lettering import block_of, readable, within, wrapped
from generation.providers.mesh.procedural.solids import (
    joined,
    joined_outlines,
    outline,
    rounded_box,
    signed_area,
    slab,
    softened,
)
from generation.providers.mesh.procedural.trinkets import emblem
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
    plate = _board(kind, width, depth)
    inner = plate.offset(-1.5 * border, circular_segments=64)
    line = softened(inner - inner.offset(-border, circular_segments=64), 0.02)
    hole = max(0.028 * width, 1.6)
    inset = 1.5 * border + border + 1.7 * hole
    places = [
        (-width / 2 + inset + (0.14 * depth if kind == "capsule" else 0), 0.0),
        (width / 2 - inset - (0.14 * depth if kind == "capsule" else 0), 0.0),
    ]
    room = 2 * (places[1][0] - 3.4 * hole)
    words = within(shape, room, depth - 7.4 * border - 0.06 * depth)
    ground = height - rise
    drills = [Manifold.cylinder(6 * height, hole, -1, 48, True).translate((*at, 0)) for at in places]
    sinks = [
        Manifold.cylinder(hole, hole, 2 * hole, 48).translate((*at, ground - 0.999 * hole)) for at in places
    ]
    solid = joined(
        [
            slab(plate, ground, bevel=0.24 * ground, bottom=0.12 * ground),
            slab(line, height - 0.5 * ground, bevel=0.25 * rise, bottom=0).translate((0, 0, 0.5 * ground)),
            Manifold.extrude(words, height - 0.5 * ground).translate((0, 0, 0.5 * ground)),
        ]
    )
    return solid - joined([*drills, *sinks])


def _board(kind: str, width: float, depth: float) -> CrossSection:
    plate = rounded_box(width, depth, {"capsule": 0.5, "soft": 0.16}.get(kind, 0.02) * depth)
    corners = [(x, y) for x in (-width / 2, width / 2) for y in (-depth / 2, depth / 2)]
    if kind == "ticket":
        bites = [CrossSection.circle(0.17 * depth, 64).translate(at) for at in corners]
        return softened(plate - joined_outlines(bites), 0.02 * depth)
    if kind == "octagon":
        bites = [
            CrossSection.square((0.26 * depth, 0.26 * depth), True).rotate(45).translate(at) for at in corners
        ]
        return softened(plate - joined_outlines(bites), 0.03 * depth)
    return plate


def desk(wish: Wish, rng: Generator) -> Manifold:
    """A bar that stands on the desk, its face leaning back."""
    shape, wide = _letters(wish, 18, rng)
    frame = frame_of(wish, rng, max(90.0, min(30 + 26 * wide, 190.0)), 34.0, 38.0)
    width, depth, height = frame.width, frame.depth, frame.height
    lean = float(np.arctan2(height, 0.55 * depth))
    profile = softened(
        outline([(0, 0), (depth, 0), (0.72 * depth, height), (0.55 * depth, height)]), 0.07 * depth
    )
    bar = slab(profile, width, bevel=0.05 * depth)
    bar = bar.transform(((0, 0, 1, -width / 2), (1, 0, 0, 0), (0, 1, 0, 0)))
    face = float(np.hypot(height, 0.55 * depth))
    words = within(shape, 0.86 * width, 0.62 * face)
    rise = max(0.07 * height, 1.0)
    raised = Manifold.extrude(words, 2 * rise).translate((0, 0, -rise)).rotate((np.degrees(lean), 0, 0))
    return bar + raised.translate((0, 0.275 * depth, height / 2))
