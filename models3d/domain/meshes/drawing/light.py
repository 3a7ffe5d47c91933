"""Light: how bright and in which colour a surface is seen, and the shadow below."""

from typing import Any

import numpy as np

from models3d.domain.meshes.drawing.camera import Camera
from models3d.domain.meshes.drawing.looks import LIGHT, Look, Small
from models3d.domain.meshes.drawing.zbuffer import Seen
from models3d.domain.meshes.mesh import Floats, Ints


def _direction(*parts: float) -> Small:
    vector = np.array(parts, np.float32)
    return vector / np.linalg.norm(vector)


#: Directions in the picture: right, up, towards the eye.
KEY, FILL, RIM = _direction(-0.55, 0.75, 0.55), _direction(0.85, 0.15, 0.5), _direction(0.35, 0.55, -0.75)
KEY_LIGHT = np.array([1.02, 1.0, 0.96], np.float32) * 0.95
FILL_LIGHT = np.array([0.88, 0.94, 1.0], np.float32) * 0.20
RIM_LIGHT = np.array([0.95, 0.98, 1.0], np.float32) * 0.30
SKY, FLOOR = np.array([0.30, 0.32, 0.36], np.float32), np.array([0.13, 0.125, 0.12], np.float32)


def lit(look: Look, camera: Camera, seen: Seen, size: int) -> Small:
    """Light of each pixel that shows something (n, 3)."""
    shares = seen.shares.astype(np.float32)
    normals = np.einsum("ni,nij->nj", shares, look.normals[seen.triangle])
    normals = normals @ camera.turn.T.astype(np.float32)
    normals /= np.maximum(np.linalg.norm(normals, axis=1), 1e-12)[:, None]
    normals *= np.where(normals[:, 2] < -0.05, -1, 1)[:, None].astype(np.float32)  # the inside of an open one
    surface = _surface(look, seen.triangle, shares)
    hollow = hollows(seen, normals, size, camera)

    up = normals @ camera.turn[:, 2].astype(np.float32)
    open_sky = (1 - hollow)[:, None]
    light = (FLOOR + (SKY - FLOOR) * (0.5 + 0.5 * up)[:, None]) * open_sky
    light += KEY_LIGHT * np.maximum(normals @ KEY, 0)[:, None] * (1 - 0.5 * hollow)[:, None]
    light += FILL_LIGHT * np.maximum(normals @ FILL, 0)[:, None]
    edge = 1 - np.clip(normals[:, 2], 0, 1)
    rim = RIM_LIGHT * (edge * edge * edge * np.maximum(0.3 + normals @ RIM, 0))[:, None] * open_sky
    middle = _direction(*(KEY + np.array([0, 0, 1], np.float32)))
    shine = np.maximum(normals @ middle, 0)
    for _ in range(5):  # to the power of 32; numpy's own powers are ten times as slow
        shine *= shine
    return surface * light + (rim + 0.1 * shine[:, None]) * (0.35 + 0.65 * surface)


def _surface(look: Look, triangle: Ints, shares: Small) -> Small:
    kinds = look.kinds[triangle]
    surface = look.plain[kinds]
    if look.uv is not None:
        uv = np.einsum("ni,nij->nj", shares, look.uv[triangle])
        for number, texture in look.textures.items():
            here = np.flatnonzero(kinds == number)
            surface[here] *= LIGHT[_picked(texture, uv[here])]
    if look.colours is not None:
        surface = surface * np.einsum("ni,nij->nj", shares, look.colours[triangle])
    return surface


def _picked(texture: Any, uv: Small) -> Any:
    height, width = texture.shape[:2]
    uv = np.nan_to_num(uv, posinf=0, neginf=0)
    uv = uv - np.floor(uv)
    x = np.minimum((uv[:, 0] * width).astype(np.int64), width - 1)
    y = np.minimum(((1 - uv[:, 1]) * height).astype(np.int64), height - 1)
    return texture[y, x]


def blurred(values: Any, radius: int) -> Any:
    """Means of squares of means of squares: nearly a bell."""
    for _ in range(2):
        for axis in (0, 1):
            padding = [(radius + 1, radius) if one == axis else (0, 0) for one in (0, 1)]
            total = np.cumsum(np.pad(values, padding), axis=axis)
            ends = np.take(total, range(2 * radius + 1, total.shape[axis]), axis=axis)
            begins = np.take(total, range(total.shape[axis] - 2 * radius - 1), axis=axis)
            values = (ends - begins) / (2 * radius + 1)
    return values


def hollows(seen: Seen, normals: Small, size: int, camera: Camera) -> Small:
    """How deep each pixel lies behind what is around it, 0 to 1: corners and cavities get less light. What its own
    slope makes of the surface around it doesn't count. Found on a grid of a quarter of the picture's size: light is
    soft."""
    step = 4
    small = -(-size // step)
    place = (seen.y // step) * small + seen.x // step
    depth = camera.distance - 1 / seen.nearness  # large is near
    facing = np.maximum(normals[:, 2], 0.25)
    across = step / (camera.zoom * camera.distance * seen.nearness)  # how wide a cell is there
    slopes = (-normals[:, 0] / facing * across, normals[:, 1] / facing * across)
    count: Any = np.bincount(place, minlength=small * small).reshape(small, small).astype(np.float64)
    is_met = count > 0
    depths, right, down = (
        np.bincount(place, of, small * small).reshape(small, small) / np.maximum(count, 1)
        for of in (depth, *slopes)
    )
    rows, columns = np.mgrid[0:small, 0:small]
    found = np.zeros((small, small))
    for radius, reach in ((max(small // 100, 1), 0.04), (max(small // 28, 1), 0.14)):
        near = np.maximum(blurred(is_met.astype(np.float64), radius), 1e-6)
        around, column, row = (blurred(of * is_met, radius) / near for of in (depths, columns, rows))
        expected = depths + right * (column - columns) + down * (row - rows)
        found += 0.5 * np.clip((around - expected) / reach, 0, 1)
    x, y = (seen.x + 0.5) / step - 0.5, (seen.y + 0.5) / step - 0.5
    shares = bilinear(is_met.astype(np.float64), x, y)
    return (bilinear(found * is_met, x, y) / np.maximum(shares, 1e-6)).astype(np.float32)


def bilinear(values: Floats, x: Floats, y: Floats) -> Floats:
    """A small picture's values between its pixels."""
    x, y = np.clip(x, 0, values.shape[1] - 1), np.clip(y, 0, values.shape[0] - 1)
    left = np.minimum(x.astype(np.int64), values.shape[1] - 2)
    top = np.minimum(y.astype(np.int64), values.shape[0] - 2)
    right, down = x - left, y - top
    above = values[top, left] * (1 - right) + values[top, left + 1] * right
    below = values[top + 1, left] * (1 - right) + values[top + 1, left + 1] * right
    return above * (1 - down) + below * down
