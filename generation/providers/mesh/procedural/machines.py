"""What does something: gears, stands, hooks."""

from typing import Any

import numpy as np
from manifold3d import CrossSection, Manifold
from numpy.random import Generator

from generation.providers.mesh.procedural.frame import Frame, frame_of
from generation.providers.mesh.procedural.solids import (
    Points,
    crosswise,
    joined,
    joined_outlines,
    outline,
    polygon,
    rounded_box,
    slab,
    smooth_line,
    softened,
    stood_up,
    stroke,
    through,
    tube,
    turned_around,
)
from generation.providers.mesh.procedural.words import Wish

#: Where a device stands: how far behind the front, how far above the ground.
Seat = tuple[float, float]

_PRESSURE = np.radians(20)


# -- gears ---------------------------------------------------------------------------------------------------------


def gear(wish: Wish, rng: Generator) -> Manifold:
    """Involute teeth at a pressure angle of 20 degrees, so that two of one module run together."""
    frame = frame_of(wish, rng, 70, 70, 11, is_flat=True)
    by_chance = int(rng.integers(16, 33))
    teeth = min(max(wish.count or by_chance, 8), 120)
    height, module = frame.height, frame.depth / (teeth + 2)
    root = frame.depth / 2 - 2.25 * module
    ring, hub = 0.84 * root, 0.36 * root
    web = CrossSection.circle(ring, 128) - CrossSection.circle(0.94 * hub, 96)
    body = _toothed(wish, rng, teeth, module, height)
    body = body - slab(web, height, bevel=0, bottom=0.8).translate((0, 0, 0.55 * height))
    body = body - through(_lightened(wish, rng, web, root), height)
    collar = slab(CrossSection.circle(hub, 96), 1.22 * height, bevel=0.06 * hub, bottom=0)
    return body + collar - through(_shaft(0.19 * root), 1.3 * height)


def _toothed(wish: Wish, rng: Generator, teeth: int, module: float, height: float) -> Manifold:
    wheel = teeth_of(teeth, module)
    twist = 360 / teeth * float(rng.choice([-1, 1]))
    if wish.has("herringbone"):
        half = Manifold.extrude(wheel, height / 2, 16, twist)
        return (half + half.mirror((0, 0, 1))).translate((0, 0, height / 2))
    if wish.has("twisted"):
        return Manifold.extrude(wheel, height, 24, twist)
    return slab(wheel, height, bevel=0.09 * module)


def _lightened(wish: Wish, rng: Generator, web: CrossSection, root: float) -> CrossSection:
    """What the web between rim and hub does without."""
    style = str(rng.choice(["arms", "holes", "plain"]))
    count = int(rng.integers(4, 8))
    if style == "plain" or wish.has("plain"):
        return CrossSection()
    if style == "holes":
        return turned_around(CrossSection.circle(0.17 * root, 64).translate((0.6 * root, 0)), count)
    arm = CrossSection.square((root, 0.17 * root), True).translate((root / 2, 0))
    return softened(web.offset(-0.02 * root) - turned_around(arm, count), 0.07 * root)


def _shaft(bore: float) -> CrossSection:
    """A round hole with a keyway."""
    key = CrossSection.square((0.55 * bore, 1.3 * bore), True)
    return CrossSection.circle(bore, 72) + key.translate((0, 0.7 * bore))


def teeth_of(teeth: int, module: float) -> CrossSection:
    pitch = module * teeth / 2
    base, tip, root = pitch * np.cos(_PRESSURE), pitch + module, pitch - 1.25 * module
    radii = np.linspace(max(base, root), tip, 14)
    rolled = np.arccos(np.minimum(base / radii, 1))
    half = np.pi / (2 * teeth) * 0.985 + np.tan(_PRESSURE) - _PRESSURE - (np.tan(rolled) - rolled)
    radii, half = np.insert(radii, 0, 0.97 * root), np.insert(half, 0, half[0])
    flank = np.column_stack([radii * np.cos(half), radii * np.sin(half)])
    tooth = outline(np.vstack([flank * (1, -1), flank[::-1]]))
    wheel = CrossSection.circle(root, 4 * teeth) + turned_around(tooth, teeth)
    return softened(wheel, 0.12 * module, hollows=0.28 * module).simplify(0.008 * module)


