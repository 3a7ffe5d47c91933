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
    document = {
        "asset": {"version": "2.0", "generator": GENERATOR, "extras": {"procedural": True, **facts}},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": name}],
        "meshes": [
            {
                "name": name,
                "primitives": [{"attributes": {"POSITION": 0, "NORMAL": 1}, "indices": 2, "material": 0}],
            }
        ],
        "materials": [
            {
                "name": name,
                "pbrMetallicRoughness": {
                    "baseColorFactor": [*_linear(colour), 1.0],
                    "metallicFactor": 0.0,
                    "roughnessFactor": 0.62,
                },
            }
        ],
        "buffers": [{"byteLength": starts[-1]}],
        "bufferViews": [
            {"buffer": 0, "byteOffset": start, "byteLength": len(part), "target": target}
            for start, part, target in zip(starts, parts, (34962, 34962, 34963), strict=False)
        ],
        "accessors": [
            {
                "bufferView": 0,
                "componentType": 5126,
                "count": len(places),
                "type": "VEC3",
                "min": places.min(axis=0).tolist(),
                "max": places.max(axis=0).tolist(),
            },
            {"bufferView": 1, "componentType": 5126, "count": len(normals), "type": "VEC3"},
            {"bufferView": 2, "componentType": 5125, "count": len(corners), "type": "SCALAR"},
        ],
    }
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


def _linear(colour: str) -> list[float]:
    """A `#rrggbb` as light."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [round(one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4, 4) for one in parts]
