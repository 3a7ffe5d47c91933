"""Prompts as files hold them: with all that belongs to them, and apart from any account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

#: What a file says it is.
FORMAT = "atelier-prompts"
FORMAT_VERSION = 1
#: Prompts of one file, and versions of one prompt in it.
MOST_RECORDS = 10_000
MOST_VERSIONS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRecord:
    """A text that the prompt had. `variables` as they are stored, or None where nobody has declared them."""

    content: str
    variables: Sequence[Mapping[str, Any]] | None = None
    restored_from: int | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptRecord:
    """One prompt. `place` is where it stands in its file, `fields` are the model's own, `tags` have their colours,
    `labels` the numbers of the versions that they point at."""

    place: str
    versions: Sequence[VersionRecord]
    id: UUID | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, int] = field(default_factory=dict)
