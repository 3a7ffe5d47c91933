"""Starting such a program, and what it answers."""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

import structlog

ROOT = Path(__file__).parents[2]
LAUNCHER = Path(__file__).with_name("limited.py")
#: By these the interpreter finds its libraries, and a place for files that go away.
STARTING = ("PATH", "LD_LIBRARY_PATH", "LANG", "TMPDIR")
#: How a program ends that has used up its seconds of the processor.
KILLED = (-signal.SIGXCPU, -signal.SIGKILL) if hasattr(signal, "SIGXCPU") else ()
#: So many at once in a process, however many threads ask: each may take some hundred megabytes.
_turns = threading.BoundedSemaphore(2)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """`seconds` by the clock, `cpu_seconds` of the processor, `memory` in bytes."""

    seconds: int
    cpu_seconds: int
    memory: int


class ProgramFailedError(Exception):
    """The program went past its limit of time (`is_over_limit`), or ended with an error, which may be a lack of
    memory; the log says which."""

    def __init__(self, *, is_over_limit: bool = False) -> None:
        super().__init__()
        self.is_over_limit = is_over_limit


def program_run(
    module: str,
    *arguments: str,
    source: bytes | BinaryIO,
    limits: Limits,
    answer: BinaryIO | None = None,
) -> bytes:
    """What the module answers at its standard output, run as a program with `source` as its standard input: all of it,
    from its beginning. A large answer goes into the file `answer` instead (a real one), and nothing is returned. Raises
    ProgramFailedError.

    The module should import little: it starts anew each time.
    """
    with TemporaryFile() as copy, _turns:
        _write(source, copy)
        command = [
            sys.executable,
            "-I",
            str(LAUNCHER),
            str(ROOT),
            str(limits.cpu_seconds),
            str(limits.memory),
        ]
        try:
            done = subprocess.run(  # noqa: S603 — our own program
                [*command, module, *arguments],
                stdin=copy,
                stdout=subprocess.PIPE if answer is None else answer,
                stderr=subprocess.PIPE,
                timeout=limits.seconds,
                check=False,
                env=_environment(),
            )
        except subprocess.TimeoutExpired:
            log.warning("program.too_slow", program=module, arguments=arguments)
            raise ProgramFailedError(is_over_limit=True) from None
    if done.returncode != 0:
        said = done.stderr[-300:].decode(errors="replace")
        log.info("program.failed", program=module, arguments=arguments, status=done.returncode, said=said)
        raise ProgramFailedError(is_over_limit=done.returncode in KILLED)
    return done.stdout or b""


def _environment() -> dict[str, str]:
    """What a program needs to start, and no setting: what it reads may be hostile, and settings hold keys."""
    known = {name: os.environ[name] for name in STARTING if name in os.environ}
    # A pool of threads for numbers would take address space for each of a large machine's cores.
    return {**known, "OPENBLAS_NUM_THREADS": "1"}


def _write(source: bytes | BinaryIO, copy: BinaryIO) -> None:
    if isinstance(source, bytes):
        copy.write(source)
    else:
        source.seek(0)
        while chunk := source.read(1024 * 1024):
            copy.write(chunk)
    copy.seek(0)
