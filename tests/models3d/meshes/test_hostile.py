"""What must not be believed: each is refused with a code that says what is wrong, before it costs memory."""

import struct
import tracemalloc

import numpy as np
import pytest

from models3d.domain.meshes.mesh import MOST_TRIANGLES, MeshRefusedError
from models3d.domain.meshes.reading.files import read_mesh
from models3d.domain.meshes.reading.numbers import numbers
from tests.models3d.meshes.files import archive, box, glb, glb_of, obj, ply, stl, stl_text, threemf

VERTICES, FACES = box()
NOWHERE = VERTICES.copy()
NOWHERE[3, 1] = np.nan
ENDLESS = VERTICES.copy()
ENDLESS[5, 2] = np.inf
NONE = FACES[:0]
OBJ = obj(VERTICES, FACES, head="mtllib box.mtl\nusemtl skin")
XML_BOMB = '<!DOCTYPE m [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def refused(data: bytes) -> str:
    try:
        read_mesh(data)
    except MeshRefusedError as error:
        return error.code
    return "taken"


def with_uri(uri: str) -> bytes:
    return glb(VERTICES, FACES, images=[{"uri": uri}])


def many(name: str, count: int) -> dict[str, bytes]:
    return {f"{name}{number}": b"" for number in range(count)}


def pointing(count: int, *, start: int = 0) -> bytes:
    """A GLB whose accessor says that it has so many numbers."""
    accessor = {"bufferView": 0, "byteOffset": start, "componentType": 5126, "count": count, "type": "VEC3"}
    indices = {"bufferView": 1, "componentType": 5125, "count": 36, "type": "SCALAR"}
    return glb(VERTICES, FACES, accessors=[accessor, indices])


def nested(levels: int) -> str:
    """Objects of 3MF that each consist of ten of the one before."""
    uses = {level: f'<component objectid="{level - 1}"/>' * 10 for level in range(2, levels + 2)}
    return "".join(
        f'<object id="{level}"><components>{said}</components></object>' for level, said in uses.items()
    )


