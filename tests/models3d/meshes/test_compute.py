"""Through the door: in a process of its own."""

import ast
import io
import zipfile
from collections.abc import Iterator
from string import Formatter

import pytest
import trimesh
from PIL import Image

from config.errors import REGISTRY
from models3d.domain.words import Format, Unit, UnitSource
from models3d.errors import PROBLEMS_IN_CHINESE, ArchiveUnsafeError, MeshUnreadableError
from models3d.services.compute import mesh_convert, mesh_inspect
from tests.architecture.house import calls, product
from tests.models3d.meshes.files import archive


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


def test_a_file_is_converted() -> None:
    stl = trimesh.creation.box((10, 20, 30)).export(file_type="stl")
    with mesh_convert(io.BytesIO(stl), scale=1.0, to=Format.OBJ, size_mm=60.0) as converted:
        assert zipfile.ZipFile(converted).namelist() == ["model.mtl", "model.obj"]


def test_what_can_t_be_used_is_refused_by_its_code() -> None:
    with pytest.raises(MeshUnreadableError):
        mesh_inspect(io.BytesIO(b"a text that is no mesh"))
    with pytest.raises(ArchiveUnsafeError) as caught:
        mesh_convert(io.BytesIO(archive({"../box.obj": b"v 0 0 0"})), scale=1.0, to=Format.STL)
    assert caught.value.message("en").startswith(
        "The archive isn't unpacked, because an entry's path leads out of it."
    )
    assert caught.value.message("zh-hans").startswith("压缩包未被解压：其中有条目的路径指向压缩包之外。")


def refusals() -> Iterator[tuple[str, set[str], str]]:
    """Each code that meshes are refused with, with its parameters and, of archives, the problem."""
    for one in product():
        for name, call in calls(one.tree) if one.name.startswith("models3d/domain/meshes/") else ():
            words = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
            if name == "refuse" and words:
                yield words[0], {str(keyword.arg) for keyword in call.keywords}, ""
            if name == "_unsafe":
                yield "ARCHIVE_UNSAFE", {"problem"}, words[0]


def test_every_refusal_has_its_sentence() -> None:
    found = list(refusals())
    assert len({code for code, _, _ in found}) == 8
    for code, params, _ in found:
        error = REGISTRY[code]
        for sentence in (error.en, error.zh):
            assert {name for _, name, _, _ in Formatter().parse(sentence) if name} == params
    assert {problem for _, _, problem in found if problem} == set(PROBLEMS_IN_CHINESE)
