"""Meshes for tests, made where they are needed."""

import io
import json
import struct
import zipfile
from collections.abc import Mapping

#: Four corners and four faces.
CORNERS = ((0, 0, 0), (10, 0, 0), (0, 10, 0), (0, 0, 10))
FACES = ((0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3))


def obj() -> bytes:
    corners = [f"v {x} {y} {z}" for x, y, z in CORNERS]
    return "\n".join([*corners, *(f"f {a + 1} {b + 1} {c + 1}" for a, b, c in FACES), ""]).encode()


def stl(*, header: bytes = b"", count: int | None = None, normal: tuple[float, ...] = (0, 0, 0)) -> bytes:
    """A binary one, which may lie about its count."""
    made = header.ljust(80, b"\0") + struct.pack("<I", len(FACES) if count is None else count)
    for face in FACES:
        made += struct.pack("<12fH", *normal, *(side for corner in face for side in CORNERS[corner]), 0)
    return made


def stl_in_words(name: str = "cube") -> bytes:
    facets = []
    for face in FACES:
        corners = "".join(f"   vertex {x} {y} {z}\n" for x, y, z in (CORNERS[one] for one in face))
        facets.append(f" facet normal 0 0 0\n  outer loop\n{corners}  endloop\n endfacet\n")
    return f"solid {name}\n{''.join(facets)}endsolid {name}\n".encode()


def ply() -> bytes:
    head = (
        f"ply\nformat ascii 1.0\nelement vertex {len(CORNERS)}\nproperty float x\nproperty float y\n"
        f"property float z\nelement face {len(FACES)}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    corners = [f"{x} {y} {z}" for x, y, z in CORNERS]
    return (head + "\n".join([*corners, *(f"3 {a} {b} {c}" for a, b, c in FACES), ""])).encode()


def glb() -> bytes:
    """One triangle."""
    points = struct.pack("<9f", 0, 0, 0, 0.01, 0, 0, 0, 0.01, 0)
    facts = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "accessors": [
            {
                "bufferView": 0,
                "componentType": 5126,
                "count": 3,
                "type": "VEC3",
                "min": [0, 0, 0],
                "max": [0.01, 0.01, 0],
            }
        ],
        "bufferViews": [{"buffer": 0, "byteLength": len(points)}],
        "buffers": [{"byteLength": len(points)}],
    }
    words = json.dumps(facts).encode()
    words += b" " * (-len(words) % 4)
    body = (
        struct.pack("<I4s", len(words), b"JSON") + words + struct.pack("<I4s", len(points), b"BIN\0") + points
    )
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


def zipped(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def three_mf() -> bytes:
    corners = "".join(f'<vertex x="{x}" y="{y}" z="{z}"/>' for x, y, z in CORNERS)
    faces = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in FACES)
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    links = "http://schemas.openxmlformats.org/package/2006/relationships"
    core = "http://schemas.microsoft.com/3dmanufacturing"
    model = (
        f'<model unit="millimeter" xmlns="{core}/core/2015/02"><resources><object id="1" type="model"><mesh>'
        f"<vertices>{corners}</vertices><triangles>{faces}</triangles></mesh></object></resources>"
        f'<build><item objectid="1"/></build></model>'
    )
    return zipped(
        {
            "[Content_Types].xml": (
                f'<Types xmlns="{types}"><Default Extension="rels" '
                'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="model" '
                'ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>'
            ).encode(),
            "_rels/.rels": (
                f'<Relationships xmlns="{links}"><Relationship Id="r" Target="/3D/3dmodel.model" '
                f'Type="{core}/2013/01/3dmodel"/></Relationships>'
            ).encode(),
            "3D/3dmodel.model": model.encode(),
        }
    )
