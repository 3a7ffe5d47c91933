"""Binary STL."""

import struct

import numpy as np

from models3d.domain.meshes.mesh import Mesh, corners

RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
#: Says what STL itself can't; it must not begin with `solid`.
HEAD = b"Atelier, units: mm".ljust(80)


def write_stl(mesh: Mesh) -> bytes:
    points = corners(mesh)
    normals = np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])
    records = np.zeros(len(points), RECORD)
    records["normal"] = normals / np.maximum(np.linalg.norm(normals, axis=1), 1e-300)[:, None]
    records["corners"] = points
    return HEAD + struct.pack("<I", len(points)) + records.tobytes()
