"""Soft noise: what makes clouds, rock, water and paper."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.floating[Any]]


def resized(field: Floats, width: int, height: int) -> Floats:
    """Smoothly enlarged or made smaller."""
    image = Image.fromarray(np.ascontiguousarray(field, dtype=np.float32), "F")
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC), dtype=np.float32)


def clouds(
    rng: np.random.Generator, width: int, height: int, *, cell: float, octaves: int = 4, stretch: float = 1.0
) -> Floats:
    """Noise from 0 to 1 whose largest spots are about `cell` pixels high and `stretch` times as wide."""
    total = np.zeros((height, width), dtype=np.float32)
    weight = 1.0
    for octave in range(octaves):
        size = max(cell / 2**octave, 1.5)
        rows, columns = int(height / size) + 3, int(width / (size * stretch)) + 3
        total += weight * resized(rng.random((rows, columns), dtype=np.float32), width, height)
        weight *= 0.5
    low, high = float(total.min()), float(total.max())
    return (total - low) / max(high - low, 1e-6)


def ridge(rng: np.random.Generator, count: int, *, roughness: float, octaves: int = 6) -> Floats:
    """A line of heights from 0 to 1 by the displacement of midpoints: mountains."""
    heights = rng.random(3)
    spread = 0.5
    for _ in range(octaves):
        middles = (heights[:-1] + heights[1:]) / 2 + rng.normal(0, spread, len(heights) - 1) * 0.5
        both = np.empty(len(heights) * 2 - 1)
        both[0::2], both[1::2] = heights, middles
        heights, spread = both, spread * roughness
    line = np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(heights)), heights)
    line -= line.min()
    return np.asarray(line / max(line.max(), 1e-6), dtype=np.float32)


def smoothstep(low: float, high: float, values: Floats) -> Floats:
    share = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), dtype=np.float32)


def blurred(field: Floats, radius: float) -> Floats:
    """By three boxes, which is nearly Gaussian."""
    reach = max(int(radius), 1)
    for axis in (0, 1):
        for _ in range(3):
            padding = [(0, 0)] * field.ndim
            padding[axis] = (reach + 1, reach)
            sums = np.cumsum(np.pad(field, padding, mode="edge"), axis=axis, dtype=np.float64)
            length = field.shape[axis]
            high = np.take(sums, np.arange(2 * reach + 1, 2 * reach + 1 + length), axis=axis)
            low = np.take(sums, np.arange(0, length), axis=axis)
            field = ((high - low) / (2 * reach + 1)).astype(np.float32)
    return field
