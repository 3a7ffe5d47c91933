"""The bytes of a source: JSON, or the JSON inside a ZIP. Nothing of it is ever whole in memory or on disk."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Protocol

from conversations.domain.imports.records import MOST_CHARACTERS, FileError, FileReason

#: Of JSON, unpacked.
LARGEST = 1024**3
MOST_ENTRIES = 20_000
MOST_PARTS = 200
#: The list of a ZIP's contents, which is read at once.
LARGEST_CONTENTS = 8 * 1024**2
CHUNK = 64 * 1024

_BOM = b"\xef\xbb\xbf"
_ZIP = b"PK\x03\x04"
_BACKSLASH = 0x5C
#: Large exports come in several files. Whoever packs a folder anew puts its name in front.
_NAME = re.compile(r"(?:[^/\\]+/){0,3}conversations(?:-\d{1,4})?\.json")


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class Json:
    """What the parser reads: at most `LARGEST` bytes, no text longer than a conversation may be.

    Raises `FileError`. `position` is how far it has come.
    """

    def __init__(self, source: Readable, before: int = 0) -> None:
        self._source = source
        self._before = before
        self._since_quote = 0
        self._is_escaped = False
        self.position = 0

    def read(self, size: int = -1) -> bytes:
        if size == 0:  # asked by the parser to see what kind of text it is
            return b""
        with _zip_errors():
            chunk = self._source.read(CHUNK)
        if not self.position:
            chunk = chunk.removeprefix(_BOM)
        self.position += len(chunk)
        if self._before + self.position > LARGEST:
            raise FileError(FileReason.TOO_LARGE, limit=LARGEST)
        self._refuse_endless_text(chunk)
        return chunk

    def _refuse_endless_text(self, chunk: bytes) -> None:
        """The parser keeps a text until it ends, so that one without an end would take all memory."""
        seen = (b"\\" if self._is_escaped else b"") + chunk
        last = _last_quote(seen)
        self._since_quote = self._since_quote + len(chunk) if last < 0 else len(seen) - last
        self._is_escaped = (len(seen) - len(seen.rstrip(b"\\"))) % 2 == 1
        if self._since_quote > MOST_CHARACTERS:
            raise FileError(FileReason.TOO_LARGE, limit=MOST_CHARACTERS)


def _last_quote(seen: bytes) -> int:
    """Where the last quote is that no backslash makes part of a text; -1 if there is none."""
    at = seen.rfind(b'"')
    while at >= 0:
        first = at
        while first and seen[first - 1] == _BACKSLASH:
            first -= 1
        if (at - first) % 2 == 0:
            break
        at = seen.rfind(b'"', 0, at)
    return at


class _Bounded:
    """A file of which no piece larger than the contents of a ZIP may be is read at once."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size if 0 <= size <= LARGEST_CONTENTS else LARGEST_CONTENTS + 1)
        if len(data) > LARGEST_CONTENTS:
            raise FileError(FileReason.TOO_LARGE, limit=LARGEST_CONTENTS)
        return data


def json_parts(file: IO[bytes]) -> Iterator[Json]:
    """The JSON of a file: itself, or what a ZIP has of it. Raises `FileError`."""
    begin = file.read(len(_ZIP))
    file.seek(0)
    if begin != _ZIP:
        yield Json(file)
        return
    with _zip_errors(), zipfile.ZipFile(_Bounded(file)) as archive:  # type: ignore[arg-type]
        entries = archive.infolist()
        if len(entries) > MOST_ENTRIES:
            raise FileError(FileReason.TOO_LARGE, limit=MOST_ENTRIES)
        parts = sorted(
            (one for one in entries if _NAME.fullmatch(one.filename)), key=lambda one: one.filename
        )
        if not parts:
            raise FileError(FileReason.ZIP, problem="it has no conversations.json")
        if len(parts) > MOST_PARTS:
            raise FileError(FileReason.TOO_LARGE, limit=MOST_PARTS)
        before = 0
        for part in parts:
            if part.flag_bits & 1:
                raise FileError(FileReason.ZIP, problem="it is encrypted")
            with archive.open(part) as unpacked:
                json = Json(unpacked, before)
                yield json
            before += json.position


@contextmanager
def _zip_errors() -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OverflowError, ValueError):
        raise FileError(FileReason.ZIP, problem="it is damaged") from None
