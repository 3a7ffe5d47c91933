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


def rows_of(x: Floats, y: Floats, width: int, height: int) -> tuple[Ints, Ints, Ints, Ints]:
    """For triangles in the plane (both 3 × m): triangle, row, and from which pixel to which each row's middle lies in
    it."""
    low = np.clip(np.ceil(smallest(y) - 0.5), 0, height).astype(np.int64)
    high = np.clip(np.ceil(largest(y) - 0.5), 0, height).astype(np.int64)
    count = np.maximum(high - low, 0)
    seen = np.flatnonzero(count)
    triangle = np.repeat(seen, count[seen])
    row = low[triangle] + _within(count[seen])
    middle = row + 0.5
    left, right = np.full(len(row), np.inf), np.full(len(row), -np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        for side in range(3):
            # From the lower end upwards in both triangles of an edge, so that both find the very same place.
            upside = y[side] > y[side - 1]
            first, last = np.where(upside, y[side - 1], y[side]), np.where(upside, y[side], y[side - 1])
            start, end = np.where(upside, x[side - 1], x[side]), np.where(upside, x[side], x[side - 1])
            slope = (end - start) / (last - first)
            begins = first[triangle]
            crosses = (begins <= middle) & (middle < last[triangle])
            place = start[triangle] + slope[triangle] * (middle - begins)
            left = np.where(crosses, np.minimum(left, place), left)
            right = np.where(crosses, np.maximum(right, place), right)
    left, right = np.clip(left, -1, width + 1), np.clip(right, -1, width + 1)
    begin = np.clip(np.ceil(left - 0.5), 0, width).astype(np.int64)
    end_at = np.clip(np.ceil(right - 0.5), 0, width).astype(np.int64)
    is_met = end_at > begin
    return triangle[is_met], row[is_met], begin[is_met], end_at[is_met]


def covered(x: Floats, y: Floats, width: int, height: int, *, chunk: int = CHUNK) -> Iterator[Covered]:
    """All covered pixels, piece by piece."""
    step = max(chunk // 4, 1)
    for at in range(0, x.shape[1], step):
        part = slice(at, at + step)
        triangle, row, begin, end = rows_of(x[:, part], y[:, part], width, height)
        triangle = triangle + at
        lengths = end - begin
        total = np.cumsum(lengths)
        done = 0
        while done < len(total):
            before = total[done - 1] if done else 0
            until = max(int(np.searchsorted(total, before + chunk, side="right")), done + 1)
            these = slice(done, until)
            yield Covered(
                triangle=np.repeat(triangle[these], lengths[these]),
                x=np.repeat(begin[these], lengths[these]) + _within(lengths[these]),
                y=np.repeat(row[these], lengths[these]),
            )
            done = until


def pixels(x: Floats, y: Floats, width: int, height: int) -> float:
    """About how many pixels are covered in all, each triangle's counted: what drawing them costs."""
    area = np.abs((x[1] - x[0]) * (y[2] - y[0]) - (y[1] - y[0]) * (x[2] - x[0])) / 2
    rows = np.clip(largest(y), 0, height) - np.clip(smallest(y), 0, height)
    return float(np.minimum(area, width * height).sum() + rows.sum())


def smallest(values: Floats) -> Floats:
    """Of three rows the least of each column; numpy's own way across short axes takes several times as long."""
    return np.minimum(np.minimum(values[0], values[1]), values[2])


def largest(values: Floats) -> Floats:
    return np.maximum(np.maximum(values[0], values[1]), values[2])


def _within(lengths: Ints) -> Ints:
    """0, 1, 2 … for each of the lengths."""
    total = int(lengths.sum())
    return np.arange(total) - np.repeat(np.cumsum(lengths) - lengths, lengths)
