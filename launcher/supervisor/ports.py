"""Whether a TCP port on loopback is free, and which process holds it otherwise."""

from __future__ import annotations

import http.client
import shutil
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

LOOPBACK = "127.0.0.1"
LISTENING = "0A"  # net/tcp_states.h, as /proc/net/tcp writes it
SHOWN_CHARACTERS = 80


def is_free(port: int) -> bool:
    """True when a server could listen on the port now; connections that are still closing don't count."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def next_free(port: int) -> int:
    """The first free port after `port`."""
    return next(
        (candidate for candidate in range(port + 1, min(port + 100, 65536)) if is_free(candidate)),
        free_port(),
    )


def holder(port: int) -> str:
    """The process that listens on the port, as far as this user may see it; empty when that can't be told."""
    if Path("/proc/net/tcp").exists():
        return _holder_by_proc(port)
    return _holder_by_lsof(port)


def _holder_by_proc(port: int) -> str:
    inodes = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        with suppress(OSError):
            rows = [line.split() for line in table.read_text().splitlines()[1:]]
            inodes |= {
                row[9] for row in rows if row[3] == LISTENING and int(row[1].rpartition(":")[2], 16) == port
            }
    sockets = {f"socket:[{inode}]" for inode in inodes}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if any(str(link.readlink()) in sockets for link in (process / "fd").iterdir()):
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                return f"process {process.name} ({command.strip()[:SHOWN_CHARACTERS]})"
    return ""


def _holder_by_lsof(port: int) -> str:
    lsof = shutil.which("lsof")
    if lsof is None:
        return ""
    arguments = [lsof, "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"]
    with suppress(OSError, subprocess.TimeoutExpired):
        found = subprocess.run(arguments, capture_output=True, text=True, timeout=5, check=False)  # noqa: S603
        fields = {line[0]: line[1:] for line in found.stdout.splitlines() if line}
        if "p" in fields:
            return f"process {fields['p']} ({fields.get('c', '?')})"
    return ""


def answers(port: int, path: str) -> bool:
    """Whether the server on this machine answers `path` with 200 now."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
