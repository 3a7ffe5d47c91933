"""How large a shape becomes: its own size, changed by the traits and the sizes that the prompt names."""

from dataclasses import dataclass

import numpy as np
from manifold3d import Manifold
from numpy.random import Generator

from generation.providers.mesh.procedural.words import Wish

#: What is smaller than that share of a thing is no detail but a trace of the reckoning.
FINEST = 0.00004
#: What shall be smaller than that is built as large, and then made smaller: walls can't be thinner than a nozzle.
LEAST_MM = 40.0

_TRAITS = {
    "tall": (1.0, 1.0, 1.4),
    "low": (1.0, 1.0, 0.66),
    "wide": (1.28, 1.28, 1.0),
    "slim": (0.76, 0.76, 1.0),
    "small": (0.65, 0.65, 0.65),
    "large": (1.5, 1.5, 1.5),
}
_THICKER = {"thick": 1.6, "thin": 0.65}


@dataclass(frozen=True, slots=True)
class Frame:
    """Width (x), depth (y) and height (z) in millimetres to build in; `grown` is how much larger that is than usual."""

    width: float
    depth: float
    height: float
    grown: float
    stout: float

    def wall(self, usual: float, least: float = 1.2) -> float:
        """A wall grows more slowly than what it encloses."""
        return max(least, usual * self.grown**0.6 * self.stout)

    def scaled(self, usual: float) -> float:
        return usual * self.grown


def frame_of(
    wish: Wish,
    rng: Generator,
    width: float,
    depth: float,
    height: float,
    *,
    is_flat: bool = False,
    least: float = LEAST_MM,
) -> Frame:
    """About that size; width and depth change together. `is_flat`: it lies, and its height is said of its depth."""
    beside, above = rng.uniform(0.93, 1.07, size=2)
    usual = np.array([width * beside, depth * beside, height * above])
    for trait, factors in _TRAITS.items():
        if wish.has(trait):
            across, along, up = factors
            usual = usual * ([across, up, 1.0] if is_flat else [across, along, up])
    asked = _asked(wish, is_flat)
    size = usual.copy()
    if asked:
        size *= float(np.mean([mm / usual[axis] for axis, mm in asked.items()]))
        for axis, mm in asked.items():
            size[axis] = mm
        if wish.measures.diameter and not is_flat:
            size[0] = usual[0] * size[1] / usual[1]
    elif wish.measures.longest:
        size *= wish.measures.longest / usual.max()
    if asked or wish.measures.longest:
        size *= max(1.0, least / size.max())
    stout = next((share for trait, share in _THICKER.items() if wish.has(trait)), 1.0)
    grown = float(np.cbrt(np.prod(size / (width, depth, height))))
    across, along, up = size.tolist()
    return Frame(across, along, up, grown, stout)


def fitted(solid: Manifold, wish: Wish, *, is_flat: bool = False, finest: float = 0.0) -> Manifold:
    """In the middle, on the ground, and exactly as large as it was asked for; `finest` is the share of it below which
    nothing counts."""
    low, high = np.reshape(solid.bounding_box(), (2, 3))
    size = high - low
    asked = _asked(wish, is_flat)
    factors = np.ones(3)
    if asked:
        factors *= float(np.mean([mm / size[axis] for axis, mm in asked.items()]))
        for axis, mm in asked.items():
            factors[axis] = mm / size[axis]
    elif wish.measures.longest:
        factors *= wish.measures.longest / size.max()
    middle = (low + high) / 2
    solid = solid.translate((-middle[0], -middle[1], -low[2])).scale(tuple(factors.tolist()))
    return _kept_closed(solid, max(finest, FINEST) * float((size * factors).max()))


def _kept_closed(solid: Manifold, finest: float) -> Manifold:
    """Without what is smaller than that. Points that are two here may be one in a file, whose numbers are shorter;
    where four faces meet at an edge for that, a little more is left out."""
    for times in (1, 3, 10):
        simple = solid.simplify(finest * times)
        if is_closed(simple):
            return simple
    return solid


def is_closed(solid: Manifold) -> bool:
    """Whether each edge has exactly two faces, of points as a file has them."""
    mesh = solid.to_mesh()
    places = np.asarray(mesh.vert_properties)[:, :3] / np.float32(1000)
    _, point = np.unique(places, axis=0, return_inverse=True)
    faces = point.reshape(-1)[np.asarray(mesh.tri_verts)].astype(np.int64)
    edges = faces.ravel() * len(places) + faces[:, [1, 2, 0]].ravel()
    return len(np.unique(edges)) == len(edges)


def _asked(wish: Wish, is_flat: bool) -> dict[int, float]:
    """Millimetres by axis."""
    said = wish.measures
    by_axis = [
        (0, said.width),
        (1, said.diameter or (said.depth if not is_flat else said.height)),
        (2, said.height if not is_flat else said.thickness or said.depth),
    ]
    return {axis: mm for axis, mm in by_axis if mm}
