"""A text while it is written, as its rows tell it and as readers see it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol
from uuid import UUID

from generation.live import pieces
from generation.live.pieces import Piece


@dataclass(frozen=True, slots=True)
class LiveHead:
    """How far a text's row is: the attempt that writes it, and how many characters the row has."""

    attempt: int
    status: str
    is_over: bool
    characters: int


@dataclass(frozen=True, slots=True)
class LiveText:
    """What a text's row has. `is_rewritten`: it doesn't go on from what readers were shown first, so that those who
    come back read it from the beginning. `error` as rows keep errors, in both languages."""

    head: LiveHead
    text: str
    reasoning: str = ""
    is_rewritten: bool = False
    error: Mapping[str, Any] | None = None


class LiveSource(Protocol):
    """Where a product's texts stand. Called in threads."""

    def heads(self, ids: Collection[UUID]) -> Mapping[UUID, LiveHead]:
        """One query for all; what doesn't exist any more is left out."""

    def read(self, ids: Collection[UUID]) -> Mapping[UUID, LiveText]:
        """The same with the texts."""


@dataclass(slots=True)
class Grown:
    """A text that grows by pieces, and its reasoning."""

    text: str = ""
    reasoning: str = ""

    @property
    def cursor(self) -> pieces.Cursor:
        return len(self.text), len(self.reasoning)

    def add(self, piece: Piece) -> bool:
        """Go on by the piece; False when something is missing before it."""
        if piece.position > len(self.text) or piece.reasoning_position > len(self.reasoning):
            return False
        self.text += piece.text[len(self.text) - piece.position :]
        self.reasoning += piece.reasoning[len(self.reasoning) - piece.reasoning_position :]
        return True


def newest(id: UUID, found: LiveText) -> LiveText:
    """With what was shown to readers since the row was written, if that is known still."""
    if found.head.is_over:
        return found
    key, grown = (id, found.head.attempt), Grown(found.text, found.reasoning)
    for piece in pieces.read({key: grown.cursor}).get(key, ()):
        if not grown.add(piece):
            break
    return replace(found, text=grown.text, reasoning=grown.reasoning)
