"""What is done with a file of a stranger: looked at, mended, converted."""

from typing import Any

from models3d.domain.meshes.drawing.pictures import preview
from models3d.domain.meshes.mesh import Mesh
from models3d.domain.meshes.reading.files import read_mesh
from models3d.domain.meshes.report import measured
from models3d.domain.meshes.units import Scale, scale_of
from models3d.domain.meshes.writing.glb import write_glb
from models3d.domain.words import Format, Unit

Answer = tuple[dict[str, Any], dict[str, bytes]]


def inspect(data: bytes, *, unit: str | None = None, size_mm: float | None = None) -> Answer:
    kind, mesh, scale = _read(data, unit, size_mm)
    return _inspected(kind, mesh, scale, has_viewer=kind != Format.GLB)


def _read(data: bytes, unit: str | None, size_mm: float | None) -> tuple[Format, Mesh, Scale]:
    """The mesh in millimetres."""
    kind, mesh = read_mesh(data)
    scale = scale_of(mesh, unit=None if unit is None else Unit(unit), size_mm=size_mm)
    mesh.vertices = mesh.vertices * scale.factor
    return kind, mesh, scale


def _inspected(kind: Format, mesh: Mesh, scale: Scale, *, has_viewer: bool) -> Answer:
    report = measured(mesh)
    is_solid = report.volume_mm3 is not None and report.volume_mm3 > 0
    files = {"preview": preview(mesh, is_solid=is_solid), "turntable": preview(mesh, is_solid=is_solid)}
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


DOING = {"inspect": inspect}
