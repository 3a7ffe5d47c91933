"""Files of conversations are read in a process of their own, with limits on time and memory: a hostile one ends that
process and nothing else, and a long one holds up nobody."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import BinaryIO

import msgspec
from django.conf import settings

from conversations.domain.imports.convert import Line
from conversations.errors import ImportUnreadableError

PROGRAM = "conversations.domain.imports.convert"
CHUNK = 1024 * 1024


@contextmanager
def import_lines(file: BinaryIO) -> Iterator[Iterator[Line]]:
    """What the file has, one item after the other as they are read; the rest is left alone at the end of the `with`."""
    with TemporaryFile() as copy:
        while chunk := file.read(CHUNK):
            copy.write(chunk)
        copy.seek(0)
        process = subprocess.Popen(  # noqa: S603 — our own program
            [sys.executable, "-m", PROGRAM],
            stdin=copy,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=settings.BASE_DIR,
        )
        with process:
            try:
                yield _lines(process)
            finally:
                process.kill()


def _lines(process: "subprocess.Popen[bytes]") -> Iterator[Line]:
    decode = msgspec.json.Decoder(Line).decode
    assert process.stdout is not None
    for line in process.stdout:
        yield decode(line)
    if process.wait():
        raise ImportUnreadableError
