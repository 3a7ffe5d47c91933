"""What a file is, by its content: neither its name nor what a client declares counts."""

import codecs
import hashlib
from dataclasses import dataclass
from typing import BinaryIO

from config.files.errors import FileEmptyError, FileTooLargeError, FileTypeRefusedError
from config.files.pictures import picture_size
from config.files.types import HEAD, PICTURES, TYPES, Sample, type_of

#: Control characters that a text may have.
BLANKS = frozenset("\t\n\v\f\r\x1b")


@dataclass(frozen=True, slots=True)
class Content:
    """A file's facts. `size` is in bytes; `width` and `height`, as it is shown, are those of pictures only."""

    media_type: str
    size: int
    sha256: str
    width: int | None = None
    height: int | None = None


def content_of(file: BinaryIO, *, most_bytes: int, most_pixels: int) -> Content:
    """Read the whole file and find out what it is; it is left at its beginning.

    Raises FileEmptyError, FileTooLargeError (as soon as it is, or is larger than its type may be),
    FileTypeRefusedError, PictureBrokenError, PictureTooLargeError.
    """
    digest, size, head, text = hashlib.sha256(), 0, b"", Text()
    file.seek(0)
    while chunk := file.read(HEAD):
        size += len(chunk)
        if size > most_bytes:
            raise FileTooLargeError(limit=most_bytes)
        head = head or chunk
        digest.update(chunk)
        text.read(chunk)
    if not size:
        raise FileEmptyError
    kind = type_of(Sample(head, size, text.is_complete(), file))
    if kind is None:
        raise FileTypeRefusedError(types=", ".join(TYPES))
    if size > kind.most_bytes:
        raise FileTooLargeError(limit=kind.most_bytes)
    width = height = None
    if kind.media_type in PICTURES:
        width, height = picture_size(file, kind.media_type, most_pixels=most_pixels)
    file.seek(0)
    return Content(kind.media_type, size, digest.hexdigest(), width, height)


class Text:
    """Whether what is read piece by piece is a text: UTF-8 without control characters that no text has."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._is_text = True

    def read(self, chunk: bytes, *, is_last: bool = False) -> None:
        if not self._is_text:
            return
        try:
            found = self._decoder.decode(chunk, final=is_last)
        except UnicodeDecodeError:
            self._is_text = False
        else:
            self._is_text = all(one >= " " or one in BLANKS for one in set(found))

    def is_complete(self) -> bool:
        """At the end: the last character isn't cut off either."""
        self.read(b"", is_last=True)
        return self._is_text
