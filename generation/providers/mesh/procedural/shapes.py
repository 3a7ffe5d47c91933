"""From an order to a solid: every shape, and its colour."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from manifold3d import Manifold
from numpy.random import Generator
from PIL.Image import Image

from generation.providers.mesh.procedural import boxes, machines, pictures, signs, tags, trinkets, vessels
from generation.providers.mesh.procedural.frame import fitted
from generation.providers.mesh.procedural.sizes import Measures
from generation.providers.mesh.procedural.words import Wish, read_wish


@dataclass(frozen=True, slots=True)
class Shape:
    """`is_flat`: it lies, and its height is said of its depth. `is_several`: sizes are said of its main part, which has
    them already."""

    make: Callable[[Wish, Generator], Manifold]
    colour: str
    is_flat: bool = False
    is_several: bool = False


SHAPES = {
    "mug": Shape(vessels.mug, "#6f8fa3"),
    "vase": Shape(vessels.vase, "#d9cbb8"),
    "planter": Shape(vessels.planter, "#b98768"),
    "box": Shape(boxes.box, "#9caf9a", is_several=True),
    "gear": Shape(machines.gear, "#9aa3ab", is_flat=True),
    "stand": Shape(machines.stand, "#54606b"),
    "tag": Shape(tags.tag, "#c3a06a", is_flat=True),
    "ring": Shape(trinkets.ring, "#c9a862"),
    "coin": Shape(trinkets.coin, "#b98d54", is_flat=True),
    "hook": Shape(machines.hook, "#a8b5a2"),
    "s_hook": Shape(machines.s_hook, "#a8b5a2", is_flat=True),
    "sign": Shape(signs.sign, "#ddd6c8", is_flat=True),
    "desk": Shape(signs.desk, "#7d5f4b"),
    "text": Shape(signs.text, "#c27565", is_flat=True),
}
PICTURES: dict[str, Callable[[Wish, Image], Manifold]] = {
    "relief": pictures.relief,
    "lithophane": pictures.lithophane,
    "silhouette": pictures.silhouette,
}
PICTURE_COLOUR = "#d9d2c4"
#: A grid of points has more triangles than its hills need.
FINEST_OF_PICTURES = 0.0003


@dataclass(frozen=True, slots=True)
class Made:
    solid: Manifold
    shape: str
    colour: str


def make(
    prompt: str, *, seed: int, image: bytes = b"", shape: str = "", size_mm: float | None = None
) -> Made:
    """`shape` is one of `PICTURES`; without an image it says nothing. `size_mm` is the longest side, and counts more
    than what the prompt says."""
    wish = read_wish(prompt)
    if size_mm is not None:
        wish = replace(wish, measures=Measures(longest=size_mm).limited())
    if image:
        name = shape if shape in PICTURES else wish.picture or "relief"
        solid = PICTURES[name](wish, pictures.opened(image))
        solid = fitted(solid, wish, is_flat=name != "lithophane", finest=FINEST_OF_PICTURES)
        return Made(solid, name, wish.colour or PICTURE_COLOUR)
    name = wish.shape or ("sign" if wish.text or wish.rest else "tag")
    kind = SHAPES[name]
    solid = kind.make(wish, np.random.default_rng(seed))
    if kind.is_several:
        wish = replace(wish, measures=Measures(longest=wish.measures.longest))
    return Made(fitted(solid, wish, is_flat=kind.is_flat), name, wish.colour or kind.colour)
