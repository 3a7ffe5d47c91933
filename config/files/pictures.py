"""Pictures from strangers are decoded in a process of their own, with limits on time and memory: a hostile one ends
that process and nothing else."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from config.files.errors import PictureBrokenError, PictureTooLargeError
from config.programs.running import Limits, ProgramFailedError, program_run

DECODER = "config.files.decode"
SHRINKER = "config.files.shrink"
LIMITS = Limits(seconds=30, cpu_seconds=20, memory=1024**3)


def picture_size(file: BinaryIO, media_type: str, *, most_pixels: int) -> tuple[int, int]:
    """Width and height as the picture is shown, after all of it was decoded.

    Raises PictureTooLargeError (by what its header says, before a pixel is decoded), PictureBrokenError.
    """
    try:
        found = json.loads(program_run(DECODER, media_type, str(most_pixels), source=file, limits=LIMITS))
    except ProgramFailedError:
        raise PictureBrokenError from None
    if found.get("is_too_large"):
        raise PictureTooLargeError(width=found["width"], height=found["height"], limit=most_pixels)
    return found["width"], found["height"]


@dataclass(frozen=True, slots=True)
class SmallPicture:
    """A small copy of a picture, in WebP."""

    width: int
    height: int
    data: bytes


def picture_shrunk(source: bytes | BinaryIO, edges: Sequence[int]) -> dict[int, SmallPicture]:
    """Small copies of a picture that `picture_size` has seen, by their longest side; upright, in the colours of
    screens, and of an animation its first picture. Nothing is enlarged. Raises PictureBrokenError."""
    try:
        answer = program_run(SHRINKER, *map(str, edges), source=source, limits=LIMITS)
    except ProgramFailedError:
        raise PictureBrokenError from None
    facts, _, rest = answer.partition(b"\n")
    made = {}
    for edge, fact in zip(sorted(edges, reverse=True), json.loads(facts), strict=True):
        made[edge] = SmallPicture(fact["width"], fact["height"], rest[: fact["size"]])
        rest = rest[fact["size"] :]
    return made
