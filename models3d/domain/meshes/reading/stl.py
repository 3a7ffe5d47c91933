"""STL, both kinds. Its corners are in no unit."""

import re

import numpy as np

from models3d.domain.meshes.mesh import Mesh, check_counts, refuse

HEAD, RECORD = 84, 50
CORNER = re.compile(rb"vertex\s+(\S+)\s+(\S+)\s+(\S+)", re.IGNORECASE)


def is_binary(data: bytes) -> bool:
    """By its length: a binary one may begin with the word `solid` too, and often does."""
    return len(data) >= HEAD and len(data) == HEAD + RECORD * int.from_bytes(data[80:84], "little")


def is_text(data: bytes) -> bool:
    start = data[:2048].lower()
    return start.lstrip().startswith(b"solid") and (b"facet" in start or b"endsolid" in start)


def read_stl(data: bytes) -> Mesh:
    return _text(data) if not is_binary(data) and is_text(data) else _binary(data)


def _binary(data: bytes) -> Mesh:
    count = int.from_bytes(data[80:84], "little")
    check_counts(count)
    if len(data) < HEAD + RECORD * count:
        refuse("MESH_UNREADABLE")
    records = np.frombuffer(data, np.uint8, offset=HEAD, count=RECORD * count).reshape(count, RECORD)
    corners = np.ascontiguousarray(records[:, 12:48]).view("<f4").astype(np.float64)
    return Mesh(corners.reshape(-1, 3), np.arange(3 * count).reshape(-1, 3))


def _text(data: bytes) -> Mesh:
    check_counts(data.count(b"endfacet") or data.count(b"ENDFACET"))
    found = CORNER.findall(data)
    check_counts(len(found) // 3)
    if len(found) % 3:
        refuse("MESH_UNREADABLE")
    try:
        corners = np.array(found, dtype="S40").astype(np.float64)
    except ValueError:
        refuse("MESH_UNREADABLE")
    return Mesh(corners.reshape(-1, 3), np.arange(len(found)).reshape(-1, 3))