# -- stands --------------------------------------------------------------------------------------------------------


def stand(wish: Wish, rng: Generator) -> Manifold:
    """For a phone, or a tablet: a profile as wide as what it holds."""
    is_tablet = wish.has("tablet")
    frame = frame_of(wish, rng, 140 if is_tablet else 72, 122 if is_tablet else 92, 138 if is_tablet else 104)
    style = "block" if wish.has("dock") else str(rng.choice(["frame", "ribbon"]))
    profile, (seat_y, seat_z) = {"frame": _frame, "ribbon": _ribbon, "block": _block}[style](frame)
    solid = crosswise(profile, frame.width, min(1.4, 0.2 * frame.wall(5)))
    if style == "block":
        return solid
    # A way for the cable, through the lip and the seat.
    slot = through(rounded_box(0.2 * frame.width, 2 * seat_y, 0.05 * frame.width), 0.3 * frame.height)
    return solid - slot.translate((0, 0, seat_z)) - _window(frame, rng)


def _frame(frame: Frame) -> tuple[CrossSection, Seat]:
    """From the side, like a letter A with a seat."""
    thick = frame.wall(5.2, 2.4)
    half = thick / 2
    depth, height = frame.depth, frame.height
    foot, top = np.array([0.3 * depth, half]), np.array([0.66 * depth, height - half])
    up = (top - foot) / np.linalg.norm(top - foot)
    forward = np.array([-up[1], up[0]])
    start = foot + up * 0.13 * height
    corner = start + forward * 0.19 * depth
    lip = corner + up * 0.13 * height
    lines: list[list[Any]] = [
        [(half, half), (depth - half, half)],
        [foot, top],
        [start, corner, lip],
        [corner, (max(corner[0] - 0.06 * depth, half), half)],
        [foot + (top - foot) * 0.62, (depth - half, half)],
    ]
    shape = joined_outlines([stroke(line, thick) for line in lines])
    return softened(shape, 0.6 * half, hollows=0.9 * thick), (float(corner[0]), float(corner[1]))


def _ribbon(frame: Frame) -> tuple[CrossSection, Seat]:
    """One band that is bent six times."""
    thick = frame.wall(5.6, 2.6)
    half = thick / 2
    depth, height = frame.depth, frame.height
    line = [
        (0.13 * depth, 0.28 * height),
        (0.08 * depth, 0.15 * height),
        (0.29 * depth, 0.09 * height),
        (0.62 * depth, height - half),
        (0.72 * depth, height - 1.6 * thick),
        (depth - 1.4 * half, half),
        (0.1 * depth, half),
    ]
    shape = joined_outlines(
        [stroke(line, thick), stroke([(0.2 * depth, half), (0.24 * depth, 0.1 * height)], thick)]
    )
    return softened(shape, 0.6 * half, hollows=1.1 * thick), (0.1 * depth, 0.13 * height)


def _block(frame: Frame) -> tuple[CrossSection, Seat]:
    """A wedge with a groove."""
    depth, height = 0.86 * frame.depth, 0.42 * frame.height
    corners = [(0, 0), (1, 0), (0.94, 1), (0.72, 1), (0.06, 0.42)]
    body = softened(outline(np.array(corners) * (depth, height)), 6)
    groove = rounded_box(0.135 * frame.depth, 2 * height, 1.2).translate((0, height))
    groove = groove.rotate(-18).translate((0.34 * depth, 0.16 * height))
    return softened(body - groove, 0.8), (0.3 * depth, 0.2 * height)


def _window(frame: Frame, rng: Generator) -> Manifold:
    """What is cut out of the back, seen from the front."""
    width, low, high = 0.62 * frame.width, 0.36 * frame.height, 0.86 * frame.height
    middle = (low + high) / 2
    kind = str(rng.choice(["slots", "combs", "one", "none"]))
    if kind == "slots":
        slot = rounded_box(width / 7, high - low, width / 14)
        shape = joined_outlines([slot.translate((width * at, middle)) for at in (-0.36, -0.12, 0.12, 0.36)])
    elif kind == "combs":
        comb = polygon(6, width / 7.2, 1.0).rotate(30)
        step = width / 3.6
        places = [(column + 0.5 * (row % 2), 0.87 * row) for row in range(-2, 3) for column in range(-2, 3)]
        shape = joined_outlines([comb.translate((step * x, middle + step * y)) for x, y in places])
        shape = shape ^ rounded_box(1.06 * width, high - low, 4).translate((0, middle))
        shape = softened(shape, 1.0)
    elif kind == "one":
        shape = rounded_box(width, high - low, 0.2 * width).translate((0, middle))
    else:
        return Manifold()
    # What stands behind the back rest is cut as well.
    return stood_up(through(shape, 2 * frame.depth))