UNREADABLE = {
    "nothing": b"",
    "noise": bytes(range(256)) * 9,
    "a text": "这不是模型".encode() * 30,
    "an STL that says it has more": stl(VERTICES, FACES, count=13),
    "an STL that says it has 20 million": stl(VERTICES, FACES, count=20_000_000),
    "an STL that says it has fewer": stl(VERTICES, FACES, count=11),
    "an STL that is cut off": stl(VERTICES, FACES)[:-20],
    "a text STL with a corner too few": stl_text(VERTICES, FACES).replace(b"vertex 0.0 0.0 0.0\n", b"", 1),
    "a text STL with a word for a number": stl_text(VERTICES, FACES).replace(
        b"vertex 10.0", b"vertex ten", 1
    ),
    "an OBJ whose face has a corner that isn't there": obj(VERTICES, [*FACES, (0, 1, 99)]),
    "an OBJ that counts back too far": obj(VERTICES, FACES) + b"\nf -1 -2 -99",
    "an OBJ with a word for a number": obj(VERTICES, FACES).replace(b"v 10.0", b"v ten", 1),
    "an OBJ with numbers beyond all integers": obj(VERTICES, FACES) + b"\nf 1 2 99999999999999999999999999",
    "a PLY that says it has more": ply(VERTICES, FACES).replace(b"element face 12", b"element face 13"),
    "a PLY with too few bytes": ply(VERTICES, FACES, order="binary_big_endian")[:-3],
    "a PLY with fewer than no corners": ply(VERTICES, FACES).replace(
        b"element vertex 8", b"element vertex -8"
    ),
    "a PLY with an unknown type": ply(VERTICES, FACES).replace(b"float y", b"quaternion y"),
    "a GLB of another version": glb(VERTICES, FACES).replace(b"glTF\x02", b"glTF\x01"),
    "a GLB that is cut off": glb(VERTICES, FACES)[:-40],
    "a GLB whose chunk goes beyond its end": glb(VERTICES, FACES)[:12]
    + b"\xff\xff\xff\x7f"
    + glb(VERTICES, FACES)[16:],
    "a GLB whose JSON is none": glb(VERTICES, FACES).replace(b'{"asset"', b'["asset"'),
    "a GLB whose JSON is a list": glb_of([], b""),
    "a GLB nested too deeply": b"".join(
        [
            struct.pack("<4sII", b"glTF", 2, 20 + 400_000),
            struct.pack("<I4s", 400_000, b"JSON"),
            b"[" * 200_000 + b"]" * 200_000,
        ]
    ),
    "a GLB that points beyond its buffer": pointing(9),
    "a GLB that points behind its buffer": pointing(8, start=4),
    "a GLB whose view leaves its buffer": glb(
        VERTICES, FACES, bufferViews=[{"buffer": 0, "byteLength": 10**9}, {"buffer": 0, "byteLength": 144}]
    ),
    "a GLB whose view begins before its buffer": glb(
        VERTICES,
        FACES,
        bufferViews=[{"buffer": 0, "byteOffset": -96, "byteLength": 96}, {"buffer": 0, "byteLength": 144}],
    ),
    "a GLB whose stride is a lie": glb(
        VERTICES,
        FACES,
        bufferViews=[
            {"buffer": 0, "byteLength": 96, "byteStride": 2**31},
            {"buffer": 0, "byteOffset": 96, "byteLength": 144},
        ],
    ),
    "a GLB whose corner isn't there": glb(VERTICES[:7], FACES),
    "a GLB whose node is its own child": glb(VERTICES, FACES, nodes=[{"mesh": 0, "children": [0]}]),
    "a GLB whose place is nowhere": glb(VERTICES, FACES, nodes=[{"mesh": 0, "translation": [1e400, 0, 0]}]),
    "a GLB with two buffers": glb(VERTICES, FACES, buffers=[{"byteLength": 240}, {"byteLength": 240}]),
    "a 3MF whose XML is cut off": archive({"3D/3dmodel.model": b"<model><resources>"}),
    "a 3MF that declares entities": threemf(VERTICES, FACES, head=XML_BOMB),
    "a 3MF that is part of itself": threemf(
        VERTICES,
        FACES,
        resources='<object id="2"><components><component objectid="2"/></components></object>',
        build='<item objectid="2"/>',
    ),
    "a 3MF whose object isn't there": threemf(VERTICES, FACES, build='<item objectid="7"/>'),
    "a 3MF with an unknown unit": threemf(VERTICES, FACES, unit="parsec"),
    "a ZIP without a model": archive({"readme.txt": b"hello"}),
}

