"""GLB: glTF 2.0 in one file, without any extension."""

import json
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models3d.domain.meshes.compact import parts
from models3d.domain.meshes.drawing.looks import LIGHT
from models3d.domain.meshes.mesh import Material, Mesh
from models3d.domain.meshes.textures import kept

METRES = 0.001
VERTICES, CORNERS = 34962, 34963
FLOAT, SHORT, LONG, BYTE = 5126, 5123, 5125, 5121
MEDIA_TYPES = {"png": "image/png", "jpg": "image/jpeg"}


@dataclass(slots=True)
class Pieces:
    """What has been put into the file so far."""

    data: list[bytes] = field(default_factory=list)
    size: int = 0
    views: list[dict[str, Any]] = field(default_factory=list)
    accessors: list[dict[str, Any]] = field(default_factory=list)
    images: list[dict[str, Any]] = field(default_factory=list)
    pictures: dict[bytes, int] = field(default_factory=dict)  # what is an image already
    materials: list[dict[str, Any]] = field(default_factory=list)
    primitives: list[dict[str, Any]] = field(default_factory=list)

    def view(self, data: bytes, **more: Any) -> int:
        self.views.append({"buffer": 0, "byteOffset": self.size, "byteLength": len(data), **more})
        padded = data + b"\0" * (-len(data) % 4)
        self.data.append(padded)
        self.size += len(padded)
        return len(self.views) - 1

    def numbers(self, values: Any, kind: int, shape: str, target: int, **more: Any) -> int:
        view = self.view(values.tobytes(), target=target)
        self.accessors.append(
            {"bufferView": view, "componentType": kind, "count": len(values), "type": shape, **more}
        )
        return len(self.accessors) - 1


def write_glb(mesh: Mesh) -> bytes:
    """A mesh in millimetres, as glTF wants it: in metres, upright along y, its textures inside."""
    pieces = Pieces()
    for part in parts(mesh):
        _add(pieces, part)
    said: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "Atelier"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": pieces.primitives}],
        "materials": pieces.materials,
        "accessors": pieces.accessors,
        "bufferViews": pieces.views,
        "buffers": [{"byteLength": pieces.size}],
    }
    if pieces.images:
        said["images"] = pieces.images
        said["samplers"] = [{}]
        said["textures"] = [{"source": number, "sampler": 0} for number in range(len(pieces.images))]
    text = json.dumps(said, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    length = 12 + 8 + len(text) + 8 + pieces.size
    head = struct.pack("<4sII", b"glTF", 2, length) + struct.pack("<I4s", len(text), b"JSON")
    return b"".join([head, text, struct.pack("<I4s", pieces.size, b"BIN\0"), *pieces.data])


def _add(pieces: Pieces, part: Mesh) -> None:
    points = (part.vertices[:, [0, 2, 1]] * np.array([1, 1, -1]) * METRES).astype("<f4")
    attributes = {
        "POSITION": pieces.numbers(
            points,
            FLOAT,
            "VEC3",
            VERTICES,
            min=[float(one) for one in points.min(axis=0)],
            max=[float(one) for one in points.max(axis=0)],
        )
    }
    if part.colours is not None:
        light = np.round(LIGHT[part.colours] * 255).astype("u1")
        padded = np.column_stack([light, np.full(len(light), 255, "u1")])
        attributes["COLOR_0"] = pieces.numbers(padded, BYTE, "VEC4", VERTICES, normalized=True)
    texture, ending = kept(part.materials[0].texture) if part.uv is not None else (b"", "")
    if part.uv is not None and texture:
        uv = np.nan_to_num(np.column_stack([part.uv[:, 0], 1 - part.uv[:, 1]])).astype("<f4")
        attributes["TEXCOORD_0"] = pieces.numbers(uv, FLOAT, "VEC2", VERTICES)
    corners = part.faces.ravel()
    is_short = len(points) < 65535
    pieces.primitives.append(
        {
            "attributes": attributes,
            "indices": pieces.numbers(
                corners.astype("<u2" if is_short else "<u4"), SHORT if is_short else LONG, "SCALAR", CORNERS
            ),
            "material": len(pieces.materials),
        }
    )
    pieces.materials.append(_material(pieces, part.materials[0], texture, ending))


def _material(pieces: Pieces, material: Material, texture: bytes, ending: str) -> dict[str, Any]:
    red, green, blue = (round(float(LIGHT[one]), 6) for one in material.colour)
    surface: dict[str, Any] = {
        "baseColorFactor": [red, green, blue, 1.0],
        "metallicFactor": 0.0,
        "roughnessFactor": 0.7,
    }
    if texture:
        if texture not in pieces.pictures:
            pieces.pictures[texture] = len(pieces.images)
            pieces.images.append({"bufferView": pieces.view(texture), "mimeType": MEDIA_TYPES[ending]})
        surface["baseColorTexture"] = {"index": pieces.pictures[texture]}
    return {"pbrMetallicRoughness": surface, "doubleSided": True}
