"""Numbers that are written in text."""

import warnings
from typing import Any

import numpy as np

from models3d.domain.meshes.mesh import refuse


def numbers(text: bytes, kind: Any, count: int | None = None) -> Any:
    """All numbers of a text, blanks between them; exactly `count` where that is known. Anything else is refused."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # how numpy says that it stopped before the end
        try:
            values = np.fromstring(text, kind, sep=" ")
        except (ValueError, DeprecationWarning, OverflowError):
            refuse("MESH_UNREADABLE")
    if count is not None and len(values) != count:
        refuse("MESH_UNREADABLE")
    return values
