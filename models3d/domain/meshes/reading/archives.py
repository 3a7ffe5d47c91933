"""ZIP archives of strangers. Nothing is unpacked to disk, and nothing is read before the whole directory was looked
at."""

import io
import stat
import zlib
from typing import NoReturn
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from models3d.domain.meshes.mesh import refuse

MOST_ENTRIES = 1000
MOST_DEPTH = 8
MOST_NAME = 240
#: Bytes of all entries together: a model of 100 MB in text and the pictures on it.
MOST_BYTES = 512 * 1024**2
#: How many bytes may become of one; small entries may be packed tighter. Coordinates in text don't reach 20.
MOST_RATIO, SMALL = 100, 1024**2
ENCRYPTED, UTF_8 = 0x1, 0x800


class Archive:
    """An archive whose directory was found harmless."""

    def __init__(self, data: bytes) -> None:
        try:
            self._zip = ZipFile(io.BytesIO(data))
        except (BadZipFile, ValueError, NotImplementedError, OSError):
            _unsafe("it is damaged, or packed in an unknown way")
        self._entries: dict[str, ZipInfo] = {}
        entries = self._zip.infolist()
        if len(entries) > MOST_ENTRIES:
            _unsafe("it holds too many files")
        for entry in entries:
            self._look_at(entry)
        if sum(entry.file_size for entry in entries) > MOST_BYTES:
            _unsafe("it would become too large")

    def _look_at(self, entry: ZipInfo) -> None:
        path = _name(entry)
        parts = path.rstrip("/").split("/")
        if outside(path) or len(path) > MOST_NAME:
            _unsafe("an entry's path leads out of it")
        if len(parts) > MOST_DEPTH:
            _unsafe("its folders are nested too deeply")
        mode = entry.external_attr >> 16
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            _unsafe("it holds a link or a device")
        if entry.flag_bits & ENCRYPTED:
            _unsafe("it is encrypted")
        if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            _unsafe("it is damaged, or packed in an unknown way")
        if entry.file_size > SMALL and entry.file_size > MOST_RATIO * max(entry.compress_size, 1):
            _unsafe("it is packed suspiciously tightly")
        if entry.is_dir():
            return
        if path.lower() in self._entries:
            _unsafe("two of its entries have the same name")
        self._entries[path.lower()] = entry

    def named(self, *endings: str) -> list[str]:
        """Paths that end so; what systems add of their own is left out."""
        return [
            path
            for path in self._entries
            if path.endswith(endings) and not path.startswith("__macosx/") and "/." not in f"/{path}"
        ]

    def find(self, path: str) -> str | None:
        """The entry of this path in whatever case, else the only one of its name in any folder."""
        wanted = path.replace("\\", "/").lower().removeprefix("./")
        if wanted in self._entries:
            return wanted
        name = wanted.rpartition("/")[2]
        same = [one for one in self._entries if one.rpartition("/")[2] == name]
        return same[0] if len(same) == 1 else None

    def read(self, path: str) -> bytes:
        """An entry's content, no longer than the directory says."""
        entry = self._entries[path]
        try:
            with self._zip.open(entry) as file:
                content = file.read(entry.file_size + 1)
        except (BadZipFile, zlib.error, ValueError, NotImplementedError, OSError, EOFError):
            _unsafe("it is damaged, or packed in an unknown way")
        if len(content) > entry.file_size:
            _unsafe("it would become too large")
        return content


def outside(path: str) -> bool:
    """Whether a path that a file names leads out of its archive."""
    path = path.replace("\\", "/")
    return path.startswith("/") or ":" in path or ".." in path.split("/")


def _name(entry: ZipInfo) -> str:
    """An entry's path as it was meant: without a mark for UTF-8 many Chinese systems write their own."""
    name = entry.filename
    if not entry.flag_bits & UTF_8:
        raw = name.encode("cp437", errors="replace")
        for encoding in ("utf-8", "gb18030"):
            try:
                name = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    return name.replace("\\", "/")


def is_zip(data: bytes) -> bool:
    return data.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def _unsafe(problem: str) -> NoReturn:
    refuse("ARCHIVE_UNSAFE", problem=problem)
