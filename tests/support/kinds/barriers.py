"""Points at which a test stops one job in a worker, to look at it or to kill the worker exactly there.

The test arms a point of a job by a file in the folder ATELIER_BARRIERS; the first thread that comes by with this job
turns it into `….reached` and stands still until that file is gone. So a point stops one thread once, in any process.
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


def barrier(point: str, job_id: object) -> None:
    """Stand still here if the test has armed this point for this job."""
    folder = os.environ.get(FOLDER)
    if not folder:
        return
    reached = file_of(Path(folder), point, job_id, "reached")
    try:
        file_of(Path(folder), point, job_id, "armed").rename(reached)
    except FileNotFoundError:
        return
    while reached.exists():
        time.sleep(POLL_SECONDS)


def file_of(folder: Path, point: str, job_id: object, state: str) -> Path:
    return folder / f"{job_id}-{point}.{state}"


def install() -> None:
    """Put points around the engine's own steps. Only in a process that a test has started for this."""
    if not os.environ.get(FOLDER):
        return
    from generation.jobs import ledger, runner

    def of_job(job: Any, *_: Any, **__: Any) -> object:
        return job.pk

    def of_call(call: Any, *_: Any, **__: Any) -> object:
        return call.job_id

    _around(ledger, "reserve", of_job, after="reserved")
    _around(ledger, "mark_sent", of_call, after="sent")
    _around(ledger, "settle", of_call, before="answered", after="settled")
    _around(ledger, "mark_accepted", of_call, before="ordered", after="accepted")
    _around(
        runner, "_store_and_succeed", lambda kind, job, result: job.pk, before="finishing", after="stored"
    )


def _around(
    module: ModuleType, name: str, job_id: Callable[..., object], *, before: str = "", after: str = ""
) -> None:
    wrapped: Callable[..., Any] = getattr(module, name)

    @functools.wraps(wrapped)
    def stopping(*args: Any, **kwargs: Any) -> Any:
        if before:
            barrier(before, job_id(*args, **kwargs))
        result = wrapped(*args, **kwargs)
        if after:
            barrier(after, job_id(*args, **kwargs))
        return result

    setattr(module, name, stopping)
