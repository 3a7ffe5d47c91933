"""What is small: tags, rings, coins."""

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
    heart,
    joined,
    joined_outlines,
    polygon,
    rounded_box,
    slab,
    softened,
    star,
    turned,
)
from generation.providers.mesh.procedural.words import Wish


def emblem(wish: Wish, rng: Generator) -> CrossSection:
    """What stands where no words do; two high."""
    by_chance = str(rng.choice(["star", "heart", "flower", "moon", "bolt"]))
    kind = next((one for one in ("star", "heart") if wish.has(one)), by_chance)
    if kind == "star":
        return star(5, 1.0, inner=0.46, corner=0.04)
    if kind == "heart":
        return centred(heart(2.0))
    if kind == "flower":
        petal = CrossSection.circle(0.36, 48).translate((0, 0.6))
        whole = joined_outlines([petal.rotate(60 * number) for number in range(6)])
        return whole + CrossSection.circle(0.5, 48) - CrossSection.circle(0.24, 48)
    if kind == "moon":
        return softened(
            CrossSection.circle(1, 96) - CrossSection.circle(0.82, 96).translate((0.42, 0.2)), 0.03
        )
    return softened(
        CrossSection(
            [np.array([(0.15, 1), (-0.6, -0.15), (-0.08, -0.15), (-0.2, -1), (0.6, 0.22), (0.08, 0.22)])]
        ),
        0.03,
    )


# -- tags ----------------------------------------------------------------------------------------------------------


def tag(wish: Wish, rng: Generator) -> Manifold:
    """With a hole for a ring, a rim, and raised words or an emblem."""
    text = readable(wish.text)
    lines = wrapped(text, 12, 2)
    frame = frame_of(wish, rng, 62, 34, 3.4, is_flat=True)
    width, depth = frame.width, frame.depth
    by_chance = str(
        rng.choice(
            ["box", "capsule", "ticket", "shield"]
            if text
            else ["circle", "box", "capsule", "hexagon", "heart"]
        )
    )
    named = {
        "heart": "heart",
        "round": "circle",
        "hexagonal": "hexagon",
        "bone": "bone",
        "star": "star",
        "square": "box",
    }
    kind = next((shape for trait, shape in named.items() if wish.has(trait)), by_chance)
    eye = max(0.075 * depth, 1.6)
    shape, hole, room = _plate(kind, width, depth, eye)
    rim, rise = frame.wall(1.5, 0.8), max(0.28 * frame.height, 0.6)
    ground = frame.height - rise
    body = slab(shape, frame.height, bevel=0.25 * rise, bottom=0.16 * ground)
    field = softened(shape.offset(-rim, circular_segments=64), 0.5 * rim)
    field = field - CrossSection.circle(eye + rim, 64).translate(hole)
    x, y, wide, high = room
    motif = within(block_of(lines) if lines else emblem(wish, rng), wide, high, 0.62 * depth).translate(
        (x, y)
    )
    raised = slab(motif, rise + 0.3 * ground, bevel=0 if lines else 0.6 * rise, bottom=0)
    drill = Manifold.cylinder(6 * frame.height, eye, -1, 64, True).translate((*hole, 0))
    return body - recess(field, ground, frame.height) + raised.translate((0, 0, 0.7 * ground)) - drill


def recess(field: CrossSection, ground: float, height: float) -> Manifold:
    """What is taken away above the ground so that a rim stays."""
    return Manifold.extrude(field, 2 * height).translate((0, 0, ground))


