"""One supervised process: what to run, and the running of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from config.env import ROOT

BOND = Path(__file__).with_name("bond.py")
KILL_SECONDS = 5.0  # how long the kernel may take to end a killed group before we call it a fault


@dataclass(frozen=True)
class ProcessSpec:
    """What to run.

    `environment` lies over our own, as it is at the moment of each start; `is_ready` says at once whether others may
    rely on the process; lines of output that contain one of `hidden` are not shown. A process with `on_loss` is one
    that the others can do without: called when it won't stay up or doesn't get ready, after which the processes of
    later stages are started anew.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: Path = ROOT
    grace_seconds: float = 10.0
    is_ready: Callable[[], bool] | None = None
    hidden: tuple[str, ...] = ()
    on_loss: Callable[[], None] | None = None


class Child:
    """A running ProcessSpec that can't outlive the process that started it.

    The command runs under `bond.py`, in a process group of its own, so that a Ctrl-C in the terminal
    reaches only the supervisor and a kill reaches everything that the command has started. Output goes to
    `log` (appended) or, without it, to `output`, a pipe that must be read.
    """

    def __init__(self, spec: ProcessSpec, log: Path | None = None) -> None:
        self.spec = spec
        self.log = log
        self._popen: subprocess.Popen[bytes] | None = None
        self._bond: int | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Starts the command; raises RuntimeError when it is running already."""
        if self.is_alive():
            raise RuntimeError(f"{self.spec.name} is running already")
        self._release()
        reading, self._bond = os.pipe()
        try:
            self._popen = self._opened(reading)
        finally:
            os.close(reading)
        return self

    @property
    def pid(self) -> int:
        """The process id of `bond.py`, which is also the id of the process group."""
        return self._running().pid

    @property
    def output(self) -> IO[bytes]:
        """The command's output and errors in one stream; only without a log file."""
        stream = self._running().stdout
        if stream is None:
            raise RuntimeError(f"the output of {self.spec.name} goes to {self.log}")
        return stream

    def is_alive(self) -> bool:
        return self._popen is not None and self.poll() is None

    def poll(self) -> int | None:
        """The exit code once the command has ended (its group is swept then), None while it runs."""
        code = self._running().poll()
        if code is not None and self._bond is not None:
            self._sweep()
        return code

    def wait(self, seconds: float | None = None) -> int:
        """Waits for the end; raises subprocess.TimeoutExpired."""
        self._running().wait(seconds)
        code = self.poll()
        return code if code is not None else 0

    def terminate(self) -> None:
        """Asks the command to end. `bond.py` kills it after `grace_seconds`."""
        if self.is_alive():
            self._running().terminate()

    def kill(self) -> None:
        """Ends the whole group at once, as kill -9 does, and waits for it."""
        if self.is_alive():
            self._signal_group(signal.SIGKILL)
            self.wait(KILL_SECONDS)

    def stop(self) -> None:
        """Ends the command gracefully, and by force after its grace; idempotent."""
        if self._popen is None:
            return
        self.terminate()
        try:
            self.wait(self.spec.grace_seconds + KILL_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._release()

    def _opened(self, bond: int) -> subprocess.Popen[bytes]:
        command: list[str | os.PathLike[str]] = [
            sys.executable,
            "-I",
            "-S",
            BOND,
            str(bond),
            str(self.spec.grace_seconds),
            *self.spec.command,
        ]
        log = self.log.open("ab") if self.log else None
        try:
            return subprocess.Popen(  # noqa: S603 — the commands are our own, there is no shell
                command,
                env={**os.environ, **self.spec.environment},
                cwd=self.spec.directory,
                stdin=subprocess.DEVNULL,
                stdout=log or subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(bond,),
                process_group=0,
                bufsize=0,
            )
        finally:
            if log:
                log.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._popen is None:
            raise RuntimeError(f"{self.spec.name} has not been started")
        return self._popen

    def _sweep(self) -> None:
        self._signal_group(signal.SIGKILL)
        if self._bond is not None:
            os.close(self._bond)
            self._bond = None

    def _signal_group(self, number: signal.Signals) -> None:
        # macOS answers EPERM instead of ESRCH for a group of which only a zombie is left.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._running().pid, number)

    def _release(self) -> None:
        if self._popen is not None and self._popen.stdout is not None:
            self._popen.stdout.close()
