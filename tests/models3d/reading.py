"""What a mesh is found to be, without a program of its own: files that begin with `BROKEN` can't be read."""

import struct
from typing import Any, BinaryIO

from models3d.domain.reports import MeshReport
from models3d.domain.words import Format, Unit, UnitSource
from models3d.errors import MeshUnreadableError
from models3d.services.compute import Inspected
from tests.models3d.rows import REPORT
from tests.support.pictures import picture

#: A cube's side, as an STL of two triangles: enough to be told by its content.
STL = b"\0" * 80 + struct.pack("<I", 2) + struct.pack("<12fH", 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0) * 2
BROKEN = b"glTF broken"


def inspected(source: BinaryIO, *, unit: Unit | None = None, size_mm: float | None = None) -> Inspected:
    head = source.read(16)
    source.seek(0)
    if head.startswith(BROKEN[:12]):
        raise MeshUnreadableError
    found = Format.GLB if head.startswith(b"glTF") else Format.STL
    said: dict[str, Any] = {"unit": Unit.M, "unit_source": UnitSource.FORMAT}
    if size_mm:
        said = {"unit": Unit.MM, "unit_source": UnitSource.SCALED}
    elif unit:
        said = {"unit": unit, "unit_source": UnitSource.ASKED}
    longest = size_mm or REPORT["size_mm"][0]
    return Inspected(
        format=found.value,
        scale=1.0,
        report=MeshReport.from_json({**REPORT, "size_mm": [longest, longest, longest]}),
        preview=picture("WEBP", (96, 96)),
        turntable=picture("WEBP", (48, 48)),
        **said,
    )
