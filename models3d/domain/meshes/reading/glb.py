"""GLB: glTF 2.0 in one file. It stands along y and is in metres; here it is laid down along z.

Only triangles are read, as they stand in the file's scene: no poses, no animations, and of materials the base colour
and its picture. Whatever lies outside of the file is refused, and so is data that is written as an address.
"""

import json
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models3d.domain.meshes.mesh import (
    PLAIN,
    Floats,
    Ints,
    Material,
    Mesh,
    check_counts,
    finite,
    joined,
    refuse,
)

MAGIC = b"glTF"
JSON_CHUNK, DATA_CHUNK = 0x4E4F534A, 0x004E4942
MOST_JSON = 32 * 1024**2
MOST_NODES = 100_000
MOST_DEPTH = 64
TYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
TRIANGLES, STRIP, FAN = 4, 5, 6
#: Needed extensions that change nothing of what is read here, or that are read.
HARMLESS = (
    "KHR_materials_",
    "KHR_texture_transform",
    "KHR_mesh_quantization",
    "KHR_lights_",
    "EXT_texture_webp",
)
UPRIGHT = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])


@dataclass(slots=True)
class File:
    """A GLB's two chunks, and the places its scene puts meshes at."""

    said: dict[str, Any]
    data: bytes = field(repr=False)

    def one(self, kind: str, number: Any) -> dict[str, Any]:
        several = self.said.get(kind)
        if (
            not isinstance(several, list)
            or type(number) is not int
            or not 0 <= number < len(several)
            or not isinstance(several[number], dict)
        ):
            refuse("MESH_UNREADABLE")
        return several[number]


def is_glb(data: bytes) -> bool:
    return data.startswith(MAGIC)


def read_glb(data: bytes) -> Mesh:
    file = _opened(data)
    _check_references(file.said)
    placed = _placed(file)
    sizes = {number: _triangles(file, number) for number, _ in placed}
    check_counts(sum(sizes[number] for number, _ in placed))
    materials = [_material(file, number) for number in range(len(file.said.get("materials", [])))]
    parts = [
        part
        for number, matrix in placed
        for primitive in file.one("meshes", number).get("primitives", [])
        if (part := _part(file, primitive, matrix, materials)) is not None
    ]
    mesh = joined(parts)
    mesh.unit, mesh.scale = "m", 1000.0
    return mesh


def _opened(data: bytes) -> File:
    if len(data) < 20:
        refuse("MESH_UNREADABLE")
    _, version, length = struct.unpack_from("<4sII", data)
    if version != 2 or not 20 <= length <= len(data):
        refuse("MESH_UNREADABLE")
    chunks: dict[int, bytes] = {}
    at = 12
    while at + 8 <= length:
        size, kind = struct.unpack_from("<II", data, at)
        if at + 8 + size > length or (kind == JSON_CHUNK and size > MOST_JSON):
            refuse("MESH_UNREADABLE")
        chunks.setdefault(kind, data[at + 8 : at + 8 + size])
        at += 8 + size
    try:
        said = json.loads(chunks[JSON_CHUNK])
    except (KeyError, ValueError, RecursionError):
        refuse("MESH_UNREADABLE")
    if not isinstance(said, dict):
        refuse("MESH_UNREADABLE")
    for kind in ("materials", "images", "buffers", "extensionsRequired"):
        if not isinstance(said.get(kind, []), list):
            refuse("MESH_UNREADABLE")
    for name in said.get("extensionsRequired", []):
        if not str(name).startswith(HARMLESS):
            refuse("MESH_UNSUPPORTED", feature=str(name)[:60])
    return File(said, chunks.get(DATA_CHUNK, b""))


def _check_references(said: dict[str, Any]) -> None:
    for one in [*said.get("buffers", []), *said.get("images", [])]:
        if not isinstance(one, dict):
            refuse("MESH_UNREADABLE")
        if "uri" in one:
            refuse("MESH_HAS_REFERENCES", reference=str(one["uri"])[:60])
    if len(said.get("buffers", [])) > 1:  # only the first one can lie in the file
        refuse("MESH_UNREADABLE")


# -- numbers -------------------------------------------------------------------------------------------------------