# -- hooks ---------------------------------------------------------------------------------------------------------


def hook(wish: Wish, rng: Generator) -> Manifold:
    """For the wall, with holes for two screws."""
    frame = frame_of(wish, rng, 34, 46, 82)
    width, height = frame.width, frame.height
    thick = frame.wall(5.0, 3.0)
    is_double = wish.has("double")
    plate_width = width * (1.7 if is_double else 1.0)
    kind = str(rng.choice(["box", "capsule", "shield"]))
    corner = {"box": 0.16, "capsule": 0.5, "shield": 0.32}[kind] * width
    plate = rounded_box(plate_width, height, corner)
    if kind == "shield":
        plate = softened(plate ^ polygon(6, 0.64 * height).scale((plate_width / height, 1)), 3)
    base = slab(plate.translate((0, height / 2)), thick, bevel=0.3 * thick, bottom=0)
    screw, head = frame.scaled(2.3), frame.scaled(4.6)
    sink = Manifold.cylinder(head - screw, screw, head, 48).translate((0, 0, thick - head + screw))
    above = Manifold.cylinder(thick, head, -1, 48).translate((0, 0, 0.999 * thick))
    hole = through(CrossSection.circle(screw, 48), thick) + sink + above
    arm = _arm(frame, thick, rng)
    sides = (-0.45 * width, 0.45 * width) if is_double else (0.0,)
    lying = joined([base, *(arm.translate((side, 0, 0)) for side in sides)])
    return stood_up(lying - joined([hole.translate((0, height * at, 0)) for at in (0.62, 0.87)]))


def _arm(frame: Frame, thick: float, rng: Generator) -> Manifold:
    """From the plate outwards, down and up again; the plate lies, and its height is y."""
    out, height = frame.depth, frame.height
    bar = frame.scaled(4.6)
    style = str(rng.choice(["round", "straight"]))
    if style == "round":
        points = [
            (0.0, 0.46),
            (0.22 * out, 0.4),
            (0.5 * out, 0.24),
            (0.78 * out, 0.25),
            (out - 2 * bar, 0.4),
            (out - 1.6 * bar, 0.54),
        ]
    else:
        points = [
            (0.0, 0.34),
            (0.3 * out, 0.33),
            (0.62 * out, 0.33),
            (0.84 * out, 0.38),
            (out - 1.6 * bar, 0.5),
        ]
    path = smooth_line([(0.5 * thick + x, height * y) for x, y in points])
    share = np.linspace(0, 1, len(path))
    flare = 1 + 1.1 * np.clip(1 - share / 0.22, 0, 1) ** 2
    solid = tube(path, bar * flare * (1.15 - 0.15 * share), bar * flare * (1 - 0.12 * share))
    tip = Manifold.sphere(1.3 * bar, 64).translate((path[-1, 0], 0, path[-1, 1]))
    # x is outwards, z along the plate: to z outwards, y along the plate.
    return (solid + tip).transform(((0, 1, 0, 0), (0, 0, 1, 0), (1, 0, 0, 0)))


def s_hook(wish: Wish, rng: Generator) -> Manifold:
    """For a rail."""
    frame = frame_of(wish, rng, 46, 84, 9, is_flat=True)
    thick = min(frame.wall(8, 3), 0.13 * frame.depth)
    small, large = 0.2 * frame.depth, 0.27 * frame.depth
    upper = _arc((0, small), small, 20, 270)
    lower = _arc((0, -large), large, 90, -200)
    shape = stroke(np.vstack([upper, lower]), thick)
    return slab(shape, max(frame.height, 3), bevel=0.25 * thick)


def _arc(middle: tuple[float, float], radius: float, start: float, end: float) -> Points:
    angles = np.radians(np.linspace(start, end, 40))
    return np.column_stack([np.cos(angles), np.sin(angles)]) * radius + middle
