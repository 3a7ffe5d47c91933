"""What is measured of a mesh. Plain numbers, kept with a version as JSON."""

from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class MeshReport:
    """Lengths in millimetres; `size_mm` is width, depth and height as the model stands (z is up).

    `volume_mm3` is None unless the surface is closed and its sides agree on what is inside. `overhang_share` is the
    area that leans out by more than 45° and so needs support, as a share of all area but that which stands on the
    bed. `thinnest_mm` is the thinnest wall that `samples` measured walls have; walls less than
    `thinnest_precision_mm` wide both ways may have been missed. It is None where no wall was met: in an open surface
    nobody knows what is inside.
    """

    triangles: int
    vertices: int
    shells: int
    is_watertight: bool
    is_winding_consistent: bool
    boundary_edges: int
    nonmanifold_edges: int
    degenerate_faces: int
    size_mm: tuple[float, float, float]
    volume_mm3: float | None
    area_mm2: float
    overhang_share: float
    thinnest_mm: float | None
    thinnest_precision_mm: float
    samples: int

    @property
    def longest_mm(self) -> float:
        return max(self.size_mm)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "size_mm": list(self.size_mm)}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        width, depth, height = stored["size_mm"]
        return cls(**{**stored, "size_mm": (width, depth, height)})
