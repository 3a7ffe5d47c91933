"""Files on this machine's disk."""

import os
import secrets
from pathlib import Path
from typing import BinaryIO

from django.core.files.storage import FileSystemStorage

CHUNK = 1024 * 1024


class DiskStorage(FileSystemStorage):
    """A folder. It hands out no links of its own: files are sent from an address of ours (`config.files.sending`)."""

    def signed_url(self, key: str, *, seconds: int, media_type: str, disposition: str) -> None:
        """None: there is none."""
        return

    def put_url(self, key: str, *, seconds: int, size: int) -> None:
        """None: parts are taken at an address of ours, and written by `replace`."""
        return

    def replace(self, key: str, source: BinaryIO, *, size: int) -> None:
        """Write an object of this size, whole or not at all, in the place of what was there. Raises EOFError if the
        source has another size."""
        path = Path(self.path(key))
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        try:
            with unfinished.open("xb") as file:
                while chunk := source.read(CHUNK):
                    file.write(chunk)
                if file.tell() != size:
                    raise EOFError
            os.replace(unfinished, path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise

    def sizes(self, folder: str) -> dict[str, int]:
        """Of the objects in a folder, by their names in it."""
        try:
            with os.scandir(self.path(folder)) as found:
                return {one.name: one.stat().st_size for one in found}
        except FileNotFoundError:
            return {}