def _view(file: File, number: Any) -> tuple[memoryview, int]:
    view = file.one("bufferViews", number)
    file.one("buffers", view.get("buffer"))
    start, length, stride = (_count(view.get(name, 0)) for name in ("byteOffset", "byteLength", "byteStride"))
    if start + length > len(file.data):
        refuse("MESH_UNREADABLE")
    return memoryview(file.data)[start : start + length], stride


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        refuse("MESH_UNREADABLE")
    return value


def _numbers(file: File, number: Any, most_width: int) -> Any:
    """What an accessor leads to (count, width), as floats where it says that they are normalised."""
    accessor = file.one("accessors", number)
    if "sparse" in accessor:
        refuse("MESH_UNSUPPORTED", feature="sparse accessors")
    kind, width = TYPES.get(accessor.get("componentType", 0)), WIDTHS.get(accessor.get("type", ""), 0)
    if kind is None or not 0 < width <= most_width:
        refuse("MESH_UNREADABLE")
    count, start = _count(accessor.get("count", 0)), _count(accessor.get("byteOffset", 0))
    check_counts(0, count // 3)
    item = np.dtype(kind).itemsize * width
    if not count or "bufferView" not in accessor:
        return np.zeros((count, width))
    view, stride = _view(file, accessor["bufferView"])
    stride = stride or item
    if stride < item or start + stride * (count - 1) + item > len(view):
        refuse("MESH_UNREADABLE")
    raw = np.frombuffer(view, np.uint8, offset=start)
    rows = np.lib.stride_tricks.as_strided(raw, (count, item), (stride, 1))
    values = np.ascontiguousarray(rows).view(kind)
    if accessor.get("normalized") is True and kind != "<f4":
        limits = np.iinfo(kind)
        return np.maximum(values / limits.max, -1.0)
    return values


# -- the scene -----------------------------------------------------------------------------------------------------


def _placed(file: File) -> list[tuple[int, Floats]]:
    """Numbers of meshes, each with the matrix of its place; the parts of a scene are visited once each."""
    said = file.said
    if not isinstance(said.get("scenes"), list) or not said["scenes"]:
        return [(number, np.eye(4)) for number in range(len(said.get("meshes", [])))]
    waiting = [(node, np.eye(4), 0) for node in _listed(file.one("scenes", said.get("scene", 0)), "nodes")]
    seen: set[int] = set()
    placed: list[tuple[int, Floats]] = []
    while waiting:
        number, above, depth = waiting.pop()
        node = file.one("nodes", number)
        if number in seen or depth > MOST_DEPTH or len(seen) > MOST_NODES:
            refuse("MESH_UNREADABLE")
        seen.add(number)
        matrix = above @ _matrix(node)
        if "mesh" in node:
            file.one("meshes", node["mesh"])
            placed.append((node["mesh"], matrix))
        waiting += [(child, matrix, depth + 1) for child in _listed(node, "children")]
    return placed


def _listed(thing: dict[str, Any], name: str) -> list[Any]:
    values = thing.get(name, [])
    if not isinstance(values, list):
        refuse("MESH_UNREADABLE")
    return values


def _floats(node: dict[str, Any], name: str, default: list[float]) -> Floats:
    try:
        values = np.array(node.get(name, default), np.float64)
    except (ValueError, TypeError, OverflowError):
        refuse("MESH_UNREADABLE")
    if values.shape != (len(default),) or not np.isfinite(values).all():
        refuse("MESH_UNREADABLE")
    return values


def _matrix(node: dict[str, Any]) -> Floats:
    if "matrix" in node:
        return _floats(node, "matrix", [0.0] * 16).reshape(4, 4).T
    x, y, z, w = _floats(node, "rotation", [0.0, 0.0, 0.0, 1.0])
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    matrix = np.eye(4)
    matrix[:3, :3] = turn * _floats(node, "scale", [1.0, 1.0, 1.0])
    matrix[:3, 3] = _floats(node, "translation", [0.0, 0.0, 0.0])
    return matrix


# -- triangles and what they look like -----------------------------------------------------------------------------


def _primitives(file: File, number: int) -> list[dict[str, Any]]:
    primitives = _listed(file.one("meshes", number), "primitives")
    if not all(isinstance(one, dict) and isinstance(one.get("attributes"), dict) for one in primitives):
        refuse("MESH_UNREADABLE")
    return [one for one in primitives if one.get("mode", TRIANGLES) in (TRIANGLES, STRIP, FAN)]


def _triangles(file: File, number: int) -> int:
    """How many a mesh has, by what its accessors say."""
    total = 0
    for primitive in _primitives(file, number):
        corners = primitive.get("indices", primitive["attributes"].get("POSITION"))
        count = _count(file.one("accessors", corners).get("count", 0))
        total += count // 3 if primitive.get("mode", TRIANGLES) == TRIANGLES else max(count - 2, 0)
    return total


def _part(file: File, primitive: Any, matrix: Floats, materials: list[Material]) -> Mesh | None:
    mode = primitive.get("mode", TRIANGLES)
    if mode not in (TRIANGLES, STRIP, FAN) or "POSITION" not in primitive["attributes"]:
        return None
    attributes = primitive["attributes"]
    positions = finite(_numbers(file, attributes["POSITION"], 3).astype(np.float64))
    if positions.shape[1] != 3:
        refuse("MESH_UNREADABLE")
    if "indices" in primitive:
        corners = _numbers(file, primitive["indices"], 1)[:, 0].astype(np.int64)
    else:
        corners = np.arange(len(positions))
    faces = _faces(corners, mode)
    turn = UPRIGHT @ matrix[:3, :3]
    if np.linalg.det(turn) < 0:  # a mirror turns faces inside out
        faces = faces[:, ::-1]
    chosen = primitive.get("material")
    material = Material() if chosen is None else materials[_place(chosen, materials)]
    return Mesh(
        vertices=positions @ turn.T + UPRIGHT @ matrix[:3, 3],
        faces=faces,
        materials=(material,),
        uv=_uv(file, attributes, len(positions)) if material.texture else None,
        colours=_colours(file, attributes, len(positions)),
    )


def _place(number: Any, among: list[Material]) -> int:
    if type(number) is not int or not 0 <= number < len(among):
        refuse("MESH_UNREADABLE")
    return number


def _faces(corners: Ints, mode: int) -> Ints:
    if mode == TRIANGLES:
        return corners[: len(corners) // 3 * 3].reshape(-1, 3)
    if len(corners) < 3:
        return np.empty((0, 3), np.int64)
    if mode == FAN:
        return np.column_stack([np.full(len(corners) - 2, corners[0]), corners[1:-1], corners[2:]])
    faces = np.column_stack([corners[:-2], corners[1:-1], corners[2:]])
    faces[1::2] = faces[1::2, [1, 0, 2]]
    return faces


def _uv(file: File, attributes: dict[str, Any], count: int) -> Floats | None:
    if "TEXCOORD_0" not in attributes:
        return None
    uv = _numbers(file, attributes["TEXCOORD_0"], 2).astype(np.float64)
    if uv.shape != (count, 2):
        refuse("MESH_UNREADABLE")
    return np.column_stack([uv[:, 0], 1 - uv[:, 1]])


def _colours(file: File, attributes: dict[str, Any], count: int) -> Any:
    if "COLOR_0" not in attributes:
        return None
    values = _numbers(file, attributes["COLOR_0"], 4)[:, :3].astype(np.float64)
    if values.shape != (count, 3):
        refuse("MESH_UNREADABLE")
    return screen_colours(np.nan_to_num(values))


def _material(file: File, number: int) -> Material:
    material = file.one("materials", number)
    surface = material.get("pbrMetallicRoughness", {})
    if not isinstance(surface, dict):
        refuse("MESH_UNREADABLE")
    linear = _floats(surface, "baseColorFactor", [1.0, 1.0, 1.0, 1.0])[:3]
    chosen = surface.get("baseColorTexture")
    texture = _texture(file, chosen) if isinstance(chosen, dict) else b""
    if not surface and not texture:
        return Material(PLAIN)
    red, green, blue = screen_colours(linear).tolist()
    return Material((red, green, blue), texture)


def _texture(file: File, chosen: dict[str, Any]) -> bytes:
    texture = file.one("textures", chosen.get("index"))
    extended = texture.get("extensions", {})
    webp = extended.get("EXT_texture_webp", {}) if isinstance(extended, dict) else {}
    source = webp.get("source") if isinstance(webp, dict) and "source" in webp else texture.get("source")
    if source is None:
        return b""
    view, _ = _view(file, file.one("images", source).get("bufferView"))
    return bytes(view)


def screen_colours(linear: Floats) -> Any:
    """Linear colours (0 to 1) as bytes in sRGB."""
    linear = np.clip(linear, 0, 1)
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.round(255 * curved).astype(np.uint8)
