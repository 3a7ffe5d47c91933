"""Which pixels triangles cover, without a loop over triangles: each one's rows first, then each row's pixels."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models3d.domain.meshes.mesh import Floats, Ints

#: Pixels that are looked at at once: some twenty arrays of this length are what drawing needs of memory.
CHUNK = 1_000_000


@dataclass(frozen=True, slots=True)
class Covered:
    """Pixels and the triangle that covers each; a pixel stands once for each of its triangles."""

    triangle: Ints
    x: Ints
    y: Ints


def rows_of(flat: Floats, width: int, height: int) -> tuple[Ints, Ints, Ints, Ints]:
    """For triangles in the plane (m, 3, 2): triangle, row and the pixels from–to of each row whose middle it covers."""
    low = np.clip(np.ceil(flat[:, :, 1].min(axis=1) - 0.5), 0, height).astype(np.int64)
    high = np.clip(np.ceil(flat[:, :, 1].max(axis=1) - 0.5), 0, height).astype(np.int64)
    count = np.maximum(high - low, 0)
    seen = np.flatnonzero(count)
    triangle = np.repeat(seen, count[seen])
    row = low[triangle] + _within(count[seen])
    middle = row + 0.5
    left = np.full(len(row), np.inf)
    right = np.full(len(row), -np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        for side in range(3):
            a, b = flat[triangle, side], flat[triangle, (side + 1) % 3]
            rise = b[:, 1] - a[:, 1]
            # From the lower end upwards in both triangles of an edge, so that both find the very same place.
            a, b = np.where((rise < 0)[:, None], b, a), np.where((rise < 0)[:, None], a, b)
            crosses = (a[:, 1] <= middle) & (middle < b[:, 1])
            x = a[:, 0] + (b[:, 0] - a[:, 0]) * ((middle - a[:, 1]) / (b[:, 1] - a[:, 1]))
            left = np.where(crosses, np.minimum(left, x), left)
            right = np.where(crosses, np.maximum(right, x), right)
    is_met = right >= left
    triangle, row, left, right = triangle[is_met], row[is_met], left[is_met], right[is_met]
    begin = np.clip(np.ceil(left - 0.5), 0, width).astype(np.int64)
    end = np.clip(np.ceil(right - 0.5), 0, width).astype(np.int64)
    is_met = end > begin
    return triangle[is_met], row[is_met], begin[is_met], end[is_met]


def covered(flat: Floats, width: int, height: int, *, chunk: int = CHUNK) -> Iterator[Covered]:
    """All covered pixels, piece by piece."""
    step = max(chunk // 4, 1)
    for at in range(0, len(flat), step):
        triangle, row, begin, end = rows_of(flat[at : at + step], width, height)
        triangle = triangle + at
        total = np.cumsum(end - begin)
        done = 0
        while done < len(total):
            before = total[done - 1] if done else 0
            until = max(int(np.searchsorted(total, before + chunk, side="right")), done + 1)
            part = slice(done, until)
            lengths = (end - begin)[part]
            yield Covered(
                triangle=np.repeat(triangle[part], lengths),
                x=np.repeat(begin[part], lengths) + _within(lengths),
                y=np.repeat(row[part], lengths),
            )
            done = until


def pixels(flat: Floats, width: int, height: int) -> float:
    """About how many pixels are covered in all, each triangle's counted: what drawing them costs."""
    edge, other = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    area = np.abs(edge[:, 0] * other[:, 1] - edge[:, 1] * other[:, 0]) / 2
    rows = np.ptp(np.clip(flat[:, :, 1], 0, height), axis=1)
    return float(np.minimum(area, width * height).sum() + rows.sum())


def _within(lengths: Ints) -> Ints:
    """0, 1, 2 … for each of the lengths."""
    total = int(lengths.sum())
    return np.arange(total) - np.repeat(np.cumsum(lengths) - lengths, lengths)
