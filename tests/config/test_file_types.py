"""Meshes are told by their content: also those without a signature, and nothing else is taken for one."""

import io
import math
import random
import struct
from typing import Any

import pytest
import trimesh

from config.files.content import content_of
from config.files.errors import FileTooLargeError, FileTypeRefusedError
from config.files.meshes import GLB, LONGEST_DIRECTORY, OBJ, OBJ_ZIP, PLY, STL, THREE_MF
from config.files.types import TEXT, TYPES, FileType, register
from tests.support import meshes
from tests.support.meshes import glb, obj, ply, stl, stl_in_words, three_mf, zipped

REFUSED = ""
BOX = trimesh.creation.box((10, 20, 30))
NAN_STL = stl()[:-50] + struct.pack("<12fH", *[math.nan] * 6, *[math.inf] * 6, 0)


def type_of(content: bytes) -> str:
    try:
        return content_of(io.BytesIO(content), most_bytes=100_000_000, most_pixels=1000).media_type
    except FileTypeRefusedError:
        return REFUSED


def test_meshes_of_every_kind() -> None:
    comments = b"# a comment that fills the beginning\n" * 3000
    told = {
        "glb": (glb(), GLB),
        "ply": (ply(), PLY),
        "ply, windows": (ply().replace(b"\n", b"\r\n"), PLY),
        "stl": (stl(), STL),
        "stl that begins as one in words": (stl(header=b"solid made by somebody"), STL),
        "stl without a triangle": (stl()[:80] + bytes(4), STL),
        "stl with no numbers": (NAN_STL, STL),
        "stl that counts too many": (stl(count=4_000_000_000), STL),
        "stl that counts too few, with normals": (stl(count=1, normal=(0.6, 0, -0.8)), STL),
        "stl that is cut off": (stl()[:-20], STL),
        "stl with something behind it": (stl() + b"made by somebody", STL),
        "stl in words": (stl_in_words(), STL),
        "stl in words, in capitals": (b"\xef\xbb\xbf\r\n" + stl_in_words().upper().replace(b"\n", b"\r\n"), STL),
        "stl in words without a name": (b"solid\nendsolid\n", STL),
        "stl with a name in another encoding": ("solid 茶杯\n".encode("gb18030") + stl_in_words()[11:], STL),
        "obj": (obj(), OBJ),
        "obj, old mac": (obj().replace(b"\n", b"\r"), OBJ),
        "obj with a name in another encoding": ("#由茶馆制作\nusemtl 青瓷\n".encode("gb18030") + obj(), OBJ),
        "obj with a long beginning": (comments + obj(), OBJ),
        "obj with faces far behind": (obj()[: obj().index(b"f")] + comments + b"vn 0 0 1\nf 1//1 2//1 3//1", OBJ),
        "obj with continued lines": (obj() + b"f 1 \\\n2 \\\n3\n", OBJ),
        "obj with all there is": (
            b"mtllib a.mtl\no box\nusemtl b\ns off\nvt 0 0\nv -1e-3 +.5 2.0 1 0 0\nf -1/1/1 -1/1 1", OBJ),
        "obj in a zip": (zipped({"a/Box.OBJ": obj(), "a/box.mtl": b"newmtl b"}), OBJ_ZIP),
        "3mf": (three_mf(), THREE_MF),
        "3mf with an obj": (zipped(
            {"[Content_Types].xml": b"", "/3D/Part.Model": b"", "x.obj": obj()}), THREE_MF),
        **{f"trimesh {kind}": (_exported(kind), media_type)
           for kind, media_type in {"glb": GLB, "stl": STL, "stl_ascii": STL, "ply": PLY, "obj": OBJ}.items()},
    }  # fmt: skip
    assert {name: type_of(content) for name, (content, _) in told.items()} == {
        name: media_type for name, (_, media_type) in told.items()
    }


