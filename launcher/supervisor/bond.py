"""Runs one command whose life is bound to the process that started it. Stands alone: `python bond.py`.

    python bond.py FD GRACE COMMAND [ARGUMENT...]

FD is the reading end of a pipe whose writing end only the parent holds. The end of that pipe is the end of
the parent, by whatever cause, kill -9 included, on Linux and on macOS. Then, as on SIGTERM, the command gets
SIGTERM and GRACE seconds, after which it is killed. Exits with the command's code, 128 + n for signal n, or
127 when the command can't be started.

Expects to be the leader of its own process group. When the parent is gone it ends by killing that group, so
that the command's own children go too; otherwise this is left to the parent.
"""

import ctypes
import os
import select
import signal
import sys
import time

PR_SET_PDEATHSIG = 1  # linux/prctl.h
CANNOT_START = 127
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main(bond: int, grace: float, command: list[str]) -> int:
    os.set_inheritable(bond, False)
    wake = wake_pipe()
    pid = spawn(command)
    deadline: float | None = None
    watched = [bond, wake]
    while (code := exit_code(pid)) is None:
        if deadline is not None and time.monotonic() >= deadline:
            os.kill(pid, signal.SIGKILL)
            deadline = None
        timeout = None if deadline is None else max(0.0, deadline - time.monotonic())
        readable, _, _ = select.select(watched, [], [], timeout)
        must_stop = bond in readable or (wake in readable and stop_asked(wake))
        if bond in readable:
            watched.remove(bond)
        if must_stop and deadline is None:
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + grace
    if bond not in watched:
        os.killpg(0, signal.SIGKILL)
    return code


def wake_pipe() -> int:
    """A file descriptor that delivers the numbers of arriving signals, so that `select` can wait for them."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, *STOP_SIGNALS):
        signal.signal(number, lambda *_: None)
    return reading


def stop_asked(wake: int) -> bool:
    return any(number in STOP_SIGNALS for number in os.read(wake, 512))


def spawn(command: list[str]) -> int:
    """Starts the command. On Linux it also dies with this process, should somebody kill that."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    own = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGPIPE, signal.SIGCHLD, *STOP_SIGNALS):
            signal.signal(number, signal.SIG_DFL)
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == own:
            os.execvp(command[0], command)  # noqa: S606 — the command is the supervisor's own, there is no shell
    except OSError as error:
        sys.stderr.write(f"{command[0]} can't be started: {error.strerror}\n")
        sys.stderr.flush()
    finally:
        os._exit(CANNOT_START)


def exit_code(pid: int) -> int | None:
    """The code of the ended command, None while it runs."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    if not ended:
        return None
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]))
