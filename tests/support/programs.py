"""Real programs in tests: start them, await what they say, prove that nothing of them is left."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from config.env import ROOT
from tests.support.patience import PATIENCE


class Program:
    """A started program whose output can be awaited."""

    def __init__(self, command: list[str], environ: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            # Under nohup the tests ignore a hang-up; what they start must not inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
        )
        self._said = bytearray()

    @property
    def text(self) -> str:
        """What has been read so far, output and errors."""
        return self._said.decode("utf-8", "replace")

    def until(self, wanted: str, times: int = 1, seconds: float = PATIENCE) -> str:
        """All output so far, as soon as it contains `wanted` so many times."""
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            assert self.process.stdout is not None
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while self.text.count(wanted) < times:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    pytest.fail(f"{wanted!r} was not said within {seconds} s:\n{self.text}")
                data = os.read(self.process.stdout.fileno(), 65_536)
                if not data:
                    pytest.fail(f"the program ended without {wanted!r}:\n{self.text}")
                self._said += data
        return self.text

    def end(self, seconds: float = PATIENCE) -> int:
        """The exit code; reads the rest of the output."""
        rest, _ = self.process.communicate(timeout=seconds)
        self._said += rest
        return self.process.returncode

    def pids(self) -> list[int]:
        """The numbers on all lines that say `pids 1 2 …`."""
        return [int(pid) for line in re.findall(r"pids ([\d ]+)", self.text) for pid in line.split()]


@contextmanager
def running(command: list[str], environ: dict[str, str] | None = None) -> Iterator[Program]:
    """The program while it runs; it is killed at the end."""
    program = Program(command, {**os.environ, "PYTHONPATH": str(ROOT), **(environ or {})})
    try:
        yield program
    finally:
        program.process.kill()
        program.process.wait()
        assert program.process.stdout is not None
        program.process.stdout.close()


def runs(pid: int) -> bool:
    """Whether the process still runs; one that is dead but not yet reaped doesn't."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(state.stdout.strip()) and not state.stdout.strip().startswith("Z")


def eventually(promise: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Whether the promise comes true: for what can't be awaited, such as the end of a stranger."""
    deadline = time.monotonic() + seconds
    while not promise():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def all_gone(pids: list[int]) -> bool:
    """Whether all of them end."""
    left = set(pids)

    def are_gone() -> bool:
        left.difference_update([pid for pid in left if not runs(pid)])
        return not left

    return eventually(are_gone)


def below(pid: int) -> list[int]:
    """The process ids of everything that descends from `pid`."""
    rows = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = [(int(child), int(parent)) for child, parent in (row.split() for row in rows.splitlines())]
    found = [pid]
    for known in found:
        found += [child for child, parent in parents if parent == known]
    return found[1:]
