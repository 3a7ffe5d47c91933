"""Tags and the emblems that stand where no words do."""

from dataclasses import dataclass

from manifold3d import CrossSection, Manifold
from numpy.random import Generator

from generation.providers.mesh.procedural.frame import frame_of
from generation.providers.mesh.procedural.lettering import block_of, centred, readable, within, wrapped
from generation.providers.mesh.procedural.solids import (
    heart,
    joined_outlines,
    outline,
    polygon,
    rounded_box,
    slab,
    softened,
    star,
    through,
    turned_around,
)
from generation.providers.mesh.procedural.words import Wish

_BOLT = [(0.15, 1), (-0.6, -0.15), (-0.08, -0.15), (-0.2, -1), (0.6, 0.22), (0.08, 0.22)]


def emblem(wish: Wish, rng: Generator) -> CrossSection:
    """About two high."""
    by_chance = str(rng.choice(["star", "heart", "flower", "moon", "bolt"]))
    kind = next((one for one in ("star", "heart") if wish.has(one)), by_chance)
    if kind == "star":
        return star(5, 1.0, inner=0.46, corner=0.04)
    if kind == "heart":
        return centred(heart(2.0))
    if kind == "flower":
        petals = turned_around(CrossSection.circle(0.36, 48).translate((0, 0.6)), 6)
        return petals + CrossSection.circle(0.5, 48) - CrossSection.circle(0.24, 48)
    if kind == "moon":
        return softened(
            CrossSection.circle(1, 96) - CrossSection.circle(0.82, 96).translate((0.42, 0.2)), 0.03
        )
    return softened(outline(_BOLT), 0.03)


@dataclass(frozen=True, slots=True)
class Plate:
    """An outline, where its hole is, and the room for words: its middle, width and height."""

    shape: CrossSection
    hole: tuple[float, float]
    middle: tuple[float, float]
    wide: float
    high: float


_NAMED = {
    "heart": "heart",
    "round": "circle",
    "hexagonal": "hexagon",
    "bone": "bone",
    "star": "star",
    "square": "box",
}


def tag(wish: Wish, rng: Generator) -> Manifold:
    """With a hole for a ring, a rim, and raised words or an emblem."""
    lines = wrapped(readable(wish.text), 12, 2)
    frame = frame_of(wish, rng, 62, 34, 3.4, is_flat=True)
    kinds = (
        ["box", "capsule", "ticket", "luggage"] if lines else ["circle", "box", "capsule", "hexagon", "heart"]
    )
    by_chance = str(rng.choice(kinds))
    kind = next((shape for trait, shape in _NAMED.items() if wish.has(trait)), by_chance)
    eye = max(0.075 * frame.depth, 1.6)
    compact = ("circle", "hexagon", "heart", "star")
    plate = _compact(kind, frame.width / 2) if kind in compact else _long(kind, frame.width, frame.depth, eye)
    rim, rise = frame.wall(1.5, 0.8), max(0.28 * frame.height, 0.6)
    ground = frame.height - rise
    body = slab(plate.shape, frame.height, bevel=0.25 * rise, bottom=0.16 * ground)
    field = softened(plate.shape.offset(-rim, circular_segments=64), 0.5 * rim)
    field = field - CrossSection.circle(eye + rim, 64).translate(plate.hole)
    motif = within(
        block_of(lines) if lines else emblem(wish, rng), plate.wide, plate.high, 0.62 * frame.depth
    )
    raised = slab(motif, rise + 0.3 * ground, bevel=0 if lines else 0.6 * rise, bottom=0)
    body = body - recess(field, ground, frame.height) + raised.translate((*plate.middle, 0.7 * ground))
    return body - through(CrossSection.circle(eye, 64).translate(plate.hole), frame.height)


def recess(field: CrossSection, ground: float, height: float) -> Manifold:
    """What is taken away above the ground so that a rim stays."""
    return Manifold.extrude(field, 2 * height).translate((0, 0, ground))


def _compact(kind: str, radius: float) -> Plate:
    if kind == "heart":
        hole, middle = (-0.52 * radius, 0.5 * radius), (0.12 * radius, 0.12 * radius)
        return Plate(heart(2 * radius), hole, middle, 0.95 * radius, 0.55 * radius)
    if kind == "circle":
        shape, up = CrossSection.circle(radius, 144), 0.8
    elif kind == "hexagon":
        shape, up = polygon(6, radius, 0.12 * radius), 0.66
    else:
        shape, up = star(5, 1.1 * radius, inner=0.62, corner=0.12 * radius), 0.74
    return Plate(shape, (0.0, up * radius), (0.0, -0.08 * radius), 1.25 * radius, 0.95 * radius)


def _long(kind: str, width: float, depth: float, eye: float) -> Plate:
    """With the hole at its left end."""
    left = -width / 2
    if kind == "bone":
        x, y = left + 0.3 * depth, 0.22 * depth
        ball = CrossSection.circle(0.3 * depth, 96)
        balls = [ball.translate(at) for at in ((x, y), (x, -y), (-x, y), (-x, -y))]
        bar = rounded_box(width - 0.5 * depth, 0.58 * depth, 0.1 * depth)
        shape = softened(joined_outlines([bar, *balls]), 0.02 * depth, hollows=0.14 * depth)
        return Plate(shape, (x, 0.0), (0.1 * depth, 0.0), width - 1.3 * depth, 0.42 * depth)
    if kind == "luggage":
        cut = outline([(left, 0.22 * depth), (left + 0.28 * depth, 0.5 * depth), (left, 0.5 * depth)])
        shape = softened(CrossSection.square((width, depth), True) - cut - cut.mirror((0, 1)), 0.1 * depth)
    elif kind == "ticket":
        shape = bitten(width, depth, CrossSection.circle(0.16 * depth, 48))
    else:
        shape = rounded_box(width, depth, (0.5 if kind == "capsule" else 0.2) * depth)
    hole = (left + (0.31 if kind == "box" else 0.36) * depth, 0.0)
    return Plate(shape, hole, (0.1 * depth + eye, 0.0), width - 0.85 * depth - 2 * eye, 0.6 * depth)


def bitten(width: float, depth: float, bite: CrossSection) -> CrossSection:
    """A board whose four corners are cut off by that."""
    bites = [bite.translate((x, y)) for x in (-width / 2, width / 2) for y in (-depth / 2, depth / 2)]
    return softened(CrossSection.square((width, depth), True) - joined_outlines(bites), 0.025 * depth)
