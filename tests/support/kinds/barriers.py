"""Points at which a test stops a process, to look at it or to kill it exactly there.

The test arms a point by a file in the folder ATELIER_BARRIERS; the first thread that comes by turns it into
`<point>.reached` and stands still until that file is gone. So a point stops one thread once, in any process.
"""

import functools
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = "ATELIER_BARRIERS"
POLL_SECONDS = 0.01


def barrier(point: str) -> None:
    """Stand still here if the test has armed this point."""
    folder = os.environ.get(FOLDER)
    if not folder:
        return
    reached = Path(folder) / f"{point}.reached"
    try:
        reached.with_suffix(".armed").rename(reached)
    except FileNotFoundError:
        return
    while reached.exists():
        time.sleep(POLL_SECONDS)


def install() -> None:
    """Put points around the engine's own steps. Only in a process that a test has started for this."""
    if not os.environ.get(FOLDER):
        return
    from generation.jobs import ledger, runner

    _around(ledger, "reserve", after="reserved")
    _around(ledger, "mark_sent", after="sent")
    _around(ledger, "settle", before="answered", after="settled")
    _around(ledger, "mark_accepted", before="ordered", after="accepted")
    _around(runner, "_store_and_succeed", after="stored")


def _around(module: ModuleType, name: str, *, before: str = "", after: str = "") -> None:
    wrapped: Callable[..., Any] = getattr(module, name)

    @functools.wraps(wrapped)
    def stopping(*args: Any, **kwargs: Any) -> Any:
        if before:
            barrier(before)
        result = wrapped(*args, **kwargs)
        if after:
            barrier(after)
        return result

    setattr(module, name, stopping)
