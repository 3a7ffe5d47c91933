"""What is written is read back by others: trimesh, the consortium's library of 3MF, and Khronos's validator."""

import io
import zipfile
from pathlib import Path

import lib3mf
import numpy as np
import pytest
import trimesh
from PIL import Image

from models3d.domain.meshes.doing import convert, inspect
from models3d.domain.meshes.mesh import Material, Mesh
from models3d.domain.meshes.reading.files import read_mesh
from models3d.domain.meshes.report import measured
from models3d.domain.meshes.writing.glb import write_glb
from models3d.domain.meshes.writing.obj import write_obj
from models3d.domain.meshes.writing.stl import write_stl
from models3d.domain.meshes.writing.threemf import write_threemf
from tests.models3d.meshes.files import box, stl
from tests.support import gltf

VERTICES, FACES = box((10, 20, 30))
MUG = trimesh.creation.annulus(17, 20, 40, sections=64)


def picture(kind: str) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (8, 8), (40, 160, 90)).save(made, kind)
    return made.getvalue()


def dressed(texture: bytes = b"") -> Mesh:
    """A box of two materials, one of which may have a texture."""
    return Mesh(
        VERTICES[FACES].reshape(-1, 3),
        np.arange(36).reshape(-1, 3),
        materials=(Material((255, 0, 0)), Material((0, 128, 255), texture)),
        face_material=np.array([0] * 4 + [1] * 8),
        uv=np.tile([(0, 0), (1, 0), (1, 1)], (12, 1)).astype(float) if texture else None,
    )


def mug() -> Mesh:
    return Mesh(np.array(MUG.vertices), np.array(MUG.faces))


def read_by_trimesh(data: bytes, kind: str) -> trimesh.Trimesh:
    return trimesh.load(io.BytesIO(data), file_type=kind, force="mesh")


def unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_each_format_is_read_back_by_others() -> None:
    for mesh, volume in ((mug(), MUG.volume), (dressed(), 6000.0), (dressed(picture("PNG")), 6000.0)):
        size = np.ptp(mesh.vertices, axis=0)
        obj = unzipped(write_obj(mesh))
        found = {
            "stl": read_by_trimesh(write_stl(mesh), "stl"),
            "obj": read_by_trimesh(obj["model.obj"], "obj"),
            "3mf": read_by_trimesh(write_threemf(mesh), "3mf"),
            "glb": read_by_trimesh(write_glb(mesh), "glb"),
        }
        found["glb"].apply_scale(1000)
        for kind, read in found.items():
            read.merge_vertices(merge_tex=True, merge_norm=True)
            upright = read.extents[[0, 2, 1]] if kind == "glb" else read.extents
            assert upright == pytest.approx(size, rel=1e-6)
            assert (kind, len(read.faces), read.is_watertight) == (kind, len(mesh.faces), True)
            assert read.volume == pytest.approx(volume, rel=1e-5)


def test_3mf_is_read_without_a_warning_by_its_own_library() -> None:
    for mesh in (mug(), dressed()):
        model = lib3mf.get_wrapper().CreateModel()
        reader = model.QueryReader("3mf")
        reader.SetStrictModeActive(True)
        data = write_threemf(mesh)
        reader.ReadFromBuffer(np.frombuffer(data, np.uint8))
        assert reader.GetWarningCount() == 0
        assert model.GetUnit() == lib3mf.ModelUnit.MilliMeter
        objects = model.GetMeshObjects()
        assert objects.MoveNext()
        read = objects.GetCurrentMeshObject()
        assert (read.GetTriangleCount(), read.IsManifoldAndOriented()) == (len(mesh.faces), True)


@pytest.mark.skipif(not gltf.IS_THERE, reason="node or its packages aren't installed")
def test_glb_satisfies_khronos(tmp_path: Path) -> None:
    coloured = mug()
    coloured.colours = np.full((len(coloured.vertices), 3), (9, 99, 199), np.uint8)
    uneven = dressed(picture("WEBP"))
    assert uneven.uv is not None
    uneven.uv[5] = np.nan
    files = {
        "plain": write_glb(mug()),
        "colours of corners": write_glb(coloured),
        "a texture": write_glb(dressed(picture("JPEG"))),
        "a texture of another kind": write_glb(uneven),
        "a texture that is none": write_glb(dressed(b"\x89PNG\r\n\x1a\n broken")),
        "a viewer's copy": inspect(stl(VERTICES, FACES))[1]["glb"],
    }
    found = {name: [one["code"] for one in issues] for name, issues in gltf.issues(files, tmp_path).items()}
    assert found == {name: [] for name in files}


def test_colours_and_textures_go_along() -> None:
    for kind in ("PNG", "JPEG"):
        mesh = dressed(picture(kind))
        for written in (write_glb(mesh), write_obj(mesh)):
            _, read = read_mesh(written)
            looks = {
                (material.colour, material.texture)
                for material in read.materials
                if material.colour != (186, 189, 194)
            }
            assert looks == {((255, 0, 0), b""), ((0, 128, 255), picture(kind))}
            assert read.uv is not None
    _, printed = read_mesh(write_threemf(dressed()))
    assert [material.colour for material in printed.materials] == [(255, 0, 0), (0, 128, 255)]
    assert np.bincount(printed.materials_of_faces()).tolist() == [4, 8]


def test_the_zip_names_its_parts() -> None:
    parts = unzipped(write_obj(dressed(picture("WEBP"))))
    assert sorted(parts) == ["model.mtl", "model.obj", "texture_0.png"]
    assert b"mtllib model.mtl" in parts["model.obj"]
    assert b"map_Kd texture_0.png" in parts["model.mtl"]


def test_a_size_is_kept_and_the_same_model_becomes_the_same_bytes() -> None:
    source = stl(VERTICES, FACES)
    for kind in ("glb", "stl", "obj", "3mf"):
        _, files = convert(source, to=kind, scale=1.0, size_mm=120.0)
        _, read = read_mesh(files["file"])
        report = measured(read)
        length = report.longest_mm * (read.scale or 1.0)
        assert (kind, round(length, 3)) == (kind, 120.0)
        assert files == convert(source, to=kind, scale=7.0, size_mm=120.0)[1]
        _, read = read_mesh(convert(source, to=kind, scale=25.4)[1]["file"])
        assert measured(read).longest_mm * (read.scale or 1.0) == pytest.approx(30 * 25.4, rel=1e-5)