def _exported(kind: str) -> bytes:
    made: Any = BOX.export(file_type=kind)
    return made.encode() if isinstance(made, str) else bytes(made)


def test_what_only_looks_like_a_mesh() -> None:
    noise = random.Random(1).randbytes(100_000)  # noqa: S311 — no secret
    told = {
        "a text about solids": (b"solid state physics\nand a facet of it", TEXT),
        "a text with an obj in it": (b"# My notes\n\nThis is an OBJ:\n" + obj(), TEXT),
        "an obj without faces": (b"v 1 2 3\nv 1 2 4\nv 1 2 5\n", TEXT),
        "a list of letters": (b"f 1\nv 2\ng 3\n", TEXT),
        "a text that begins with ply": (b"ply the trade\nformat it", TEXT),
        "spaces": (b" " * 434, TEXT),
        "zeros": (bytes(434), REFUSED),
        "noise": (noise, REFUSED),
        "noise as long as an stl": (noise[: 84 + 50 * 1000], REFUSED),
        "an executable": (b"MZ\x90\x00\x03" + bytes(300), REFUSED),
        "chinese in another encoding": ("茶馆在山里。".encode("gb18030") * 50, REFUSED),
        "a gltf in words": (b'{"asset": {"version": "2.0"}}', TEXT),
        "a zip of texts": (zipped({"a.txt": b"a"}), REFUSED),
        "a zip of shadows": (zipped({"__MACOSX/._box.obj": b"a"}), REFUSED),
        "a document": (zipped({"[Content_Types].xml": b"", "word/document.xml": b""}), REFUSED),
        "a zip that is cut off": (zipped({"box.obj": obj()})[:-10], REFUSED),
        "a zip with an endless list": (_long_list(), REFUSED),
    }
    assert {name: type_of(content) for name, (content, _) in told.items()} == {
        name: media_type for name, (_, media_type) in told.items()
    }


def _long_list() -> bytes:
    names = {f"{number}/{'x' * 60_000}.obj": b"" for number in range(LONGEST_DIRECTORY // 60_000 + 1)}
    return zipped(names)


def test_a_type_has_its_own_limit(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An app registers what it can use and how large it may be."""
    settings.MESH_MAX_BYTES = len(stl()) - 1
    with pytest.raises(FileTooLargeError) as refused:
        type_of(stl())
    assert refused.value.params == {"limit": len(stl()) - 1}
    assert type_of(stl()[:-20]) == STL

    settings.FILE_MAX_BYTES = 100
    with pytest.raises(FileTooLargeError):
        type_of(b"a" * 101)

    monkeypatch.setattr(TYPES, "_values", dict(TYPES._values))
    wav = FileType("audio/wav", lambda sample: sample.head[8:12] == b"WAVE", "MESH_MAX_BYTES")
    assert type_of(b"RIFF\xff\xff\xff\xffWAVEfmt ") == REFUSED
    register(wav)
    assert type_of(b"RIFF\xff\xff\xff\xffWAVEfmt ") == "audio/wav"
    with pytest.raises(ValueError, match="twice"):
        register(FileType("audio/wav", lambda sample: False, "FILE_MAX_BYTES"))


def test_no_beginning_takes_long() -> None:
    """Patterns that look through the beginning do so once."""
    for worst in (b"\n", b" ", b"solid\n ", b"v ", b"# \\\n", b"f 1/", b"\r\n\t"):
        type_of(b"solid" + worst * 500_000)
        type_of(worst * 500_000)


def test_samples_are_read_by_others() -> None:
    """Those of the tests are meshes."""
    for kind in ("obj", "stl", "ply", "glb"):
        mesh = trimesh.load(io.BytesIO(getattr(meshes, kind)()), file_type=kind, force="mesh")
        assert len(mesh.faces) == (1 if kind == "glb" else 4)
    assert len(trimesh.load(io.BytesIO(stl_in_words()), file_type="stl", force="mesh").faces) == 4
