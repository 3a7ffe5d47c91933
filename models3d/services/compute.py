"""Meshes from strangers are read, measured, mended, drawn and converted in a process of its own, with limits on time
and memory: a hostile one ends that process and nothing else. What can't be used is refused with a code of
`models3d.errors`."""

import json
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from config.errors import REGISTRY, AppError
from config.programs.running import Limits, ProgramFailedError, program_run
from models3d.domain.limits import MOST_TRIANGLES
from models3d.domain.reports import MeshReport
from models3d.domain.words import Format, Unit, UnitSource
from models3d.errors import MeshTooComplexError, MeshUnreadableError

PROGRAM = "models3d.domain.meshes.program"
#: Of a million triangles the hardest took 26 seconds of the processor and 1.1 GB (docs/models3d.md), so that two
#: million have room; by the clock a busy machine may take longer. The memory is address space, of which numpy
#: reserves more than it uses.
LIMITS = Limits(seconds=300, cpu_seconds=150, memory=4 * 1024**3)


@dataclass(frozen=True, slots=True)
class Inspected:
    """What was found in a file. `scale`: millimetres of one of its units; `preview` and `turntable` are WebP, the
    latter moves; `glb` is a copy for viewers, None where the file itself is one."""

    format: str
    unit: Unit
    unit_source: UnitSource
    scale: float
    report: MeshReport
    preview: bytes = field(repr=False)
    turntable: bytes = field(repr=False)
    glb: BinaryIO | None = None


def mesh_inspect(source: BinaryIO, *, unit: Unit | None = None, size_mm: float | None = None) -> Inspected:
    """What the file is, what its mesh measures, and how it looks. `unit` is that of its numbers where the caller knows
    it, else the format says it, or it is guessed; `size_mm` scales the longest side instead.

    Raises the errors of meshes and archives (`models3d.errors`).
    """
    facts, files = _done(source, {"do": "inspect", "unit": unit, "size_mm": size_mm})
    return _inspected(facts, files)


@dataclass(frozen=True, slots=True)
class Repaired:
    """A mended mesh: a GLB, what was changed (numbers of points, faces and holes), and what it is now."""

    glb: BinaryIO
    changes: dict[str, int]
    inspected: Inspected


def mesh_repair(source: BinaryIO, *, scale: float) -> Repaired:
    """Mend simple faults: points that nearly lie on each other, useless triangles, small holes, faces that look the
    wrong way. `scale` is that of the inspected file. Raises as `mesh_inspect` does."""
    facts, files = _done(source, {"do": "repair", "scale": scale})
    return Repaired(glb=files.pop("glb"), changes=facts["changes"], inspected=_inspected(facts, files))


def mesh_convert(source: BinaryIO, *, scale: float, to: Format, size_mm: float | None = None) -> BinaryIO:
    """The mesh as another format, in millimetres (GLB: metres), an OBJ as a ZIP with materials and textures. `scale`
    is that of the inspected file; `size_mm` makes the longest side so long instead. Raises as `mesh_inspect` does."""
    _, files = _done(source, {"do": "convert", "to": to, "scale": scale, "size_mm": size_mm})
    return files["file"]


def _inspected(facts: dict[str, Any], files: dict[str, BinaryIO]) -> Inspected:
    return Inspected(
        format=facts["format"],
        unit=Unit(facts["unit"]),
        unit_source=UnitSource(facts["unit_source"]),
        scale=facts["scale"],
        report=MeshReport.from_json(facts["report"]),
        preview=_whole(files["preview"]),
        turntable=_whole(files["turntable"]),
        glb=files.get("glb"),
    )


def _done(source: BinaryIO, order: dict[str, Any]) -> tuple[dict[str, Any], dict[str, BinaryIO]]:
    """The program's facts and files, each as a temporary file at its beginning."""
    with TemporaryFile() as answer:
        try:
            program_run(PROGRAM, json.dumps(order), source=source, limits=LIMITS, answer=answer)
        except ProgramFailedError as failed:
            raise _too_complex() if failed.is_over_limit else MeshUnreadableError() from None
        answer.seek(0)
        facts = json.loads(answer.readline())
        if facts.get("is_too_large"):
            raise _too_complex()
        if "refused" in facts:
            raise REGISTRY[facts["refused"]](**facts["params"])
        return facts, {name: _part(answer, size) for name, size in facts["files"].items()}


def _whole(file: BinaryIO) -> bytes:
    with file:
        return file.read()


def _too_complex() -> AppError:
    return MeshTooComplexError(limit=MOST_TRIANGLES)


def _part(answer: BinaryIO, size: int) -> BinaryIO:
    part = TemporaryFile()  # noqa: SIM115 — closed by whom it is handed to
    while size:
        chunk = answer.read(min(size, 1024 * 1024))
        part.write(chunk)
        size -= len(chunk)
    part.seek(0)
    return part
