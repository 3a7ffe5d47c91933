"""An offline maker of meshes: deterministic, free, and able to fail in every way a real one does (`sandbox_maker`)."""

from __future__ import annotations

import struct
from typing import Any, Final

import orjson
from django.core.cache import cache

from config.programs.running import ProgramFailedError
from generation.providers.mesh.base import MeshAnswer, MeshFile, MeshOrder
from generation.providers.sandbox_maker import KEPT_SECONDS, LINK, NOT_MADE, SandboxMaker, behind_broken

#: The unit of a GLB's numbers.
UNIT: Final = "m"
#: The longest side of what nobody gave a size, in millimetres.
SIZE_MM: Final = 60.0
BROKEN: Final = "broken"
#: What says that it is longer than it is.
_BROKEN_GLB: Final = b"glTF\x02\x00\x00\x00\xff\x00\x00\x00"


class SandboxMeshes(SandboxMaker[MeshOrder, MeshAnswer]):
    nothing = "no-mesh"
    links = (BROKEN,)
    kept = "sandbox-meshes"

    def made(self, order: MeshOrder, model: str) -> MeshAnswer:
        try:
            file = MeshFile("glb", data=modelled(**_wanted(order)))
        except ProgramFailedError:
            pass
        else:
            return MeshAnswer(self.name, model, files=(file,), unit=UNIT)
        raise NOT_MADE.error(self.name)

    def linked(self, model: str, link: str, ref: str, seed: int) -> MeshAnswer:
        return MeshAnswer(self.name, model, provider_ref=ref, files=(MeshFile("glb", url=link),), unit=UNIT)

    def working(self, model: str, ref: str, percent: int | None) -> MeshAnswer:
        return MeshAnswer(self.name, model, provider_ref=ref, percent=percent)

    def link_of(self, order: MeshOrder, ref: str) -> str:
        """The picture is too long for a link."""
        cache.set(_key(ref), _wanted(order), KEPT_SECONDS)
        return f"{LINK}model?{ref}"


def behind(link: str, most_bytes: int) -> tuple[int, bytes]:
    """The status and the content that a link of the sandbox leads to; no more than a byte too much."""
    broken = behind_broken(link, most_bytes, begins=b"glTF" + bytes(256))
    if broken is not None:
        return broken
    if link == f"{LINK}{BROKEN}":
        return 200, _BROKEN_GLB
    wanted = cache.get(_key(link.partition("?")[2]))
    if wanted is None:
        return 404, b""
    try:
        return 200, modelled(**wanted)
    except ProgramFailedError:
        return 503, b""


def _wanted(order: MeshOrder) -> dict[str, Any]:
    """The modeller's arguments."""
    return {
        "prompt": order.prompt,
        "seed": order.seed,
        "image": order.image,
        "shape": order.shape,
        "size_mm": order.size_mm,
    }


def _key(ref: str) -> str:
    return f"sandbox-meshes:order:{ref}"


def modelled(*, prompt: str, seed: int, image: bytes, shape: str, size_mm: float | None) -> bytes:
    """A box, whatever was asked for."""
    return _box(size_mm or SIZE_MM)


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
