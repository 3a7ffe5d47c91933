"""Spelling out what a prompt includes."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from prompts.domain.limits import INCLUDE_DEPTH, INCLUDES, RENDERED
from prompts.domain.placeholders import Include, Part, Variable
from prompts.domain.variables import Declaration
from prompts.errors import IncludeCycleError, IncludeLimitError, RenderedTooLongError


@dataclass(frozen=True, slots=True)
class Source:
    """One version of a prompt, cut into its parts."""

    prompt_id: UUID
    folder: str
    title: str
    version: int
    parts: tuple[Part, ...]
    variables: tuple[Declaration, ...] = ()

    def __str__(self) -> str:
        return f"{self.folder}/{self.title}" if self.folder else self.title


@dataclass(frozen=True, slots=True)
class _Spelled:
    parts: tuple[str | Variable, ...]
    length: int
    #: How many levels of includes are in it.
    depth: int


def spelled_out(root: Source, included: Mapping[Include, Source]) -> tuple[str | Variable, ...]:
    """The prompt's text with the texts of all that it includes in their places.

    Each is spelled out once, however often it is included. Raises `IncludeCycleError`, `IncludeLimitError`,
    `RenderedTooLongError`.
    """
    return _Speller(included).spelled(root, ()).parts


class _Speller:
    def __init__(self, included: Mapping[Include, Source]) -> None:
        self.included = included
        self.known: dict[Include, _Spelled] = {}

    def spelled(self, source: Source, above: tuple[Source, ...]) -> _Spelled:
        trail = (*above, source)
        parts: list[str | Variable] = []
        length = depth = 0
        for part in source.parts:
            if isinstance(part, Include):
                inner = self._inner(part, trail)
                parts += inner.parts
                length += inner.length
                depth = max(depth, inner.depth + 1)
            else:
                parts.append(part)
                length += len(part) if isinstance(part, str) else len(part.name)
            if length > RENDERED:
                raise RenderedTooLongError(longest=RENDERED)
        return _Spelled(tuple(parts), length, depth)

    def _inner(self, include: Include, trail: tuple[Source, ...]) -> _Spelled:
        source = self.included[include]
        if any(source.prompt_id == one.prompt_id for one in trail):
            raise IncludeCycleError(path=" → ".join(map(str, (*trail, source))))
        if len(trail) > INCLUDE_DEPTH:
            raise IncludeLimitError(most=INCLUDES, depth=INCLUDE_DEPTH)
        if include not in self.known:
            self.known[include] = self.spelled(source, trail)
        if len(trail) + self.known[include].depth > INCLUDE_DEPTH:
            raise IncludeLimitError(most=INCLUDES, depth=INCLUDE_DEPTH)
        return self.known[include]


def declarations(root: Source, included: Mapping[Include, Source], names: list[str]) -> list[Declaration]:
    """What may stand for these names: as the prompt itself declares it, else as one that it includes does, else a
    required text. What says no more than that gives way to what does."""
    found: dict[str, Declaration] = {}
    for source in (root, *included.values()):
        for one in source.variables:
            if found.get(one.name, Declaration(one.name)) == Declaration(one.name):
                found[one.name] = one
    return [found.get(name, Declaration(name)) for name in names]
