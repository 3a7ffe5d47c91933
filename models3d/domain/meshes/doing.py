"""What is done with a file of a stranger: looked at, mended, converted."""

from collections.abc import Callable
from typing import Any

from models3d.domain.meshes.compact import compact
from models3d.domain.meshes.drawing.pictures import drawn
from models3d.domain.meshes.mesh import Mesh, checked
from models3d.domain.meshes.reading.files import read_mesh
from models3d.domain.meshes.repair import mended
from models3d.domain.meshes.report import measured
from models3d.domain.meshes.units import METRES, Scale, scale_of
from models3d.domain.meshes.writing.glb import write_glb
from models3d.domain.meshes.writing.obj import write_obj
from models3d.domain.meshes.writing.stl import write_stl
from models3d.domain.meshes.writing.threemf import write_threemf
from models3d.domain.words import Format, Unit

Answer = tuple[dict[str, Any], dict[str, bytes]]


def inspect(data: bytes, *, unit: str | None = None, size_mm: float | None = None) -> Answer:
    kind, mesh = read_mesh(data)
    scale = scale_of(mesh, unit=None if unit is None else Unit(unit), size_mm=size_mm)
    mesh.vertices = mesh.vertices * scale.factor
    return _inspected(kind, mesh, scale, has_viewer=kind != Format.GLB)


def repair(data: bytes, *, scale: float) -> Answer:
    """The mended mesh is a GLB, whatever it was read from."""
    _, mesh = read_mesh(data)
    mesh.vertices = mesh.vertices * scale
    made = mended(mesh)
    facts, files = _inspected(Format.GLB, checked(made.mesh), METRES, has_viewer=True)
    return {**facts, "changes": made.changes}, files


def convert(data: bytes, *, to: str, scale: float, size_mm: float | None = None) -> Answer:
    _, mesh = read_mesh(data)
    if size_mm is not None:
        scale = scale_of(mesh, unit=None, size_mm=size_mm).factor
    mesh.vertices = mesh.vertices * scale
    return {}, {"file": WRITERS[Format(to)](mesh)}


def _inspected(kind: Format, mesh: Mesh, scale: Scale, *, has_viewer: bool) -> Answer:
    mesh = compact(mesh)  # once for all that follows
    report = measured(mesh)
    is_solid = report.volume_mm3 is not None and report.volume_mm3 > 0
    still, moving = drawn(mesh, is_solid=is_solid)
    files = {"preview": still, "turntable": moving}
    if has_viewer:
        files["glb"] = write_glb(mesh)
    facts = {
        "format": kind.value,
        "unit": scale.unit.value,
        "unit_source": scale.source.value,
        "scale": scale.factor,
        "report": report.as_json(),
    }
    return facts, files


WRITERS = {
    Format.GLB: write_glb,
    Format.STL: write_stl,
    Format.OBJ: write_obj,
    Format.THREE_MF: write_threemf,
}
DOING: dict[str, Callable[..., Answer]] = {"inspect": inspect, "repair": repair, "convert": convert}
