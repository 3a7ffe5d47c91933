"""Small files of each format, written by hand: what the product writes isn't read back by itself only."""

import io
import json
import stat
import struct
import zipfile
from typing import Any

import numpy as np

CORNERS = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
#: Twelve triangles that look outwards.
FACES = np.array(
    [
        *[(0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5)],  # left, right
        *[(0, 4, 5), (0, 5, 1), (2, 3, 7), (2, 7, 6)],  # front, back
        *[(0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)],  # bottom, top
    ]
)
QUADS = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]


def box(size: Any = (10, 20, 30)) -> tuple[np.ndarray, np.ndarray]:
    return CORNERS * np.array(size), FACES


def spelt(corner: np.ndarray) -> str:
    return " ".join(map(str, corner.tolist()))


def stl(vertices: np.ndarray, faces: np.ndarray, *, count: int | None = None, head: bytes = b"") -> bytes:
    records = np.zeros(len(faces), [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("more", "<u2")])
    records["corners"] = vertices[faces]
    return head.ljust(80) + struct.pack("<I", len(faces) if count is None else count) + records.tobytes()


def stl_text(vertices: np.ndarray, faces: np.ndarray) -> bytes:
    said = ["solid box"]
    for corners in vertices[faces]:
        said += [
            "facet normal 0 0 0",
            "outer loop",
            *(f"vertex {spelt(one)}" for one in corners),
        ]
        said += ["endloop", "endfacet"]
    return "\n".join([*said, "endsolid box"]).encode()


def obj(vertices: np.ndarray, faces: Any, *, head: str = "", pattern: str = "{}") -> bytes:
    said = [head, *(f"v {spelt(one)}" for one in vertices)]
    said += ["f " + " ".join(pattern.format(corner + 1) for corner in face) for face in faces]
    return "\n".join(said).encode()


def ply(vertices: np.ndarray, faces: Any, *, order: str = "ascii", colours: Any = None) -> bytes:
    head = f"ply\nformat {order} 1.0\ncomment by hand\nelement vertex {len(vertices)}\n"
    head += "".join(f"property float {axis}\n" for axis in "xyz")
    head += "".join(f"property uchar {name}\n" for name in ("red", "green", "blue") if colours is not None)
    head += f"element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    if order == "ascii":
        rows = [" ".join(str(float(one)) for one in corner) for corner in vertices]
        if colours is not None:
            rows = [
                f"{row} {red} {green} {blue}" for row, (red, green, blue) in zip(rows, colours, strict=True)
            ]
        rows += [f"{len(face)} {' '.join(map(str, face))}" for face in faces]
        return (head + "\n".join(rows) + "\n").encode()
    mark = "<" if order == "binary_little_endian" else ">"
    body = b""
    for place, corner in enumerate(vertices):
        body += struct.pack(f"{mark}3f", *corner)
        body += bytes(colours[place]) if colours is not None else b""
    for face in faces:
        body += struct.pack(f"{mark}B{len(face)}i", len(face), *face)
    return head.encode() + body


def threemf(vertices: np.ndarray, faces: np.ndarray, *, unit: str = "millimeter", **more: str) -> bytes:
    """`more` replaces parts of the model: `head`, `resources` (behind the object, whose id is 1), `build`."""
    corners = "".join(f'<vertex x="{x}" y="{y}" z="{z}"/>' for x, y, z in vertices.tolist())
    triangles = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in faces.tolist())
    head, resources = more.get("head", ""), more.get("resources", "")
    build = more.get("build", '<item objectid="1"/>')
    model = (
        f'<?xml version="1.0"?>{head}<model unit="{unit}" '
        'xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02"><resources><object id="1"><mesh>'
        f"<vertices>{corners}</vertices><triangles>{triangles}</triangles></mesh></object>"
        f"{resources}</resources><build>{build}</build></model>"
    )
    return archive({"3D/3dmodel.model": model.encode()})


def archive(files: dict[str, bytes], *, links: tuple[str, ...] = ()) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (stat.S_IFLNK | 0o777 if name in links else 0o644) << 16
            opened.writestr(entry, content)
    return made.getvalue()


def glb(vertices: np.ndarray, faces: np.ndarray, **said: Any) -> bytes:
    """`said` replaces parts of the JSON."""
    points, corners = vertices.astype("<f4").tobytes(), faces.astype("<u4").tobytes()
    whole = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": len(vertices), "type": "VEC3"},
            {"bufferView": 1, "componentType": 5125, "count": faces.size, "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteLength": len(points)},
            {"buffer": 0, "byteOffset": len(points), "byteLength": len(corners)},
        ],
        "buffers": [{"byteLength": len(points) + len(corners)}],
        **said,
    }
    return glb_of(whole, points + corners)


def glb_of(said: Any, data: bytes) -> bytes:
    text = json.dumps(said).encode()
    text += b" " * (-len(text) % 4)
    data += b"\0" * (-len(data) % 4)
    return (
        struct.pack("<4sII", b"glTF", 2, 28 + len(text) + len(data))
        + struct.pack("<I4s", len(text), b"JSON")
        + text
        + struct.pack("<I4s", len(data), b"BIN\0")
        + data
    )
