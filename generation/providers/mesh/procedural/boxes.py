"""Boxes with lids."""

import numpy as np
from manifold3d import CrossSection, Manifold
from numpy.random import Generator

from generation.providers.mesh.procedural.frame import frame_of
from generation.providers.mesh.procedural.lettering import block_of, readable, within, wrapped
from generation.providers.mesh.procedural.solids import (
    heart,
    joined,
    outline,
    polygon,
    rounded_box,
    slab,
    softened,
    turned,
)
from generation.providers.mesh.procedural.words import Wish


def box(wish: Wish, rng: Generator) -> Manifold:
    """The box, and its lid beside it: both are printed without supports, for the lid's plug is solid and its brim
    slants."""
    by_chance = str(rng.choice(["box", "box", "circle", "hexagon", "square"]))
    named = {
        "round": "circle",
        "square": "square",
        "hexagonal": "hexagon",
        "octagonal": "octagon",
        "heart": "heart",
    }
    said = wish.measures
    chance = by_chance if not (said.width or said.depth) else "box"
    kind = next((shape for trait, shape in named.items() if wish.has(trait)), chance)
    frame = frame_of(wish, rng, 92.0 if kind == "box" else 76.0, 64.0 if kind == "box" else 76.0, 46.0)
    wall = frame.wall(2.6, 1.4)
    outer = _plan(kind, frame.width, frame.depth)
    room = outer.offset(-wall, circular_segments=96)
    lid_height = max(1.7 * wall, 3.0)
    height = frame.height
    ribs = str(rng.choice(["plain", "grooves", "band"]))
    body = slab(outer, height, bevel=0.3 * wall, bottom=0.8 * wall)
    body = body - slab(room, 2 * height, bottom=1.2 * wall).translate((0, 0, 1.3 * wall))
    if ribs == "grooves" or wish.has("ribbed"):
        deep = 0.22 * wall
        for level in np.linspace(0.16, 0.84, 7):
            groove = outer.offset(wall) - outer.offset(-deep)
            body = body - Manifold.extrude(groove, 0.028 * height).translate((0, 0, height * float(level)))
    elif ribs == "band":
        groove = outer.offset(wall) - outer.offset(-0.25 * wall)
        body = body - Manifold.extrude(groove, 0.05 * height).translate((0, 0, 0.8 * height))
    gap = 0.25
    plug = room.offset(-gap, circular_segments=96)
    lid = slab(plug, 2.2 * wall, bottom=0.3 * wall)
    brim = slab(outer, lid_height, bevel=0.5 * wall, bottom=0.3 * wall).translate((0, 0, 1.6 * wall))
    lid = lid + brim
    top = 1.6 * wall + lid_height
    text = readable(wish.text)
    if text:
        low_x, low_y, high_x, high_y = room.bounds()
        words = within(block_of(wrapped(text, 10, 3)), 0.72 * (high_x - low_x), 0.6 * (high_y - low_y))
        lid = lid + Manifold.extrude(words, 1.4 * wall).translate((0, 0, top - 0.9 * wall))
    else:
        lid = lid + _knob(rng, min(frame.width, frame.depth)).translate((0, 0, top - 0.3))
    return joined([body, lid.translate((frame.width + 0.14 * frame.width, 0, 0))])


def _plan(kind: str, width: float, depth: float) -> CrossSection:
    radius = width / 2
    if kind == "circle":
        return CrossSection.circle(1, 160).scale((width / 2, depth / 2))
    if kind == "hexagon":
        return polygon(6, radius, 0.1 * radius)
    if kind == "octagon":
        return polygon(8, radius, 0.08 * radius)
    if kind == "heart":
        return softened(heart(width), 0.06 * width)
    return rounded_box(width, depth, 0.14 * min(width, depth))


def _knob(rng: Generator, across: float) -> Manifold:
    """To lift the lid by."""
    size = 0.12 * across
    kind = str(rng.choice(["mushroom", "ball", "disc"]))
    if kind == "ball":
        return Manifold.sphere(size, 72).translate((0, 0, 0.72 * size)).trim_by_plane((0, 0, 1), 0)
    if kind == "disc":
        return slab(CrossSection.circle(1.5 * size, 96), 0.55 * size, bevel=0.2 * size, bottom=0)
    side = [(0.62, 0), (0.5, 0.2), (0.55, 0.5), (0.95, 0.85), (1.0, 1.05), (0.8, 1.25), (0.0, 1.34)]
    half = np.array([*side, (0, 0)]) * size
    return turned(softened(outline(np.vstack([half[:-1], (half[:-1] * (-1, 1))[::-1]])), 0.05 * size))
