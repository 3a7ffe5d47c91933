"""What a number in a file means, and how large the model is to be."""

from dataclasses import dataclass

import numpy as np

from models3d.domain.limits import MOST_MM
from models3d.domain.meshes.mesh import Mesh, refuse
from models3d.domain.words import Unit, UnitSource

MILLIMETRES = {Unit.MM: 1.0, Unit.CM: 10.0, Unit.M: 1000.0, Unit.INCH: 25.4}
#: A thing that would be thinner than this all round, were its numbers millimetres, is taken to be in metres.
TINY = 1.0
#: What isn't a thing any more, but a wrong unit: larger than any scale that may be asked for, or finer than light.
LEAST_MM, GREATEST_MM = 1e-3, 100 * MOST_MM


@dataclass(frozen=True, slots=True)
class Scale:
    """`factor`: millimetres of one of the file's units."""

    unit: Unit
    source: UnitSource
    factor: float


#: What a GLB that is written here is in.
METRES = Scale(Unit.M, UnitSource.FORMAT, MILLIMETRES[Unit.M])


def scale_of(mesh: Mesh, *, unit: Unit | None, size_mm: float | None) -> Scale:
    """Asked, else stated by the format, else guessed; `size_mm` overrules all by the longest side."""
    points = mesh.vertices[mesh.faces.ravel()]
    longest = float(np.ptp(points, axis=0).max())
    if not longest:
        refuse("MESH_EMPTY")
    if size_mm is not None:
        scale = Scale(Unit.MM, UnitSource.SCALED, size_mm / longest)
    elif unit is not None:
        scale = Scale(unit, UnitSource.ASKED, MILLIMETRES[unit])
    elif mesh.scale is not None:
        scale = Scale(Unit(mesh.unit), UnitSource.FORMAT, mesh.scale)
    else:
        guessed = Unit.M if longest < TINY else Unit.MM
        scale = Scale(guessed, UnitSource.GUESSED, MILLIMETRES[guessed])
    if not LEAST_MM <= longest * scale.factor <= GREATEST_MM:
        refuse("MESH_SIZE_IMPLAUSIBLE", longest_mm=float(f"{longest * scale.factor:.3g}"))
    return scale
