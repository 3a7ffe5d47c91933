"""Rings and coins."""

import numpy as np
from manifold3d import CrossSection, Manifold
from numpy.random import Generator

from generation.providers.mesh.procedural.frame import frame_of
from generation.providers.mesh.procedural.lettering import (
    block_of,
    centred,
    line_of,
    readable,
    within,
    wrapped,
)
from generation.providers.mesh.procedural.solids import (
    Points,
    bent,
    joined,
    joined_outlines,
    outline,
    polygon,
    rounded_box,
    slab,
    star,
    stood_up,
    through,
    turned,
    turned_around,
)
from generation.providers.mesh.procedural.tags import emblem, recess
from generation.providers.mesh.procedural.words import Wish

# -- rings ---------------------------------------------------------------------------------------------------------


def ring(wish: Wish, rng: Generator) -> Manifold:
    """For a finger; with words it becomes a signet."""
    frame = frame_of(wish, rng, 22.2, 22.2, 6.0)
    outer, height = frame.depth / 2, frame.height
    thick = min(frame.wall(2.1, 1.2), 0.4 * outer)
    inner = outer - thick
    named = [kind for kind in ("signet", "twisted", "ribbed", "faceted", "wavy", "plain") if wish.has(kind)]
    by_chance = str(rng.choice(["plain", "twisted", "faceted", "wavy", "signet"]))
    kind = "signet" if wish.text else named[0] if named else by_chance
    count = int(rng.integers(9, 15))
    if kind == "signet":
        return _signet(wish, rng, inner, thick, height)
    if kind == "faceted":
        return slab(
            polygon(count, 0.995 * outer / np.cos(np.pi / count)), height, bevel=0.3 * thick
        ) - through(CrossSection.circle(inner, 144), height)
    band = turned(_band(inner, thick, height), segments=288, step=height / 24)
    if kind == "wavy":

        def swing(points: Points) -> Points:
            angle = np.arctan2(points[:, 1], points[:, 0])
            return points + np.outer(np.sin(3 * angle), (0, 0, 0.28 * height))

        return band.warp_batch(swing)
    if kind in ("twisted", "ribbed"):
        slant = 2 * np.pi / height if kind == "twisted" else 0.0

        def rope(radius: Points, angle: Points, z: Points) -> tuple[Points, Points]:
            outside = np.clip((radius - inner) / thick, 0, 1)
            return radius + 0.16 * thick * outside * np.cos(2 * count * angle + slant * z), angle

        return bent(band, rope)
    return band


def _band(inner: float, thick: float, height: float) -> CrossSection:
    return rounded_box(thick, height, 0.36 * thick).translate((inner + thick / 2, height / 2))


def _signet(wish: Wish, rng: Generator, inner: float, thick: float, height: float) -> Manifold:
    """A band that widens to a face, on which the words stand."""
    outer = inner + thick
    face, high, long = 1.15 * outer, 1.2 * outer, (0.78 if wish.text else 0.64) * outer
    oval = CrossSection.circle(1, 96).scale((long, high / 2))
    plate = oval if rng.random() < 0.5 else rounded_box(2 * long, high, 0.3 * high)
    head = stood_up(slab(plate, 0.4 * thick, bevel=0.14 * thick, bottom=0)).translate((0, -face, high / 2))
    band = turned(_band(inner, thick, height)).translate((0, 0, (high - height) / 2))
    shoulder = band.trim_by_plane((0, -1, 0), 0.3 * outer)
    body = band + Manifold.batch_hull([head, shoulder]) - through(CrossSection.circle(inner, 144), high)
    text = readable(wish.text)
    motif = within(block_of(wrapped(text, 4, 2)) if text else emblem(wish, rng), 1.4 * long, 0.66 * high)
    raised = stood_up(Manifold.extrude(motif, 0.6 * thick)).translate((0, -face - 0.1 * thick, high / 2))
    return body + raised


# -- coins ---------------------------------------------------------------------------------------------------------


def coin(wish: Wish, rng: Generator) -> Manifold:
    frame = frame_of(wish, rng, 40, 40, 3.2, is_flat=True)
    radius, height = frame.depth / 2, frame.height
    rise = 0.34 * height
    ground = height - rise
    text = readable(wish.text)
    if wish.has("ancient"):
        return _ancient(text or "招财进宝", radius, height, ground)
    body = _reeded(radius, height)
    if rng.random() < 0.4:
        body = slab(CrossSection.circle(radius, 192), height, bevel=0.3 * rise, bottom=0.12 * height)
    body = body - recess(CrossSection.circle(0.9 * radius, 192), ground, height)
    room = 1.36 * radius
    if text:
        letters = within(block_of(wrapped(text, 6, 3)), 0.88 * room, 0.62 * room, 0.55 * room)
        motif = Manifold.extrude(letters, height - 0.1 * rise)
    else:
        figure = within(emblem(wish, rng), 0.68 * room, 0.68 * room)
        motif = slab(figure, height - 0.1 * rise, bevel=0.7 * rise, bottom=0)
    return joined([body, motif, _border(rng, radius, ground, rise)])


def _reeded(radius: float, height: float) -> Manifold:
    count = 90
    angles = 2 * np.pi * np.arange(6 * count) / (6 * count)
    radii = radius * (1 - 0.012 * (1 + np.sign(np.cos(count * angles))))
    return Manifold.extrude(
        outline(np.column_stack([np.cos(angles), np.sin(angles)]) * radii[:, None]), height
    )


def _border(rng: Generator, radius: float, ground: float, rise: float) -> Manifold:
    """What runs along the rim: beads, a line or stars."""
    kind, middle = str(rng.choice(["beads", "line", "stars"])), 0.81 * radius
    if kind == "beads":
        bead = Manifold.sphere(0.028 * radius, 20).scale((1, 1, 1.2)).translate((middle, 0, ground))
        return joined([bead.rotate((0, 0, 360 * number / 48)) for number in range(48)])
    if kind == "line":
        line = CrossSection.circle(1.02 * middle, 192) - CrossSection.circle(0.98 * middle, 192)
        return Manifold.extrude(line, ground + 0.6 * rise)
    stars = turned_around(star(5, 0.055 * radius).translate((0, middle)), 12)
    return Manifold.extrude(stars, ground + 0.6 * rise)


def _ancient(text: str, radius: float, height: float, ground: float) -> Manifold:
    """Round with a square hole, its four signs read from above, below, right and left."""
    square = rounded_box(0.54 * radius, 0.54 * radius, 0.02 * radius)
    place, room = 0.61 * radius, 0.37 * radius
    signs = [
        within(centred(line_of(sign)), room, room, 0.42 * radius).translate((x * place, y * place))
        for sign, (x, y) in zip(text, ((0, 1), (0, -1), (1, 0), (-1, 0)), strict=False)
    ]
    rise = height - ground
    whole = slab(CrossSection.circle(radius, 192), height, bevel=0.35 * rise, bottom=0.14 * height)
    field = CrossSection.circle(0.86 * radius, 192) - square.offset(0.09 * radius, circular_segments=32)
    letters = Manifold.extrude(joined_outlines(signs), 0.5 * ground + 0.85 * rise).translate(
        (0, 0, 0.5 * ground)
    )
    return whole - recess(field, ground, height) + letters - through(square, height)
