"""Through the door: in a process of its own."""

import io

import pytest
import trimesh
from PIL import Image

from models3d.domain.words import Unit, UnitSource
from models3d.errors import MeshUnreadableError
from models3d.services.compute import mesh_inspect


def test_a_file_is_measured_drawn_and_made_viewable() -> None:
    stl = trimesh.creation.box((10, 20, 30)).export(file_type="stl")
    found = mesh_inspect(io.BytesIO(stl), unit=Unit.CM)
    assert (found.format, found.unit, found.unit_source, found.scale) == (
        "stl",
        Unit.CM,
        UnitSource.ASKED,
        10.0,
    )
    assert found.report.size_mm == (100, 200, 300)
    assert found.report.is_watertight
    with Image.open(io.BytesIO(found.preview)) as preview:
        assert (preview.format, preview.size) == ("WEBP", (768, 768))
    assert found.glb is not None
    with found.glb:
        viewed = trimesh.load_mesh(io.BytesIO(found.glb.read()), file_type="glb")
    assert viewed.extents.tolist() == pytest.approx([0.1, 0.3, 0.2])


def test_what_is_no_mesh_is_refused() -> None:
    with pytest.raises(MeshUnreadableError):
        mesh_inspect(io.BytesIO(b"a text that is no mesh"))
