"""Who may see what of the document factory.

What ends in `_list_for` answers a QuerySet, `_get_for` a row (or raises), `_find_for` a row or None. The selectors
that views are made of are stable in shape (see `config.api.lists.spec.Source`): they hand their parameters to the ORM
and look at nothing else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import ngettext

from config.languages import Language as LanguageName
from config.sql.placeholders import Placeholder
from config.sql.statements import Select
from generation.models import Job
from templates.domain.inputs import PROJECT_TEXTS, TEMPLATE_TEXTS, Language, ProjectInput, TemplateInput
from templates.models import (
    BatchItem,
    Category,
    ContentTemplate,
    Document,
    DocumentVersion,
    Project,
    TemplateBatch,
)


def document_list_for(owner_id: UUID) -> QuerySet[Document]:
    return Document.objects.owned_by(owner_id)


def document_version_list_for(owner_id: UUID, document_id: UUID) -> QuerySet[DocumentVersion]:
    return DocumentVersion.objects.filter(document__owner_id=owner_id, document_id=document_id)


def document_export_list_for(
    owner_id: UUID,
    *,
    project_id: UUID | None = None,
    document_id: UUID | None = None,
    category_code: str | None = None,
    language: str | None = None,
) -> QuerySet[Document]:
    wanted = {
        "project_id": project_id,
        "pk": document_id,
        "content_template__category__code": category_code,
        "language": language,
    }
    return Document.objects.owned_by(owner_id).filter(**{k: v for k, v in wanted.items() if v is not None})


def project_list_for(owner_id: UUID) -> QuerySet[Project]:
    return Project.objects.owned_by(owner_id)


def category_list() -> QuerySet[Category]:
    """The shelves that are offered to everybody."""
    return Category.objects.filter(is_shown=True)


def content_template_list_for(owner_id: UUID) -> QuerySet[ContentTemplate]:
    """The shared library and one's own."""
    return ContentTemplate.objects.visible_to(owner_id)


def batch_list_for(owner_id: UUID) -> QuerySet[TemplateBatch]:
    return TemplateBatch.objects.owned_by(owner_id)


def batch_item_list_for(owner_id: UUID, batch_id: UUID) -> QuerySet[BatchItem]:
    return BatchItem.objects.filter(batch__owner_id=owner_id, batch_id=batch_id)


# -- what a document is made from: read for each item of a batch, so compiled once ---------------------------------

TEMPLATE_PATHS = [name.replace("category_code", "category__code") for name in TEMPLATE_TEXTS]
FINGERPRINTS = ("fingerprint_zh", "fingerprint_en")
OWNER = Placeholder("owner_id", models.UUIDField())
PK = Placeholder("pk", models.UUIDField())

_PROJECT = Select(
    lambda: Project.objects.filter(pk=PK, owner_id=OWNER).values_list(*PROJECT_TEXTS, *FINGERPRINTS)
)
_TEMPLATE = Select(
    lambda: (
        ContentTemplate.objects.visible_to(OWNER)
        .filter(pk=PK)
        .values_list(*TEMPLATE_PATHS, *FINGERPRINTS, "reads_both_languages")
    )
)


@dataclass(frozen=True, slots=True)
class Sources:
    """The texts of a project and a content template, and their fingerprints by language."""

    project: ProjectInput
    template: TemplateInput
    project_fingerprints: dict[Language, str]
    template_fingerprints: dict[Language, str]
    reads_both_languages: bool

    def project_fingerprint(self, language: Language) -> str:
        """What a fresh document carries; `templates.models.documents.STALE_CONDITION` says the same in SQL."""
        if self.reads_both_languages:
            return self.project_fingerprints["zh"] + self.project_fingerprints["en"]
        return self.project_fingerprints[language]


def sources_find_for(owner_id: UUID, *, project_id: UUID, content_template_id: UUID) -> Sources | None:
    """Both, by two small queries; None when one of them is gone or isn't the owner's to read."""
    projects = _PROJECT.fetch(pk=project_id, owner_id=owner_id)
    templates = _TEMPLATE.fetch(pk=content_template_id, owner_id=owner_id)
    if not (projects and templates):
        return None
    *project, project_zh, project_en = projects[0]
    *template, template_zh, template_en, reads_both = templates[0]
    return Sources(
        project=ProjectInput(**dict(zip(PROJECT_TEXTS, project, strict=True))),
        template=TemplateInput(**dict(zip(TEMPLATE_TEXTS, template, strict=True))),
        project_fingerprints={"zh": project_zh, "en": project_en},
        template_fingerprints={"zh": template_zh, "en": template_en},
        reads_both_languages=reads_both,
    )


# -- jobs, as people tell them apart -------------------------------------------------------------------------------

#: Projects, templates and jobs that a word finds; who means a certain one types more of it.
MOST_FOUND = 200


def document_job_titles(jobs: Sequence[Job]) -> dict[UUID, str]:
    """`Tide Radio · Product brief · 中文` for each job that writes a document."""
    projects = _names(Project, {job.input.get("project_id") for job in jobs})
    templates = _names(ContentTemplate, {job.input.get("content_template_id") for job in jobs})
    titles = {}
    for job in jobs:
        language = LanguageName(job.input["language"]).label if job.input.get("language") else ""
        parts = (
            projects.get(str(job.input.get("project_id"))),
            templates.get(str(job.input.get("content_template_id"))),
            language,
        )
        if any(parts[:2]):
            titles[job.pk] = " · ".join(str(part) for part in parts if part)
    return titles


def batch_job_titles(jobs: Sequence[Job]) -> dict[UUID, str]:
    """`Batch of 12 documents · 中文, English` for each job that is a batch."""
    batches = TemplateBatch.objects.filter(job__in=jobs).values_list("job_id", "total", "params")
    return {
        job_id: " · ".join(
            (
                ngettext("Batch of %(total)d document", "Batch of %(total)d documents", total)
                % {"total": total},
                ", ".join(str(LanguageName(one).label) for one in params.get("languages", ())),
            )
        )
        for job_id, total, params in batches
    }


def document_jobs_about(term: str) -> list[UUID]:
    """Jobs of the documents of projects and content templates whose code or name the word is in."""
    named = Q(code__iexact=term) | Q(name_zh__icontains=term) | Q(name_en__icontains=term)
    projects = list(Project.objects.filter(named).values_list("pk", flat=True)[:MOST_FOUND])
    templates = list(ContentTemplate.objects.filter(named).values_list("pk", flat=True)[:MOST_FOUND])
    if not projects and not templates:
        return []
    items = BatchItem.objects.exclude(job=None).order_by("-pk")
    found = items.filter(Q(project__in=projects) | Q(content_template__in=templates))
    return [job_id for job_id in found.values_list("job_id", flat=True)[:MOST_FOUND] if job_id]


def _names(model: type[Project | ContentTemplate], keys: Iterable[object]) -> dict[str, str]:
    rows = model._default_manager.filter(pk__in=[key for key in keys if key])
    return {str(row.pk): str(row) for row in rows.only("pk", "name_zh", "name_en")}
