"""Rows of numbers as text: as few digits as say a 32-bit number."""

from collections.abc import Iterator
from typing import Any

import numpy as np

#: Rows that are written at once.
ROWS = 50_000


def lines(pattern: str, *columns: Any) -> Iterator[bytes]:
    """The pattern, filled with each row of these tables (of equal length) side by side."""
    for at in range(0, len(columns[0]), ROWS):
        rows = [values[at : at + ROWS] for values in columns]
        # Python's own formatting of a long tuple is the fastest that there is.
        flat = np.hstack(rows).ravel().tolist()
        yield ((pattern * len(rows[0])) % tuple(flat)).encode()


def points(values: Any) -> Any:
    """Corners without more digits than 32 bits hold, and without a minus before nothing."""
    return np.round(values, 6) + 0.0
