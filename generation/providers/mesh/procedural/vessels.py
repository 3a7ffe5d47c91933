"""What holds something: mugs, vases, planters."""

from dataclasses import dataclass

import numpy as np
from manifold3d import CrossSection, Manifold
from numpy.random import Generator

from generation.providers.mesh.procedural.frame import frame_of
from generation.providers.mesh.procedural.lettering import around
from generation.providers.mesh.procedural.solids import (
    Points,
    bent,
    joined,
    outline,
    smooth_line,
    softened,
    solid_of,
    tube,
    turned,
)
from generation.providers.mesh.procedural.words import Wish

_SIDES = {"square": 4, "hexagonal": 6, "octagonal": 8}


@dataclass(frozen=True, slots=True)
class Surface:
    """What is done to a round wall: `sides` corners (0 is round), `ribs` on the outside, `lobes` of the whole wall,
    a twist (radians from foot to lip), or that many facets around."""

    sides: int = 0
    ribs: int = 0
    lobes: int = 0
    twist: float = 0.0
    facets: int = 0


def surface_of(wish: Wish, rng: Generator, kinds: tuple[str, ...]) -> Surface:
    """As the words have it, or one of `kinds` by chance."""
    by_chance = str(rng.choice(kinds))
    ribs, lobes, facets = (int(rng.integers(*range_)) for range_ in ((22, 40), (5, 9), (5, 8)))
    turn = float(rng.choice([-1, 1]) * rng.uniform(0.6, 1.2))
    sides = next((count for trait, count in _SIDES.items() if wish.has(trait)), 0)
    named = {kind for kind in ("twisted", "ribbed", "faceted", "wavy", "plain") if wish.has(kind)}
    if not named and not sides and not wish.has("round"):
        named = {by_chance}
    twist = turn if "twisted" in named else 0.0
    if "faceted" in named:
        return Surface(facets=sides or facets)
    if sides:
        return Surface(sides=sides, twist=twist)
    if "ribbed" in named:
        return Surface(ribs=ribs, twist=twist)
    return Surface(lobes=lobes if twist or "wavy" in named else 0, twist=twist)


def vessel(side: Points, surface: Surface, wall: float) -> Manifold:
    """`side` is its outside (radius, z) from the foot to the lip."""
    height = float(side[-1, 1])
    if surface.facets:
        radii, z = _rows(side, surface.facets)
        # The room inside is round, and keeps away from the middles of the facets.
        within = np.column_stack([radii * np.cos(np.pi / surface.facets), z])
        return _faceted(radii, z, surface.facets) - turned(_room(within, wall, 1.4 * wall, height))
    body = _mirrored(side) - _room(side, wall, 1.4 * wall, height)
    profile = softened(body, 0.42 * wall)
    if surface == Surface():
        return turned(profile)
    return _changed(
        turned(profile, segments=max(192, 8 * surface.ribs), step=height / 40), side, surface, wall
    )


def core(side: Points, surface: Surface, wall: float) -> Manifold:
    """The vessel without its room, smaller by half a wall: what may not reach into the room."""
    inner = _mirrored(np.maximum(side - (0.5 * wall, 0), 0))
    height = float(side[-1, 1])
    if surface.facets:
        radii, z = _rows(side, surface.facets)
        return _faceted(np.maximum(radii - 0.5 * wall, 0.1), z, surface.facets)
    return _changed(turned(inner, segments=192, step=height / 40), side, surface, wall)


def _wall(usual: float, side: Points) -> float:
    """So thin that there is room inside."""
    return min(usual, 0.35 * float(side[:, 0].min()), 0.15 * float(side[-1, 1]))


def _mirrored(side: Points) -> CrossSection:
    return outline(np.vstack([side, side[::-1] * (-1, 1)]))


def _room(side: Points, wall: float, floor: float, height: float) -> CrossSection:
    """The inside, open at the top."""
    slope = side[-1] - side[-2]
    beyond = side[-1] + slope / np.linalg.norm(slope) * 4 * wall
    room = _mirrored(np.vstack([side, beyond])).offset(-wall, circular_segments=64)
    above = CrossSection.square((1e4, 1e4), True).translate((0, 5e3 + floor))
    return softened(room ^ above, min(2.2 * wall, 0.3 * height))


def _changed(solid: Manifold, side: Points, surface: Surface, wall: float) -> Manifold:
    height = float(side[-1, 1])

    def change(radius: Points, angle: Points, z: Points) -> tuple[Points, Points]:
        up = np.clip(z / height, 0, 1)
        risen = np.clip(up / 0.16, 0, 1)
        risen = risen * risen * (3 - 2 * risen)
        if surface.sides:
            radius = radius * _cornered(surface.sides, angle)
        if surface.lobes:
            radius = radius * (1 + 0.065 * risen * np.cos(surface.lobes * angle))
        if surface.ribs:
            outer = np.interp(z, side[:, 1], side[:, 0])
            outside = np.clip((radius - outer + wall) / wall, 0, 1)
            radius = radius + outside * risen * 0.03 * outer * np.abs(np.cos(surface.ribs / 2 * angle))
        return radius, angle + surface.twist * up

    return bent(solid, change)


