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

#: Between a lid and its box.
GAP_MM = 0.25


_NAMED = {
    "round": "circle",
    "square": "box",
    "hexagonal": "hexagon",
    "octagonal": "octagon",
    "heart": "heart",
}


def box(wish: Wish, rng: Generator) -> Manifold:
    """The box, and its lid beside it, as they are printed. Sizes are said of the box alone."""
    by_chance = str(rng.choice(["oblong", "oblong", "circle", "hexagon", "box"]))
    named = [shape for trait, shape in _NAMED.items() if wish.has(trait)]
    is_measured = bool(wish.measures.width or wish.measures.depth)
    kind = named[0] if named else "oblong" if is_measured else by_chance
    frame = frame_of(wish, rng, 92 if kind == "oblong" else 76, 64 if kind == "oblong" else 76, 46, least=0)
    wall = min(frame.wall(2.6, 1.4), 0.12 * min(frame.width, frame.depth, frame.height))
    outer = _plan(kind, frame.width, frame.depth)
    body = _body(wish, rng, outer, frame.height, wall)
    return body + _lid(wish, rng, outer, wall).translate((1.14 * frame.width, 0, 0))


def _body(wish: Wish, rng: Generator, outer: CrossSection, height: float, wall: float) -> Manifold:
    room = slab(_inside(outer, wall), 2 * height, bevel=0, bottom=1.2 * wall).translate((0, 0, 1.3 * wall))
    body = slab(outer, height, bevel=0.3 * wall, bottom=0.8 * wall) - room
    around = outer.offset(wall) - outer.offset(-0.22 * wall)
    by_chance = str(rng.choice(["plain", "grooves", "band"]))
    kind = "grooves" if wish.has("ribbed") else "plain" if wish.has("plain") else by_chance
    grooves = {"plain": [], "grooves": np.linspace(0.16, 0.84, 7).tolist(), "band": [0.8]}[kind]
    wide = (0.05 if kind == "band" else 0.028) * height
    return body - joined([Manifold.extrude(around, wide).translate((0, 0, up * height)) for up in grooves])


def _lid(wish: Wish, rng: Generator, outer: CrossSection, wall: float) -> Manifold:
    """A board over a plug that fits into the box, with words or a knob to lift it by."""
    plug = slab(_inside(outer, wall + GAP_MM), 2.2 * wall, bevel=0, bottom=0.3 * wall)
    board = slab(outer, 1.7 * wall, bevel=0.5 * wall, bottom=0.3 * wall).translate((0, 0, 1.6 * wall))
    left, low, right, high = outer.bounds()
    text = readable(wish.text)
    if text:
        words = within(block_of(wrapped(text, 10, 3)), 0.68 * (right - left), 0.56 * (high - low))
        above = Manifold.extrude(words, 1.2 * wall).translate((0, 0, 2.9 * wall))
    else:
        above = _knob(rng, min(right - left, high - low)).translate((0, 0, 3.2 * wall))
    return joined([plug, board, above])


def _inside(outer: CrossSection, wall: float) -> CrossSection:
    return outer.offset(-wall, circular_segments=96)


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
    half = np.array(side) * size
    return turned(softened(outline(np.vstack([half, half[::-1] * (-1, 1)])), 0.05 * size))
