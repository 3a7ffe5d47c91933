"""The pictures of a mesh: a preview, and a small one that turns."""

import io
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from models3d.domain.meshes.drawing.camera import Camera, elevation_for, framed, framed_around, turned
from models3d.domain.meshes.drawing.light import bilinear, blurred, lit
from models3d.domain.meshes.drawing.looks import Look, Small, look_of, simpler
from models3d.domain.meshes.drawing.zbuffer import seen
from models3d.domain.meshes.mesh import Floats, Mesh
from models3d.domain.meshes.spans import covered, smallest

PREVIEW, TURNTABLE = 768, 240
FRAMES, FRAME_MS = 18, 140
#: Each pixel is the mean of so many in both directions.
FINER = 2
AZIMUTH = 32.0
#: The backdrop, from its middle to its corners: it stands out neither on a light page nor on a dark one.
MIDDLE, CORNER = np.array([0.86, 0.87, 0.885]), np.array([0.60, 0.615, 0.64])
#: The shadow below: cells across the mesh, and how dark.
CELLS, DARK = 160, 0.80


@dataclass(frozen=True, slots=True)
class Shade:
    """How dark the bed is around a mesh: a map of `width` from `low` on, and how high the bed lies."""

    dark: Floats
    low: Floats
    width: float
    floor: float


def drawn(mesh: Mesh, *, is_solid: bool) -> tuple[bytes, bytes]:
    """The preview and the turntable, both WebP. `is_solid`: the mesh is closed and looks outwards."""
    look = look_of(mesh)
    shade = shade_of(look)
    preview = still(look, shade, PREVIEW, is_solid=is_solid)
    frames = turning(simpler(look), shade, TURNTABLE, is_solid=is_solid)
    return _webp([preview], quality=86), _webp(frames, quality=80)


def still(look: Look, shade: Shade, size: int, *, is_solid: bool) -> Image.Image:
    camera = framed(look.vertices, turned(AZIMUTH, elevation_for(look.vertices)), size * FINER)
    return _picture(look, shade, camera, size * FINER, is_solid=is_solid)


def turning(look: Look, shade: Shade, size: int, *, is_solid: bool) -> list[Image.Image]:
    """Once around. All frames show the mesh equally large: as large as the widest allows."""
    elevation = elevation_for(look.vertices)
    turns = [turned(AZIMUTH + 360 * number / FRAMES, elevation) for number in range(FRAMES)]
    camera = framed_around(look.vertices, turns[0], size * FINER)
    return [
        _picture(look, shade, replace(camera, turn=turn), size * FINER, is_solid=is_solid) for turn in turns
    ]


def _picture(look: Look, shade: Shade, camera: Camera, size: int, *, is_solid: bool) -> Image.Image:
    picture = _backdrop(shade, camera, size)
    pixels = seen(look.vertices, look.faces, camera, size, is_solid=is_solid)
    picture[pixels.y, pixels.x] = lit(look, camera, pixels, size)
    mean = picture.reshape(size // FINER, FINER, size // FINER, FINER, 3).mean(axis=(1, 3))
    return Image.fromarray(_screen(mean))


def _backdrop(shade: Shade, camera: Camera, size: int) -> Small:
    """The empty picture with the mesh's shadow on the bed."""
    small = size // FINER
    line = np.linspace(-1, 1, small)
    far = np.clip(np.hypot(line[:, None], line[None, :]) / 1.35, 0, 1) ** 2
    picture = MIDDLE + (CORNER - MIDDLE) * far[..., None]
    y, x = FINER * (np.mgrid[0:small, 0:small] + 0.5)
    ray, eye = camera.rays(x, y), camera.eye()
    with np.errstate(divide="ignore", invalid="ignore"):
        away = (shade.floor - eye[2]) / ray[..., 2]
        place = ((eye[:2] + ray[..., :2] * away[..., None]) - shade.low) / shade.width * CELLS - 0.5
    is_inside = (away > 0) & (place >= 0).all(axis=-1) & (place < CELLS - 1).all(axis=-1)
    picture[is_inside] *= 1 - bilinear(shade.dark, *place[is_inside].T)[:, None]
    return picture.astype(np.float32).repeat(FINER, axis=0).repeat(FINER, axis=1)


def shade_of(look: Look) -> Shade:
    """What is near the bed makes it darker."""
    points, faces = look.vertices, look.faces
    floor = float(points[:, 2].min())
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    width = 2.2 * float(max((high - low).max(), 0.25))
    low = (low + high) / 2 - width / 2
    flat = (points[:, :2] - low) / width * CELLS
    lowest = np.full(CELLS * CELLS, np.inf)
    height = smallest(points[:, 2][faces.T]) - floor
    for part in covered(flat[:, 0][faces.T], flat[:, 1][faces.T], CELLS, CELLS):
        np.minimum.at(lowest, part.y * CELLS + part.x, height[part.triangle])
    cover = np.exp(-lowest / 0.22).reshape(CELLS, CELLS)
    return Shade(DARK * (0.5 * blurred(cover, 2) + 0.5 * blurred(cover, 7)), low, width, floor)


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