def _cornered(sides: int, angle: Points) -> Points:
    """The radius of a polygon with round corners whose sides touch a circle of radius one."""
    soft = 6.5 if sides == 4 else 14.0
    turns = angle[:, None] + 2 * np.pi * np.arange(sides) / sides
    return np.sum(np.maximum(np.cos(turns), 0) ** soft, axis=1) ** (-1 / soft)


#: By how much rows of facets stand out, so that they catch the light.
_IN_AND_OUT = 0.085


def _rows(side: Points, facets: int) -> tuple[Points, Points]:
    """Radii and heights of the rows between which facets lie."""
    height = float(side[-1, 1])
    rows = max(3, round(0.24 * facets * height / side[:, 0].max()))
    z = np.linspace(0, height, rows + 1)
    radii = np.interp(z, side[:, 1], side[:, 0])
    radii[1:-1] *= 1 + _IN_AND_OUT * (-1) ** np.arange(rows - 1)
    return radii, z


def _faceted(radii: Points, z: Points, facets: int) -> Manifold:
    """Rings of corners, each turned by half a corner against the one below."""
    rows = len(z) - 1
    turns = 2 * np.pi * (np.arange(facets) + np.arange(rows + 1)[:, None] / 2) / facets
    x, y = radii[:, None] * np.cos(turns), radii[:, None] * np.sin(turns)
    corners = np.stack([x, y, np.broadcast_to(z[:, None], x.shape)], axis=2).reshape(-1, 3)
    points = np.vstack([corners, [(0, 0, z[0]), (0, 0, z[-1])]])
    here = np.arange(facets)
    there = (here + 1) % facets
    foot, top, last = len(corners), len(corners) + 1, rows * facets
    faces = [
        np.column_stack([there, here, np.full(facets, foot)]),
        np.column_stack([last + here, last + there, np.full(facets, top)]),
    ]
    for low in range(0, last, facets):
        high = low + facets
        faces += [
            np.column_stack([low + here, low + there, high + here]),
            np.column_stack([high + here, low + there, high + there]),
        ]
    return solid_of(points, np.vstack(faces))


# -- mugs ----------------------------------------------------------------------------------------------------------

_MUGS = {
    "straight": [(0.94, 0.0), (1.0, 0.06), (1.0, 0.5), (1.0, 1.0)],
    "tapered": [(0.72, 0.0), (0.77, 0.05), (0.9, 0.5), (1.0, 1.0)],
    "barrel": [(0.74, 0.0), (0.86, 0.1), (1.0, 0.46), (0.96, 0.8), (0.9, 1.0)],
    "tulip": [(0.66, 0.0), (0.84, 0.1), (0.93, 0.36), (0.88, 0.7), (1.0, 1.0)],
    "bowl": [(0.5, 0.0), (0.56, 0.05), (0.84, 0.25), (0.97, 0.6), (1.0, 1.0)],
}


def mug(wish: Wish, rng: Generator) -> Manifold:
    frame = frame_of(wish, rng, 116, 84, 96)
    height, radius = frame.height, frame.depth / 2
    kind = str(rng.choice(list(_MUGS)))
    surface = surface_of(wish, rng, ("plain", "plain", "plain", "faceted", "ribbed"))
    if wish.text:
        surface = Surface()
    if wish.text or surface.sides:
        kind = "straight"
    side = smooth_line([(radius * share, height * up) for share, up in _MUGS[kind]])
    wall = _wall(frame.wall(3.4, 1.6), side)
    shell = vessel(side, surface, wall)
    grip = _handle(side, height, max(frame.width - frame.depth, 0.2 * frame.depth), frame.scaled(1), rng)
    solids = [shell, grip - core(side, surface, wall)]
    if wish.text:
        reach = np.interp(np.linspace(0, height, 50), side[:, 1], side[:, 0])
        solids.append(around(wish.text, reach, height, deep=0.5 * wall))
    return joined(solids)


#: From where, of the radius: the middle of the deepest of five facets lies at 0.74.
INSIDE = 0.6


