"""Each format is read as it says, whoever wrote it."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from models3d.domain.meshes.mesh import Mesh, MeshRefusedError
from models3d.domain.meshes.reading.files import read_mesh
from models3d.domain.meshes.report import measured
from models3d.domain.meshes.units import Scale, scale_of
from models3d.domain.words import Format, Unit, UnitSource
from tests.models3d.meshes.files import (
    QUADS,
    archive,
    box,
    glb,
    obj,
    ply,
    stl,
    stl_text,
    threemf,
)

VERTICES, FACES = box((10, 20, 30))
FORMATS = {
    "binary STL": (Format.STL, stl(VERTICES, FACES)),
    "binary STL that begins with solid": (Format.STL, stl(VERTICES, FACES, head=b"solid facet")),
    "text STL": (Format.STL, stl_text(VERTICES, FACES)),
    "text STL of Windows, in capitals": (
        Format.STL,
        stl_text(VERTICES, FACES).upper().replace(b"\n", b"\r\n"),
    ),
    "OBJ": (Format.OBJ, obj(VERTICES, FACES)),
    "OBJ of quads": (Format.OBJ, obj(VERTICES, QUADS)),
    "OBJ of both": (Format.OBJ, obj(VERTICES, [*QUADS[:3], *FACES[6:]])),
    "OBJ that counts backwards": (Format.OBJ, obj(VERTICES, FACES - 9)),
    "OBJ with normals": (Format.OBJ, obj(VERTICES, FACES, pattern="{0}//{0}")),
    "OBJ with lines that go on": (
        Format.OBJ,
        obj(VERTICES, FACES).replace(b"f 1 2", b"f 1 \\\n2").replace(b"v ", b"v\t"),
    ),
    "OBJ with weights": (Format.OBJ, obj(np.column_stack([VERTICES, np.ones(8)]), FACES)),
    "zipped OBJ": (Format.OBJ, archive({"模型/方块.obj": obj(VERTICES, FACES), "__MACOSX/._方块.obj": b"x"})),
    "PLY": (Format.PLY, ply(VERTICES, FACES)),
    "PLY of quads": (Format.PLY, ply(VERTICES, QUADS)),
    "little PLY": (Format.PLY, ply(VERTICES, FACES, order="binary_little_endian")),
    "big PLY": (Format.PLY, ply(VERTICES, FACES, order="binary_big_endian")),
    "big PLY of both": (Format.PLY, ply(VERTICES, [*QUADS[:3], *FACES[6:]], order="binary_big_endian")),
    "3MF": (Format.THREE_MF, threemf(VERTICES, FACES)),
}


def size(mesh: Mesh) -> list[float]:
    return np.ptp(mesh.vertices[mesh.faces.ravel()], axis=0).round(6).tolist()


def test_all_formats_say_the_same() -> None:
    for name, (kind, data) in FORMATS.items():
        found, mesh = read_mesh(data)
        report = measured(mesh)
        assert (name, found, report.size_mm) == (name, kind, (10.0, 20.0, 30.0))
        assert (name, report.is_watertight, report.volume_mm3, report.triangles) == (name, True, 6000.0, 12)


def test_a_glb_lies_along_y_in_metres_and_is_placed_by_its_nodes() -> None:
    _, mesh = read_mesh(glb(VERTICES, FACES))
    assert (size(mesh), mesh.scale) == ([10, 30, 20], 1000.0)
    turned = {
        "mesh": 0,
        "rotation": [0, 0, np.sqrt(0.5), np.sqrt(0.5)],
        "scale": [2, 1, 1],
        "translation": [0, 0, 7],
    }
    nodes = [{"children": [1], "matrix": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1]}, turned]
    _, placed = read_mesh(glb(VERTICES, FACES, nodes=nodes))
    assert size(placed) == [20, 30, 20]
    assert placed.vertices[:, 1].tolist() == (VERTICES[:, 2] + 7).tolist()  # z was mirrored, and is -y here
    assert measured(placed).volume_mm3 == 12000.0  # a mirror doesn't turn it inside out


def test_strips_and_fans_of_a_glb_are_triangles() -> None:
    square = np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0)], float)
    for mode, corners in ((5, [0, 1, 2, 3]), (6, [0, 1, 3, 2])):
        meshes = [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1, "mode": mode}]}]
        accessors = [
            {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3"},
            {"bufferView": 1, "componentType": 5125, "count": 4, "type": "SCALAR"},
        ]
        _, mesh = read_mesh(glb(square, np.array([corners]), meshes=meshes, accessors=accessors))
        report = measured(mesh)
        assert (report.triangles, report.area_mm2, report.is_winding_consistent) == (2, 1.0, True)


def picture(colour: tuple[int, int, int]) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (4, 4), colour).save(made, "PNG")
    return made.getvalue()


def test_materials_and_textures_of_a_zip_are_found() -> None:
    text = obj(VERTICES, FACES[:6], head="mtllib 材质.mtl\nvt 0 0\nusemtl skin", pattern="{}/1")
    text += b"\nusemtl bone\n" + b"\n".join(b"f %d %d %d" % tuple(face + 1) for face in FACES[6:])
    library = (
        "newmtl skin\nKd 1 0 0\nmap_Kd -s 1 1 1 tex\\Skin.png\nnewmtl bone\nKd 0.5 0.5 0.5\nmap_Kd lost.png"
    )
    data = archive({"a/b.obj": text, "a/材质.mtl": library.encode(), "a/tex/skin.png": picture((0, 9, 0))})
    _, mesh = read_mesh(data)
    plain, skin, bone = mesh.materials
    assert (skin.colour, skin.texture) == ((255, 0, 0), picture((0, 9, 0)))
    assert (bone.colour, bone.texture) == ((128, 128, 128), b"")
    assert np.bincount(mesh.materials_of_faces()).tolist() == [0, 6, 6]
    assert measured(mesh).is_watertight  # corners that only textures part are one


def test_names_in_the_encoding_of_chinese_systems_are_understood() -> None:
    name = "方块".encode("gb18030").decode("cp437")
    data = archive({"box.obj": obj(VERTICES, FACES, head=""), f"{name}.mtl": b"newmtl x"})
    assert read_mesh(data)[0] == Format.OBJ


def test_colours_of_corners_are_read() -> None:
    colours = np.array([(200, 100, corner) for corner in range(8)], np.uint8)
    shades = np.column_stack([VERTICES, colours / 255])
    for data in (
        ply(VERTICES, FACES, colours=colours),
        ply(VERTICES, FACES, colours=colours, order="binary_big_endian"),
        obj(shades, FACES),
    ):
        _, mesh = read_mesh(data)
        assert mesh.colours is not None
        assert mesh.colours.tolist() == colours.tolist()


def test_a_3mf_is_put_together_from_parts_in_colours() -> None:
    resources = (
        '<basematerials id="5"><base name="a" displaycolor="#FF8000"/><base name="b" displaycolor="#0080FFFF"/>'
        '</basematerials><object id="2" pid="5" pindex="1"><components>'
        '<component objectid="1"/><component objectid="1" transform="2 0 0 0 1 0 0 0 -1 100 0 0"/>'
        "</components></object>"
    )
    data = threemf(VERTICES, FACES, unit="inch", resources=resources, build='<item objectid="2"/>')
    _, mesh = read_mesh(data)
    report = measured(mesh)
    assert (report.shells, report.volume_mm3, report.size_mm) == (2, 18000.0, (120.0, 20.0, 60.0))
    assert (mesh.unit, mesh.scale) == ("inch", 25.4)


#: format's unit and millimetres, longest side in the file, asked unit, asked size → unit, who says so, factor
SCALES: list[tuple[Any, ...]] = [
    (None, 30.0, None, None, Scale(Unit.MM, UnitSource.GUESSED, 1.0)),
    (None, 0.12, None, None, Scale(Unit.M, UnitSource.GUESSED, 1000.0)),
    (None, 3.0, Unit.INCH, None, Scale(Unit.INCH, UnitSource.ASKED, 25.4)),
    (("m", 1000.0), 0.05, None, None, Scale(Unit.M, UnitSource.FORMAT, 1000.0)),
    (("m", 1000.0), 0.05, Unit.CM, None, Scale(Unit.CM, UnitSource.ASKED, 10.0)),
    (("m", 1000.0), 2.0, Unit.CM, 80.0, Scale(Unit.MM, UnitSource.SCALED, 40.0)),
]


def test_the_unit_is_asked_or_stated_or_guessed() -> None:
    for stated, longest, unit, size_mm, expected in SCALES:
        mesh = Mesh(*box((longest, longest / 2, longest / 3)))
        mesh.unit, mesh.scale = stated or ("", None)
        assert scale_of(mesh, unit=unit, size_mm=size_mm) == expected
    for longest, unit in ((1e7, Unit.M), (1e-5, Unit.MM), (1e30, None)):
        with pytest.raises(MeshRefusedError, match="MESH_SIZE_IMPLAUSIBLE"):
            scale_of(Mesh(*box((longest, longest, longest))), unit=unit, size_mm=None)
