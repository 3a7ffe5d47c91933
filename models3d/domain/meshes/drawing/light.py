"""Light: how bright and in which colour a surface is seen, and the shadow below."""

from typing import Any

import numpy as np

from models3d.domain.meshes.drawing.camera import Camera
from models3d.domain.meshes.drawing.looks import Look, Small
from models3d.domain.meshes.drawing.zbuffer import Seen
from models3d.domain.meshes.mesh import Floats, Ints


def _direction(*parts: float) -> Small:
    vector = np.array(parts, np.float32)
    return vector / np.linalg.norm(vector)


#: Directions in the picture: right, up, towards the eye.
KEY, FILL, RIM = _direction(-0.55, 0.75, 0.55), _direction(0.85, 0.15, 0.5), _direction(0.35, 0.55, -0.75)
KEY_LIGHT = np.array([1.02, 1.0, 0.96], np.float32) * 0.78
FILL_LIGHT = np.array([0.88, 0.94, 1.0], np.float32) * 0.20
RIM_LIGHT = np.array([0.95, 0.98, 1.0], np.float32) * 0.30
SKY, FLOOR = np.array([0.36, 0.38, 0.42], np.float32), np.array([0.17, 0.16, 0.155], np.float32)


def lit(look: Look, camera: Camera, seen: Seen, hollows: Small) -> Small:
    """Light of each pixel that shows something (n, 3). `hollows`: how much less of the sky each sees."""
    shares = seen.shares.astype(np.float32)
    normals = np.einsum("ni,nij->nj", shares, look.normals[seen.triangle])
    normals = normals @ camera.turn.T.astype(np.float32)
    normals /= np.maximum(np.linalg.norm(normals, axis=1), 1e-12)[:, None]
    normals *= np.where(normals[:, 2] < -0.05, -1, 1)[:, None].astype(np.float32)  # the inside of an open one
    surface = _surface(look, seen.triangle, shares)

    up = normals @ camera.turn[:, 2].astype(np.float32)
    open_sky = (1 - hollows)[:, None]
    light = (FLOOR + (SKY - FLOOR) * (0.5 + 0.5 * up)[:, None]) * open_sky
    light += KEY_LIGHT * np.maximum(normals @ KEY, 0)[:, None] * (1 - 0.45 * hollows)[:, None]
    light += FILL_LIGHT * np.maximum(normals @ FILL, 0)[:, None]
    edge = (1 - np.clip(normals[:, 2], 0, 1)) ** 3
    rim = RIM_LIGHT * (edge * np.maximum(0.3 + normals @ RIM, 0))[:, None] * open_sky
    middle = _direction(*(KEY + np.array([0, 0, 1], np.float32)))
    shine = 0.10 * np.maximum(normals @ middle, 0) ** 36
    return surface * light + (rim + shine[:, None]) * (0.35 + 0.65 * surface)


def _surface(look: Look, triangle: Ints, shares: Small) -> Small:
    kinds = look.kinds[triangle]
    surface = look.plain[kinds]
    if look.uv is not None:
        uv = np.einsum("ni,nij->nj", shares, look.uv[triangle])
        for number, texture in look.textures.items():
            here = np.flatnonzero(kinds == number)
            surface[here] *= _picked(texture, uv[here])
    if look.colours is not None:
        surface = surface * np.einsum("ni,nij->nj", shares, look.colours[triangle])
    return surface


def _picked(texture: Small, uv: Small) -> Small:
    height, width = texture.shape[:2]
    uv = np.nan_to_num(uv, posinf=0, neginf=0)
    uv = uv - np.floor(uv)
    x = np.minimum((uv[:, 0] * width).astype(np.int64), width - 1)
    y = np.minimum(((1 - uv[:, 1]) * height).astype(np.int64), height - 1)
    return texture[y, x]


def blurred(values: Any, radius: int) -> Any:
    """Means of squares, three times: nearly a bell."""
    for _ in range(3):
        for axis in (0, 1):
            padding = [(radius + 1, radius) if one == axis else (0, 0) for one in (0, 1)]
            total = np.cumsum(np.pad(values, padding), axis=axis)
            ends = np.take(total, range(2 * radius + 1, total.shape[axis]), axis=axis)
            begins = np.take(total, range(total.shape[axis] - 2 * radius - 1), axis=axis)
            values = (ends - begins) / (2 * radius + 1)
    return values


def hollows(seen: Seen, size: int, camera: Camera) -> Small:
    """How deep each pixel lies behind those around it, 0 to 1: corners and cavities get less light."""
    depth = camera.distance - 1 / seen.nearness  # large is near
    step = 4  # a quarter of the picture's size is enough for what is blurred anyway
    small = -(-size // step)
    place = (seen.y // step) * small + seen.x // step
    count: Any = np.bincount(place, minlength=small * small).reshape(small, small)
    total: Any = np.bincount(place, depth, minlength=small * small).reshape(small, small)
    found = np.zeros(len(depth))
    for radius, weight, reach in ((max(small // 90, 1), 0.5, 0.05), (max(small // 30, 1), 0.5, 0.12)):
        around = blurred(total, radius) / np.maximum(blurred(count, radius), 1e-6)
        found += weight * np.clip((_between(around, seen, step) - depth) / reach, 0, 1)
    return found.astype(np.float32)


def _between(values: Floats, seen: Seen, step: int) -> Floats:
    """A small picture's values at the pixels of the large one, smoothly."""
    x = np.clip((seen.x + 0.5) / step - 0.5, 0, values.shape[1] - 1)
    y = np.clip((seen.y + 0.5) / step - 0.5, 0, values.shape[0] - 1)
    return bilinear(values, x, y)


def bilinear(values: Floats, x: Floats, y: Floats) -> Floats:
    left = np.minimum(x.astype(np.int64), values.shape[1] - 2)
    top = np.minimum(y.astype(np.int64), values.shape[0] - 2)
    right, down = x - left, y - top
    above = values[top, left] * (1 - right) + values[top, left + 1] * right
    below = values[top + 1, left] * (1 - right) + values[top + 1, left + 1] * right
    return above * (1 - down) + below * down
