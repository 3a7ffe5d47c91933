"""An offline maker of meshes: deterministic and free."""

from __future__ import annotations

import struct
from typing import Final

import orjson

from generation.providers.mesh.base import MeshAnswer, MeshFile, MeshOrder
from generation.providers.orders import AtOnce

NAME: Final = "sandbox"
#: The longest side of what nobody gave a size, in millimetres.
SIZE_MM: Final = 60.0


class SandboxMeshes(AtOnce):
    """The adapter. Thread-safe and without state of its own."""

    def __init__(self, *, name: str = NAME, model: str = "sandbox") -> None:
        self.name = name
        self.model = model

    def order(self, order: MeshOrder) -> MeshAnswer:
        box = MeshFile(format="glb", data=_box(order.size_mm or SIZE_MM))
        return MeshAnswer(provider=self.name, model=order.model or self.model, files=(box,), unit="m")


def _box(size_mm: float) -> bytes:
    """A closed cube that stands on the ground, as GLB, whose unit is the metre."""
    half, top = size_mm / 2000, size_mm / 1000
    corners = [(x, y, z) for x in (-half, half) for y in (0.0, top) for z in (-half, half)]
    sides = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    indices = [index for a, b, c, d in sides for index in (a, b, c, a, c, d)]
    positions = b"".join(struct.pack("<3f", *corner) for corner in corners)
    binary = positions + struct.pack(f"<{len(indices)}H", *indices)
    told = {
        "asset": {"version": "2.0", "generator": "Atelier sandbox", "extras": {"procedural": True}},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "accessors": [
            {
                "bufferView": 0,
                "componentType": 5126,
                "count": len(corners),
                "type": "VEC3",
                "min": struct.unpack("<3f", struct.pack("<3f", -half, 0.0, -half)),
                "max": struct.unpack("<3f", struct.pack("<3f", half, top, half)),
            },
            {"bufferView": 1, "componentType": 5123, "count": len(indices), "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteLength": len(positions), "target": 34962},
            {"buffer": 0, "byteOffset": len(positions), "byteLength": 2 * len(indices), "target": 34963},
        ],
        "buffers": [{"byteLength": len(binary)}],
    }
    text = orjson.dumps(told)
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    total = 12 + 8 + len(text) + 8 + len(binary)
    header = struct.pack("<4sII", b"glTF", 2, total)
    chunks = (
        struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    )
    return header + chunks
