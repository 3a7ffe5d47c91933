"""The file: a GLB, which counts in metres and has y upwards."""

import json
import struct

import numpy as np
from manifold3d import Manifold

#: Edges sharper than this many degrees are seen as edges.
SHARP = 19.0
#: From (x, y, z) with z upwards to (x, z, -y), places and normals.
_TO_GLTF = np.array([1, 1, -1, 1, 1, -1], np.float32)
GENERATOR = "Atelier procedural modeller"
#: glTF's numbers for types of components and for what a view holds.
FLOAT, WHOLE = 5126, 5125
VERTICES, INDICES = 34962, 34963


def glb_of(solid: Manifold, *, name: str, colour: str, facts: dict[str, object]) -> bytes:
    """`facts` go into the file's extras."""
    mesh = solid.calculate_normals(0, SHARP).to_mesh()
    table = np.asarray(mesh.vert_properties)[:, [0, 2, 1, 3, 5, 4]] * _TO_GLTF
    places = (table[:, :3] / np.float32(1000)).astype("<f4")
    normals = table[:, 3:]
    normals = (normals / np.linalg.norm(normals, axis=1, keepdims=True)).astype("<f4")
    corners = np.asarray(mesh.tri_verts).astype("<u4").ravel()
    parts = [places.tobytes(), normals.tobytes(), corners.tobytes()]
    starts = np.cumsum([0, *map(len, parts)]).tolist()
    document = _document(name, colour, facts, places, starts)
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    data = b"".join(parts)
    return b"".join(
        [
            struct.pack("<4sII", b"glTF", 2, 12 + 8 + len(text) + 8 + len(data)),
            struct.pack("<I4s", len(text), b"JSON"),
            text,
            struct.pack("<I4s", len(data), b"BIN\0"),
            data,
        ]
    )


def _document(
    name: str, colour: str, facts: dict[str, object], places: np.ndarray, starts: list[int]
) -> dict[str, object]:
    """What stands from where in the one buffer: places, normals, corners of triangles."""
    places_at, normals_at, corners_at, end = starts
    material = {
        "name": name,
        "pbrMetallicRoughness": {
            "baseColorFactor": [*_linear(colour), 1.0],
            "metallicFactor": 0.0,
            "roughnessFactor": 0.62,
        },
    }
    primitive = {"attributes": {"POSITION": 0, "NORMAL": 1}, "indices": 2, "material": 0}
    vectors = {"componentType": FLOAT, "count": len(places), "type": "VEC3"}
    bounds = {"min": places.min(axis=0).tolist(), "max": places.max(axis=0).tolist()}
    corners = (end - corners_at) // 4
    return {
        "asset": {"version": "2.0", "generator": GENERATOR, "extras": {"procedural": True, **facts}},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": name}],
        "meshes": [{"name": name, "primitives": [primitive]}],
        "materials": [material],
        "buffers": [{"byteLength": end}],
        "bufferViews": [
            _view(places_at, normals_at, VERTICES),
            _view(normals_at, corners_at, VERTICES),
            _view(corners_at, end, INDICES),
        ],
        "accessors": [
            {"bufferView": 0, **vectors, **bounds},
            {"bufferView": 1, **vectors},
            {"bufferView": 2, "componentType": WHOLE, "count": corners, "type": "SCALAR"},
        ],
    }


def _view(start: int, end: int, target: int) -> dict[str, int]:
    return {"buffer": 0, "byteOffset": start, "byteLength": end - start, "target": target}


def _linear(colour: str) -> list[float]:
    """A `#rrggbb` as light."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [round(one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4, 4) for one in parts]