def _handle(side: Points, height: float, reach: float, grown: float, rng: Generator) -> Manifold:
    low, high = height * rng.uniform(0.16, 0.24), height * rng.uniform(0.78, 0.86)
    inside = 1.5 * grown
    at_low, at_high = (float(np.interp(z, side[:, 1], side[:, 0])) - inside for z in (low, high))
    out = max(at_low, at_high) + inside + reach - 4.0 * grown
    style = str(rng.choice(["round", "ear", "angular"]))
    if style == "angular":
        points = [
            (at_high, high),
            (at_high + 0.55 * reach, high),
            (out - 0.12 * reach, high - 0.05 * height),
            (out, high - 0.2 * height),
            (out, low + 0.2 * height),
            (out - 0.12 * reach, low + 0.05 * height),
            (at_low + 0.55 * reach, low),
            (at_low, low),
        ]
    elif style == "ear":
        points = [
            (at_high, high),
            (at_high + 0.5 * reach, high + 0.05 * height),
            (out, high - 0.1 * height),
            (out - 0.06 * reach, 0.5 * (low + high)),
            (at_low + 0.55 * reach, low + 0.08 * height),
            (at_low, low),
        ]
    else:
        points = [
            (at_high, high),
            (at_high + 0.62 * reach, high - 0.01 * height),
            (out, 0.5 * (low + high) + 0.1 * height),
            (out - 0.02 * reach, 0.5 * (low + high) - 0.08 * height),
            (at_low + 0.6 * reach, low + 0.03 * height),
            (at_low, low),
        ]
    line = smooth_line(points)
    # From well inside, as the middle of a facet lies deeper than its corners; the room is cut out again.
    path = np.vstack([(INSIDE * at_high, high), line, (INSIDE * at_low, low)])
    middle = np.pad(np.sin(np.pi * np.linspace(0, 1, len(line))) ** 0.5, 1)
    across = grown * (8.4 - 1.6 * middle)
    along = grown * (4.8 - 0.9 * middle)
    return tube(path, across, along, square=float(rng.choice([2.2, 2.8])))


# -- vases ---------------------------------------------------------------------------------------------------------

_VASES = {
    "bottle": [(0.5, 0.0), (0.9, 0.14), (1.0, 0.32), (0.72, 0.55), (0.34, 0.74), (0.3, 0.88), (0.42, 1.0)],
    "classic": [(0.44, 0.0), (0.6, 0.12), (0.95, 0.45), (1.0, 0.62), (0.76, 0.82), (0.52, 0.91), (0.62, 1.0)],
    "tulip": [(0.42, 0.0), (0.54, 0.08), (0.86, 0.3), (0.78, 0.6), (0.74, 0.8), (1.0, 1.0)],
    "column": [(0.72, 0.0), (0.86, 0.06), (1.0, 0.3), (0.92, 0.66), (0.8, 0.92), (0.84, 1.0)],
    "gourd": [(0.5, 0.0), (0.9, 0.12), (1.0, 0.26), (0.58, 0.53), (0.62, 0.72), (0.46, 0.9), (0.36, 1.0)],
    "trumpet": [(0.56, 0.0), (0.52, 0.05), (0.4, 0.22), (0.42, 0.45), (0.62, 0.75), (1.0, 1.0)],
}


def vase(wish: Wish, rng: Generator) -> Manifold:
    frame = frame_of(wish, rng, 96, 96, 180)
    kind = str(rng.choice(list(_VASES)))
    surface = surface_of(wish, rng, ("plain", "ribbed", "twisted", "wavy", "faceted"))
    points = [(frame.depth / 2 * share, frame.height * up) for share, up in _VASES[kind]]
    side = smooth_line(points)
    return vessel(side, surface, _wall(frame.wall(2.6, 1.4), side))


# -- planters ------------------------------------------------------------------------------------------------------

_PLANTERS = {
    "cone": [(0.72, 0.0), (0.86, 0.5), (1.0, 1.0)],
    "bowl": [(0.56, 0.0), (0.82, 0.2), (1.0, 0.58), (0.95, 1.0)],
    "drum": [(0.86, 0.0), (0.98, 0.16), (1.0, 0.5), (0.97, 0.86), (0.93, 1.0)],
}


def planter(wish: Wish, rng: Generator) -> Manifold:
    """With holes in its floor for water."""
    frame = frame_of(wish, rng, 110, 110, 96)
    kind = str(rng.choice(list(_PLANTERS)))
    surface = surface_of(wish, rng, ("faceted", "ribbed", "plain", "twisted"))
    side = smooth_line([(frame.depth / 2 * share, frame.height * up) for share, up in _PLANTERS[kind]])
    wall = _wall(frame.wall(3.0, 1.6), side)
    pot = vessel(side, surface, wall)
    hole = Manifold.cylinder(20 * wall, 0.045 * frame.depth, -1, 48, True)
    ring = 0.2 * frame.depth
    holes = [hole.translate((ring * np.cos(a), ring * np.sin(a), 0)) for a in 2 * np.pi * np.arange(4) / 4]
    return pot - joined([hole, *holes])