def _plate(
    kind: str, width: float, depth: float, eye: float
) -> tuple[CrossSection, tuple[float, float], tuple[float, float, float, float]]:
    """The outline, where the hole is, and the room for words: its middle, width and height."""
    left = -width / 2
    if kind in ("circle", "hexagon", "heart", "star"):
        radius = width / 2
        shape = {
            "circle": lambda: CrossSection.circle(radius, 144),
            "hexagon": lambda: polygon(6, radius, 0.12 * radius),
            "heart": lambda: heart(2 * radius),
            "star": lambda: star(5, 1.1 * radius, inner=0.62, corner=0.12 * radius),
        }[kind]()
        at = {"circle": 0.8, "hexagon": 0.66, "heart": 0.0, "star": 0.74}[kind] * radius
        if kind == "heart":
            hole, middle = (-0.52 * radius, 0.5 * radius), (0.12 * radius, 0.12 * radius)
            return shape, hole, (*middle, 0.95 * radius, 0.55 * radius)
        return shape, (0.0, at), (0.0, -0.08 * radius, 1.25 * radius, 0.95 * radius)
    hole = (left + 0.5 * depth * (0.62 if kind == "box" else 0.72), 0.0)
    room = (0.1 * depth + eye, 0.0, width - 0.85 * depth - 2 * eye, 0.6 * depth)
    if kind == "capsule":
        return rounded_box(width, depth, depth / 2), hole, room
    if kind == "ticket":
        plate = rounded_box(width, depth, 0.1 * depth)
        bites = [
            CrossSection.circle(0.16 * depth, 48).translate((x, y))
            for x in (left, -left)
            for y in (-depth / 2, depth / 2)
        ]
        return softened(plate - joined_outlines(bites), 0.03 * depth), hole, room
    if kind == "shield":
        cut = CrossSection(
            [np.array([(left, 0.22 * depth), (left + 0.28 * depth, 0.5 * depth), (left, 0.5 * depth)])]
        )
        plate = CrossSection.square((width, depth), True) - cut - cut.mirror((0, 1))
        return softened(plate, 0.1 * depth), hole, room
    if kind == "bone":
        ball = CrossSection.circle(0.3 * depth, 96)
        balls = [
            ball.translate((x, y))
            for x in (left + 0.3 * depth, -left - 0.3 * depth)
            for y in (-0.22 * depth, 0.22 * depth)
        ]
        bar = rounded_box(width - 0.5 * depth, 0.58 * depth, 0.1 * depth)
        whole = softened(joined_outlines([bar, *balls]), 0.02 * depth, hollows=0.14 * depth)
        return whole, (left + 0.3 * depth, 0.0), (0.1 * depth, 0.0, width - 1.3 * depth, 0.42 * depth)
    return rounded_box(width, depth, 0.2 * depth), hole, room


# -- rings ---------------------------------------------------------------------------------------------------------


