"""Uploads in parts: their states, and which bytes of the file each part has."""

from enum import StrEnum
from uuid import UUID

from accounts.domain.files import owner_prefix


class UploadState(StrEnum):
    """`open → completed | aborted | expired`."""

    OPEN = "open"
    COMPLETED = "completed"
    ABORTED = "aborted"
    EXPIRED = "expired"


def upload_folders(owner_id: UUID) -> str:
    """The folder of an account in which each of its uploads has one."""
    return f"{owner_prefix(owner_id)}uploads/"


def part_sizes(size: int, part_bytes: int) -> dict[int, int]:
    """How many bytes each part has, by its number from 1: all as many, but for the last."""
    whole, rest = divmod(size, part_bytes)
    sizes = dict.fromkeys(range(1, whole + 1), part_bytes)
    return {**sizes, whole + 1: rest} if rest else sizes
