"""What a batch would do: the grid, and which of its cells run. Nothing here writes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from config.errors import AppError
from generation.domain.origins import is_small_model
from generation.domain.states import ACTIVE
from generation.jobs.routes import routes_for
from templates.domain.grid import (
    MAX_CELLS,
    MAX_ITEMS,
    CellKey,
    DocumentState,
    Existing,
    PlannedItem,
    cells,
    plan,
)
from templates.domain.inputs import Language, language_of
from templates.errors import (
    BatchTooLargeError,
    CategoryUnknownError,
    ProjectUnknownError,
    TemplateUnknownError,
)
from templates.models import BatchItem, Category, ContentTemplate, Document, Project
from templates.models.documents import PERSON, STALE, WRITTEN_OVER


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """What a batch is asked to make.

    What a person wrote is written over only with `overwrite_edited`. `translated` writes the first language and
    translates it into the others. `limit` counts items that run. `demo_mode` lets the sandbox answer whatever is
    configured. `model` is a name of the catalogue or of an own key; empty: the preferred one.
    `small_model_may_replace`: the small local model, too, writes over what others wrote. `concurrency` is how many
    items run at once.
    """

    languages: tuple[Language, ...] = ("zh", "en")
    project_ids: tuple[UUID, ...] = ()
    template_codes: tuple[str, ...] = ()
    category_code: str = ""
    limit: int | None = None
    skip_existing: bool = True
    only_stale: bool = False
    overwrite_edited: bool = False
    translated: bool = False
    demo_mode: bool = False
    model: str = ""
    small_model_may_replace: bool = False
    concurrency: int = 0


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """What a batch would do: its items, and the rows that they are made from."""

    items: list[PlannedItem]
    projects: list[Project]
    templates: list[ContentTemplate]

    @property
    def to_run(self) -> list[PlannedItem]:
        return [item for item in self.items if item.runs]

    @property
    def skipped(self) -> dict[str, int]:
        """Items that don't run, counted by reason."""
        return dict(Counter(item.skip_reason for item in self.items if not item.runs))


def batch_plan(*, owner_id: UUID, options: BatchOptions) -> BatchPlan:
    """Lay the grid out and decide what runs. Reads only.

    Raises `CategoryUnknownError`, `TemplateUnknownError`, `ProjectUnknownError`, and `BatchTooLargeError` for an empty
    grid and for more than 10,000 items that would run.
    """
    projects = _projects(owner_id, options.project_ids)
    templates = _templates(owner_id, options.category_code, options.template_codes)
    total = len(projects) * len(templates) * len(options.languages)
    if not 1 <= total <= MAX_CELLS:
        raise BatchTooLargeError(total=total, limit=MAX_ITEMS)
    grid = cells(
        [p.pk for p in projects], [t.pk for t in templates], options.languages, translated=options.translated
    )
    items = plan(
        grid,
        _states(owner_id, projects, templates),
        skip_existing=options.skip_existing,
        only_stale=options.only_stale,
        overwrite_edited=options.overwrite_edited,
        keep_better=not options.small_model_may_replace and _only_small_models(owner_id, options),
        limit=options.limit,
    )
    if len(items) > MAX_ITEMS:
        raise BatchTooLargeError(total=total, limit=MAX_ITEMS)
    return BatchPlan(items, projects, templates)


def _only_small_models(owner_id: UUID, options: BatchOptions) -> bool:
    """Whether nobody but the small local model could write. What can't be called at all, the quote complains of."""
    try:
        routes = routes_for(owner_id, model=options.model or None, is_test=options.demo_mode)
    except AppError:
        return False
    return all(is_small_model(route.provider) for route in routes)


def _projects(owner_id: UUID, ids: Sequence[UUID]) -> list[Project]:
    projects = Project.objects.owned_by(owner_id).order_by("created_at", "id")
    if ids:
        projects = projects.filter(pk__in=ids)
    found = list(projects[: MAX_ITEMS + 1])
    missing = set(ids) - {project.pk for project in found}
    if missing:
        raise ProjectUnknownError(project=str(sorted(missing, key=str)[0]))
    return found


def _templates(owner_id: UUID, category_code: str, codes: Sequence[str]) -> list[ContentTemplate]:
    templates = ContentTemplate.objects.visible_to(owner_id).runnable().select_related("category")
    templates = templates.order_by("category__order", "order", "id")
    if category_code:
        if not Category.objects.filter(code=category_code, is_shown=True).exists():
            raise CategoryUnknownError(category_code=category_code)
        templates = templates.filter(category__code=category_code)
    if codes:
        templates = templates.filter(code__in=codes)
    found = list(templates[: MAX_ITEMS + 1])
    missing = set(codes) - {template.code for template in found}
    if missing:
        raise TemplateUnknownError(template_code=sorted(missing)[0])
    return found


def _states(
    owner_id: UUID, projects: Sequence[Project], templates: Sequence[ContentTemplate]
) -> dict[CellKey, Existing]:
    """What there is already, and what an unfinished batch is going to write.

    The unfinished is read first: a document that is finished between the two reads is then in both of them, and in the
    other order it would be in neither and be bought again.
    """
    cell = ("project_id", "content_template_id", "language")
    which = {"project__in": [p.pk for p in projects], "content_template__in": [t.pk for t in templates]}
    unfinished = {"batch__job__status__in": ACTIVE, "batch__job__cancel_requested_at": None}
    items = BatchItem.objects.filter(batch__owner_id=owner_id, **unfinished, job__status__in=ACTIVE)
    pending = list(items.values_list(*cell))
    documents = Document.objects.owned_by(owner_id).annotate(is_stale=STALE).filter(**which).order_by()
    states = {
        (project, template, language_of(language)): Existing(
            DocumentState.STALE if is_stale else DocumentState.FRESH,
            language_of(source),
            is_edited=provider == PERSON,
            is_better=provider not in WRITTEN_OVER,
        )
        for project, template, language, source, is_stale, provider in documents.values_list(
            *cell, "source_language", "is_stale", "provider"
        ).iterator(chunk_size=2000)
    }
    for project, template, language in pending:
        states[project, template, language_of(language)] = Existing(
            DocumentState.PENDING, language_of(language)
        )
    return states
