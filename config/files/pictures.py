"""Pictures from strangers are decoded in a process of their own, with limits on time and memory: a hostile one ends
that process and nothing else."""

import json
import subprocess
import sys
import threading
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

import structlog

from config.files.errors import PictureBrokenError, PictureTooLargeError

PROGRAM = Path(__file__).with_name("decode.py")
#: The longest that decoding may take, in seconds by the clock; its processor time is limited in the program itself.
SECONDS = 30
#: So many at once in a process, however many threads ask: each may take some hundred megabytes.
_turns = threading.BoundedSemaphore(2)

log = structlog.get_logger(__name__)


def picture_size(file: BinaryIO, media_type: str, *, most_pixels: int) -> tuple[int, int]:
    """Width and height as the picture is shown, after all of it was decoded.

    Raises PictureTooLargeError (by what its header says, before a pixel is decoded), PictureBrokenError.
    """
    with TemporaryFile() as copy, _turns:
        file.seek(0)
        while chunk := file.read(1024 * 1024):
            copy.write(chunk)
        copy.seek(0)
        try:
            done = subprocess.run(  # noqa: S603 — our own program
                [sys.executable, "-I", str(PROGRAM), media_type, str(most_pixels)],
                stdin=copy,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            log.warning("picture.too_slow", media_type=media_type)
            raise PictureBrokenError from None
    found = json.loads(done.stdout) if done.returncode == 0 else {}
    if found.get("is_too_large"):
        raise PictureTooLargeError(width=found["width"], height=found["height"], limit=most_pixels)
    if not found:
        log.info("picture.broken", status=done.returncode, said=done.stderr[-300:].decode(errors="replace"))
        raise PictureBrokenError
    return found["width"], found["height"]
