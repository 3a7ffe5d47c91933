"""The pictures of a mesh: a preview, and a small one that turns."""

import io

import numpy as np
from PIL import Image

from models3d.domain.meshes.drawing.camera import Camera, elevation_for, framed, turned
from models3d.domain.meshes.drawing.light import bilinear, blurred, hollows, lit
from models3d.domain.meshes.drawing.looks import Look, Small, look_of
from models3d.domain.meshes.drawing.zbuffer import seen
from models3d.domain.meshes.mesh import Floats, Mesh
from models3d.domain.meshes.spans import covered

PREVIEW, TURNTABLE = 768, 256
FRAMES, FRAME_MS = 24, 110
#: Each pixel is the mean of so many in both directions.
FINER = 2
AZIMUTH = 32.0
#: The backdrop, from its middle to its corners: it stands out neither on a light page nor on a dark one.
MIDDLE, CORNER = np.array([0.86, 0.87, 0.885]), np.array([0.60, 0.615, 0.64])
#: The shadow below: cells across the mesh, and how dark.
CELLS, DARK = 160, 0.62


def preview(mesh: Mesh, *, is_solid: bool) -> bytes:
    look = look_of(mesh)
    turn = turned(AZIMUTH, elevation_for(np.ptp(look.points, axis=(0, 1))))
    size = PREVIEW * FINER
    return _webp([_drawn(look, framed(look.points, turn, size), size, is_solid=is_solid)], quality=86)


def _drawn(look: Look, camera: Camera, size: int, *, is_solid: bool) -> Image.Image:
    picture = _backdrop(look, camera, size)
    pixels = seen(look.points, camera, size, is_solid=is_solid)
    picture[pixels.y, pixels.x] = lit(look, camera, pixels, hollows(pixels, size, camera))
    mean = picture.reshape(size // FINER, FINER, size // FINER, FINER, 3).mean(axis=(1, 3))
    return Image.fromarray(_screen(mean))


def _backdrop(look: Look, camera: Camera, size: int) -> Small:
    """The empty picture with the mesh's shadow on the bed."""
    line = np.linspace(-1, 1, size)
    far = np.clip(np.hypot(line[:, None], line[None, :] - 0.0) / 1.35, 0, 1) ** 2
    picture = MIDDLE + (CORNER - MIDDLE) * far[..., None]
    shade, low, width, floor = _shade(look)
    y, x = np.mgrid[0:size, 0:size] + 0.5
    ray, eye = camera.rays(x, y), camera.eye()
    with np.errstate(divide="ignore", invalid="ignore"):
        away = (floor - eye[2]) / ray[..., 2]
        place = ((eye[:2] + ray[..., :2] * away[..., None]) - low) / width * len(shade) - 0.5
    is_inside = (away > 0) & (place >= 0).all(axis=-1) & (place < len(shade) - 1).all(axis=-1)
    picture[is_inside] *= 1 - bilinear(shade, *place[is_inside].T)[:, None]
    return picture.astype(np.float32)


def _shade(look: Look) -> tuple[Floats, Floats, float, float]:
    """How dark the bed is around the mesh: the map, where it begins, how wide it is, and how high the bed lies. What is
    near the bed makes it darker."""
    floor = float(look.points[:, :, 2].min())
    low, high = look.points[:, :, :2].min(axis=(0, 1)), look.points[:, :, :2].max(axis=(0, 1))
    width = 2.2 * float(max((high - low).max(), 0.25))
    low = (low + high) / 2 - width / 2
    flat = (look.points[:, :, :2] - low) / width * CELLS
    lowest = np.full(CELLS * CELLS, np.inf)
    height = look.points[:, :, 2].min(axis=1) - floor
    for part in covered(flat, CELLS, CELLS):
        np.minimum.at(lowest, part.y * CELLS + part.x, height[part.triangle])
    cover = np.exp(-lowest / 0.22).reshape(CELLS, CELLS)
    shade = 0.55 * blurred(cover, 2) + 0.45 * blurred(cover, 8)
    return DARK * shade, low, width, floor


def _screen(light: Small) -> np.ndarray:
    """Light as bytes in sRGB; what is very bright is bent back instead of being cut off."""
    light = np.where(light > 0.8, 0.8 + 0.2 * np.tanh((light - 0.8) / 0.2), light)
    curved = np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)
    return np.clip(np.round(255 * curved), 0, 255).astype(np.uint8)


def _webp(frames: list[Image.Image], *, quality: int) -> bytes:
    made = io.BytesIO()
    more = (
        {"save_all": True, "append_images": frames[1:], "duration": FRAME_MS, "loop": 0} if frames[1:] else {}
    )
    frames[0].save(made, "WEBP", quality=quality, method=4, **more)
    return made.getvalue()
