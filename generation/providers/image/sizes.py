"""From the size that is wanted to the nearest that a vendor makes."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from generation.providers.image.base import ImageOrder

Size = tuple[int, int]


def nearest(order: ImageOrder, sizes: Sequence[Size]) -> Size:
    """The size of the most similar shape; of several, the most similar one."""

    def distance(size: Size) -> tuple[float, float]:
        shape = abs(log(size[0] / size[1]) - log(order.width / order.height))
        return round(shape, 3), abs(log(size[0] * size[1]) - log(order.pixels))

    return min(sizes, key=distance)
