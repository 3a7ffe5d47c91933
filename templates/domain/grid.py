"""The grid of a batch: which cells there are, which of them run, and why the others don't."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from templates.domain.inputs import Language

MAX_ITEMS = 10_000
"""The most items of one batch."""


class DocumentState(StrEnum):
    """What there is in a cell already."""

    MISSING = "missing"
    FRESH = "fresh"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Cell:
    """One document that could be made. ``source_language`` differs from ``language`` for a translation."""

    project_id: UUID
    content_template_id: UUID
    language: Language
    source_language: Language


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """A cell of a batch. ``skip_reason`` is empty for one that runs, else the state that made it unnecessary."""

    cell: Cell
    skip_reason: str = ""

    @property
    def runs(self) -> bool:
        return not self.skip_reason


def cells(
    projects: Sequence[UUID], templates: Sequence[UUID], languages: Sequence[Language], *, translated: bool
) -> Iterator[Cell]:
    """All cells. With ``translated`` the first language is written and the others are translated from it.

    Sources come before their translations, so that a batch meets them in an order in which it can go on.
    """
    source = languages[0]
    passes: Iterable[Sequence[Language]] = (
        [[language] for language in languages] if translated else [languages]
    )
    for some_languages in passes:
        for project in projects:
            for template in templates:
                for language in some_languages:
                    yield Cell(project, template, language, source if translated else language)


def plan(
    grid: Iterable[Cell],
    states: Mapping[tuple[UUID, UUID, Language], DocumentState],
    *,
    skip_existing: bool,
    only_stale: bool,
    limit: int | None,
) -> list[PlannedItem]:
    """Decide for each cell whether it runs.

    ``only_stale`` runs exactly the stale ones. Otherwise missing ones run, and existing ones only without
    ``skip_existing``. ``limit`` ends the plan after that many cells that run.
    """
    items: list[PlannedItem] = []
    running = 0
    for cell in grid:
        state = states.get((cell.project_id, cell.content_template_id, cell.language), DocumentState.MISSING)
        if only_stale:
            runs = state is DocumentState.STALE
        else:
            runs = state is DocumentState.MISSING or not skip_existing
        if runs and limit is not None and running == limit:
            break
        running += runs
        items.append(PlannedItem(cell, "" if runs else state.value))
    return items