REFUSED: dict[str, dict[str, bytes]] = {
    "MESH_UNREADABLE": UNREADABLE,
    "MESH_EMPTY": {
        "no triangles in an STL": stl(VERTICES, NONE),
        "no triangles in a text STL": b"solid nothing\nendsolid nothing",
        "no triangles in a PLY": ply(VERTICES, NONE),
        "no triangles in a 3MF": threemf(VERTICES, NONE),
        "no triangles in a GLB": glb(VERTICES, FACES, scenes=[{"nodes": []}]),
        "only lines in an OBJ": obj(VERTICES, [(0, 1), (2, 3)]),
    },
    "MESH_NUMBERS_INVALID": {
        "NaN in an STL": stl(NOWHERE, FACES),
        "infinity in an STL": stl(ENDLESS, FACES),
        "NaN in a text STL": stl_text(NOWHERE, FACES),
        "NaN in an OBJ": obj(NOWHERE, FACES),
        "infinity in a PLY": ply(ENDLESS, FACES, order="binary_little_endian"),
        "NaN in a GLB": glb(NOWHERE, FACES),
        "infinity in a 3MF": threemf(ENDLESS, FACES),
    },
    "MESH_HAS_REFERENCES": {
        "a GLB that names an address": with_uri("https://example.org/skin.png"),
        "a GLB that names a file": with_uri("../../etc/passwd"),
        "a GLB with an address that is data": with_uri("data:image/png;base64,AAAA"),
        "a GLB whose buffer is elsewhere": glb(
            VERTICES, FACES, buffers=[{"byteLength": 240, "uri": "data:application/octet-stream;base64,AAAA"}]
        ),
        "an MTL that names /etc/passwd": archive(
            {"box.obj": OBJ, "box.mtl": b"newmtl skin\nmap_Kd /etc/passwd"}
        ),
        "an MTL that climbs out": archive(
            {"box.obj": OBJ, "box.mtl": b"newmtl skin\nmap_Kd ../../secret.png"}
        ),
        "an MTL that names an address": archive(
            {"box.obj": OBJ, "box.mtl": b"newmtl skin\nmap_Kd http://a.b/c.png"}
        ),
        "an OBJ whose MTL is elsewhere": archive({"box.obj": OBJ.replace(b"box.mtl", b"/etc/shadow")}),
    },
    "MESH_UNSUPPORTED": {
        "a compressed GLB": glb(VERTICES, FACES, extensionsRequired=["KHR_draco_mesh_compression"]),
        "two OBJs in a ZIP": archive({"a.obj": OBJ, "b.obj": OBJ}),
    },
    "MESH_TOO_COMPLEX": {
        "a PLY that says so": ply(VERTICES, FACES).replace(b"element face 12", b"element face 20000000"),
        "a GLB that says so": pointing(60_000_000),
        "a 3MF that multiplies": threemf(VERTICES, FACES, resources=nested(8), build='<item objectid="9"/>'),
        "a 3MF that multiplies nothing": threemf(
            VERTICES, NONE, resources=nested(8), build='<item objectid="9"/>'
        ),
        "a GLB that places its mesh again and again": glb(
            VERTICES,
            FACES,
            accessors=[
                {"bufferView": 0, "componentType": 5126, "count": 8, "type": "VEC3"},
                {"bufferView": 1, "componentType": 5125, "count": 3 * MOST_TRIANGLES, "type": "SCALAR"},
            ],
            scenes=[{"nodes": [0, 1]}],
            nodes=[{"mesh": 0}, {"mesh": 0}],
        ),
    },
    "ARCHIVE_UNSAFE": {
        "a path that climbs out": archive({"../box.obj": OBJ}),
        "a path from the root": archive({"/etc/box.obj": OBJ}),
        "a path of Windows": archive({"C:\\box.obj": OBJ}),
        "a path that climbs by backslashes": archive({"a\\..\\..\\box.obj": OBJ}),
        "a link": archive({"box.obj": OBJ, "box.mtl": b"/etc/passwd"}, links=("box.mtl",)),
        "a bomb": archive({"box.obj": OBJ, "zeros": bytes(30 * 1024**2)}),
        "too many files": archive({"box.obj": OBJ, **many("a", 1000)}),
        "folders that never end": archive({"a/" * 9 + "box.obj": OBJ}),
        "one name twice": archive({"box.obj": OBJ, "BOX.OBJ": OBJ}),
        "what was damaged": archive({"box.obj": OBJ}).replace(OBJ[:0] + b"PK\x01\x02", b"PK\x01\x09"),
    },
}


def test_each_is_refused_for_what_is_wrong_with_it() -> None:
    found = {code: {name: refused(data) for name, data in cases.items()} for code, cases in REFUSED.items()}
    assert found == {code: dict.fromkeys(cases, code) for code, cases in REFUSED.items()}


def test_what_is_refused_costs_no_memory() -> None:
    tracemalloc.start()
    for data in REFUSED["MESH_TOO_COMPLEX"].values():
        refused(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 32 * 1024**2


def test_numbers_are_counted() -> None:
    assert numbers(b"1 2\n3", np.int64, 3).tolist() == [1, 2, 3]
    for text in (b"1 2", b"1 2 3 4", b"1 2 x", b"1 2 3.5"):
        with pytest.raises(MeshRefusedError):
            numbers(text, np.int64, 3)
