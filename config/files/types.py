"""Which types of files are taken. Each app registers in `AppConfig.ready` those that it can use; what a file is, its
content says."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from django.conf import settings

from config.registry import Registry

PNG, JPEG, WEBP, GIF = "image/png", "image/jpeg", "image/webp", "image/gif"
PICTURES = (PNG, JPEG, WEBP, GIF)
TEXT = "text/plain"
#: How much of a file's beginning its type is told by, in bytes.
HEAD = 64 * 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """What a type is told by: the first `HEAD` bytes, the size in bytes, whether all of it is text in UTF-8, and the
    file itself, wherever it was left."""

    head: bytes
    size: int
    is_text: bool
    file: BinaryIO


@dataclass(frozen=True, slots=True)
class FileType:
    """`is_it` says whether a file is one: of several that say so the first by name is taken, and text only where no
    other does. `limit` names the setting that has the largest size in bytes."""

    media_type: str
    is_it: Callable[[Sample], bool]
    limit: str

    @property
    def most_bytes(self) -> int:
        return int(getattr(settings, self.limit))


#: By media type.
TYPES: Registry[FileType] = Registry("type of files")


def register(one: FileType) -> None:
    TYPES.register(one.media_type, one)


def most_bytes() -> int:
    """The largest file of any type."""
    return max(one.most_bytes for one in TYPES.values())


def type_of(sample: Sample) -> FileType | None:
    """None for what nobody has registered."""
    in_turn = sorted(TYPES.values(), key=lambda one: one.media_type == TEXT)
    return next((one for one in in_turn if one.is_it(sample)), None)


def picture_type(head: bytes) -> str:
    """Which kind of picture begins so; empty for none of ours. `head` has 12 bytes or more."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    return GIF if head.startswith((b"GIF87a", b"GIF89a")) else ""


def _picture(media_type: str) -> FileType:
    return FileType(media_type, lambda sample: picture_type(sample.head) == media_type, "FILE_MAX_BYTES")


#: What every room has use for.
COMMON = (*map(_picture, PICTURES), FileType(TEXT, lambda sample: sample.is_text, "FILE_MAX_BYTES"))
