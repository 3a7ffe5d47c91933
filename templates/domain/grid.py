"""The grid of a batch: which cells there are, which of them run, and why the others don't."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from templates.domain.inputs import Language

MAX_ITEMS = 10_000
"""The most items of one batch."""
MAX_CELLS = 500_000
"""The most cells that are looked at to find a batch's items."""


class DocumentState(StrEnum):
    """What there is in a cell already."""

    MISSING = "missing"
    FRESH = "fresh"
    STALE = "stale"
    #: A person wrote it.
    EDITED = "edited"
    #: An unfinished batch is going to write it.
    PENDING = "pending"
    #: A larger model or a person wrote it, and only the small local model could be asked.
    BETTER = "better"


@dataclass(frozen=True, slots=True)
class Existing:
    """What there is in a cell, the language that it was made from, and whether a person, or a person or a larger model
    than the small local one wrote it."""

    state: DocumentState
    source_language: Language
    is_edited: bool = False
    is_better: bool = False


CellKey = tuple[UUID, UUID, Language]


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
    states: Mapping[CellKey, Existing],
    *,
    skip_existing: bool,
    only_stale: bool,
    overwrite_edited: bool = False,
    keep_better: bool = False,
    limit: int | None,
) -> list[PlannedItem]:
    """Decide for each cell whether it runs.

    ``only_stale`` runs exactly the stale ones, each made from the language that it was made from before. Otherwise
    missing ones run, and existing ones only without ``skip_existing``; what a person wrote, only with
    ``overwrite_edited`` besides; with ``keep_better`` nothing that the small local model would write worse. What an
    unfinished batch is going to write doesn't run, nor a translation of it. ``limit`` ends the plan after that many
    cells that run. Skipped cells are listed as far as there is room for them among MAX_ITEMS; more than MAX_ITEMS that
    run are the caller's to refuse.
    """
    items: list[PlannedItem] = []
    running = 0
    for cell in grid:
        item = _planned(cell, states, skip_existing=skip_existing, only_stale=only_stale)
        if item.runs:
            kept = _kept(cell, states, overwrite_edited=overwrite_edited, keep_better=keep_better)
            item = PlannedItem(cell, kept) if kept else item
        if item.runs:
            if running == (MAX_ITEMS + 1 if limit is None else limit):
                break
            running += 1
        elif len(items) - running >= MAX_ITEMS:
            continue
        items.append(item)
    if only_stale:
        # Sources first, as in `cells`.
        items.sort(key=lambda item: item.cell.language != item.cell.source_language)
    return _fitting(items, room=max(0, MAX_ITEMS - running))


def _planned(
    cell: Cell, states: Mapping[CellKey, Existing], *, skip_existing: bool, only_stale: bool
) -> PlannedItem:
    there = states.get((cell.project_id, cell.content_template_id, cell.language))
    source = states.get((cell.project_id, cell.content_template_id, cell.source_language))
    if DocumentState.PENDING in {there and there.state, source and source.state}:
        return PlannedItem(cell, DocumentState.PENDING)
    if there is None:
        return PlannedItem(cell, DocumentState.MISSING if only_stale else "")
    if only_stale and there.state is DocumentState.STALE:
        is_native = cell.language == cell.source_language
        return PlannedItem(replace(cell, source_language=there.source_language) if is_native else cell)
    return PlannedItem(cell, there.state if only_stale or skip_existing else "")


def _kept(
    cell: Cell, states: Mapping[CellKey, Existing], *, overwrite_edited: bool, keep_better: bool
) -> str:
    """Why the document in a cell isn't written over, or nothing."""
    there = states.get((cell.project_id, cell.content_template_id, cell.language))
    if there is not None and there.is_edited and not overwrite_edited:
        return DocumentState.EDITED
    return DocumentState.BETTER if there is not None and there.is_better and keep_better else ""


def _fitting(items: Sequence[PlannedItem], *, room: int) -> list[PlannedItem]:
    """All that run, and so many of the others as there is room for."""
    kept = []
    for item in items:
        if not item.runs:
            if room == 0:
                continue
            room -= 1
        kept.append(item)
    return kept