def ring(wish: Wish, rng: Generator) -> Manifold:
    """A finger ring, comfortable inside; with words it becomes a signet."""
    frame = frame_of(wish, rng, 22.2, 22.2, 6.0)
    outer, height = frame.depth / 2, frame.height
    thick = min(frame.wall(2.1, 1.2), 0.4 * outer)
    inner = outer - thick
    named = [kind for kind in ("signet", "twisted", "ribbed", "faceted", "wavy", "plain") if wish.has(kind)]
    by_chance = str(rng.choice(["plain", "twisted", "faceted", "wavy", "signet"]))
    kind = "signet" if wish.text else named[0] if named else by_chance
    count = int(rng.integers(9, 15))
    band = _band(inner, thick, height)
    if kind == "signet":
        return _signet(wish, rng, inner, thick, height)
    if kind == "faceted":
        sides = 3 * (count // 3) + 3
        faces = np.pi / sides
        knife = slab(polygon(sides, outer / np.cos(faces) * 0.995), height, bevel=0.3 * thick)
        return knife - turned(_bore(inner, height))
    solid = turned(band, segments=288, step=height / 24)
    if kind == "wavy":

        def swing(points: Points) -> Points:
            angle = np.arctan2(points[:, 1], points[:, 0])
            return points + np.column_stack([0 * angle, 0 * angle, 0.28 * height * np.sin(3 * angle)])

        return solid.warp_batch(swing)
    if kind in ("twisted", "ribbed"):
        slant = 0.0 if kind == "ribbed" else 1.0

        def rope(radius: Points, angle: Points, z: Points) -> tuple[Points, Points]:
            outside = np.clip((radius - inner) / thick, 0, 1)
            strand = np.cos(2 * count * angle + 2 * slant * np.pi * z / height)
            return radius + outside * 0.16 * thick * strand, angle

        return bent(solid, rope)
    return solid


def _band(inner: float, thick: float, height: float) -> CrossSection:
    return rounded_box(thick, height, 0.36 * thick).translate((inner + thick / 2, height / 2))


def _bore(inner: float, height: float) -> CrossSection:
    """The hole for the finger, wider at its ends."""
    side = np.linspace(-0.1, 1.1, 30)
    out = inner + 0.06 * height * (2 * side - 1) ** 4
    return CrossSection(
        [np.vstack([np.column_stack([out, height * side]), [(0, 1.1 * height), (0, -0.1 * height)]])]
    )


def _signet(wish: Wish, rng: Generator, inner: float, thick: float, height: float) -> Manifold:
    """A band that widens to a face, whose words are cut into it."""
    outer = inner + thick
    face = 1.15 * outer
    long = (0.78 if wish.text else 0.64) * outer
    kind = str(rng.choice(["oval", "cushion"]))
    high = 1.2 * outer
    plate = rounded_box(2 * long, high, 0.3 * high)
    if kind == "oval":
        plate = CrossSection.circle(1, 96).scale((long, high / 2))
    standing = ((1, 0, 0, 0), (0, 0, -1, 0), (0, 1, 0, high / 2))
    head = slab(plate, 0.4 * thick, bevel=0.14 * thick, bottom=0).transform(standing).translate((0, -face, 0))
    band = turned(_band(inner, thick, height)).translate((0, 0, (high - height) / 2))
    shoulder = band.trim_by_plane((0, -1, 0), 0.3 * outer)
    body = band + Manifold.batch_hull([head, shoulder]) - Manifold.cylinder(6 * height, inner, -1, 144, True)
    text = readable(wish.text)
    what = block_of(wrapped(text, 4, 2)) if text else emblem(wish, rng)
    motif = within(what, 1.4 * long, 0.66 * high)
    cut = Manifold.extrude(motif, thick).transform(standing)
    return body - cut.translate((0, -face - 0.1 * thick, 0))


# -- coins ---------------------------------------------------------------------------------------------------------


def coin(wish: Wish, rng: Generator) -> Manifold:
    frame = frame_of(wish, rng, 40, 40, 3.2, is_flat=True)
    radius, height = frame.depth / 2, frame.height
    rise = 0.34 * height
    text = readable(wish.text)
    if wish.has("ancient"):
        return _ancient(text or "招财进宝", radius, height, rise)
    style = str(rng.choice(["reeded", "smooth", "reeded"]))
    edge = CrossSection.circle(radius, 192)
    if style == "reeded":
        count = 90
        angles = 2 * np.pi * np.arange(6 * count) / (6 * count)
        radii = radius * (1 - 0.012 * (1 + np.sign(np.cos(count * angles))))
        edge = CrossSection([np.column_stack([np.cos(angles), np.sin(angles)]) * radii[:, None]])
    ground = height - rise
    body = slab(edge, height, bevel=0.3 * rise, bottom=0.12 * height)
    solids = [body - recess(CrossSection.circle(0.9 * radius, 192), ground, height)]
    beads = str(rng.choice(["beads", "line", "stars"]))
    ring = 0.81 * radius
    if beads == "beads":
        bead = Manifold.sphere(0.028 * radius, 20).scale((1, 1, 1.2)).translate((ring, 0, height - rise))
        solids += [bead.rotate((0, 0, 360 * number / 48)) for number in range(48)]
    elif beads == "line":
        line = CrossSection.circle(ring + 0.02 * radius, 192) - CrossSection.circle(ring - 0.02 * radius, 192)
        solids.append(Manifold.extrude(line, height - 0.4 * rise))
    else:
        small = star(5, 0.055 * radius)
        stars = joined_outlines([small.translate((0, ring)).rotate(30 * number) for number in range(12)])
        solids.append(Manifold.extrude(stars, height - 0.4 * rise))
    inside = 1.36 * radius
    what = (
        within(block_of(wrapped(text, 6, 3)), 0.88 * inside, 0.62 * inside, 0.55 * inside)
        if text
        else within(emblem(wish, rng), 0.68 * inside, 0.68 * inside)
    )
    solids.append(slab(what, height - 0.1 * rise, bevel=(0.2 if text else 0.7) * rise, bottom=0))
    return joined(solids)


def _ancient(text: str, radius: float, height: float, rise: float) -> Manifold:
    """Round with a square hole, its four signs read from above, below, right and left."""
    hole = 0.27 * radius
    body = CrossSection.circle(radius, 192)
    square = rounded_box(2 * hole, 2 * hole, 0.06 * hole)
    signs = []
    for sign, (x, y) in zip(text, ((0, 1), (0, -1), (1, 0), (-1, 0)), strict=False):
        place = 0.61 * radius
        room = 0.37 * radius
        signs.append(
            within(centred(line_of(sign)), room, room, 0.42 * radius).translate((x * place, y * place))
        )
    ground = height - rise
    whole = slab(body, height, bevel=0.35 * rise, bottom=0.14 * height)
    field = CrossSection.circle(0.86 * radius, 192) - square.offset(0.09 * radius, circular_segments=32)
    raised = Manifold.extrude(joined_outlines(signs), height - 0.15 * rise - 0.5 * ground).translate(
        (0, 0, 0.5 * ground)
    )
    return (
        whole
        - recess(field, ground, height)
        + raised
        - Manifold.extrude(square, 4 * height).translate((0, 0, -height))
    )
