"""Who may see what of the document factory.

The selectors that lists and details are made of are stable in shape (see `config.api.lists.spec.Source`): they hand
their parameters to the ORM and look at nothing else.
"""

from uuid import UUID

from django.db.models import QuerySet

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


def document_get_for(owner_id: UUID, document_id: UUID) -> QuerySet[Document]:
    return Document.objects.owned_by(owner_id).filter(pk=document_id)


def document_version_list_for(owner_id: UUID, document_id: UUID) -> QuerySet[DocumentVersion]:
    return DocumentVersion.objects.filter(document__owner_id=owner_id, document_id=document_id)


def document_export_for(
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


def project_get_for(owner_id: UUID, project_id: UUID) -> QuerySet[Project]:
    return Project.objects.owned_by(owner_id).filter(pk=project_id)


def category_list() -> QuerySet[Category]:
    """The shelves that are offered to everybody."""
    return Category.objects.filter(is_shown=True)


def content_template_list_for(owner_id: UUID) -> QuerySet[ContentTemplate]:
    """The shared library and one's own."""
    return ContentTemplate.objects.visible_to(owner_id)


def content_template_get_for(owner_id: UUID, content_template_id: UUID) -> QuerySet[ContentTemplate]:
    return ContentTemplate.objects.visible_to(owner_id).filter(pk=content_template_id)


def batch_list_for(owner_id: UUID) -> QuerySet[TemplateBatch]:
    return TemplateBatch.objects.owned_by(owner_id)


def batch_get_for(owner_id: UUID, batch_id: UUID) -> QuerySet[TemplateBatch]:
    return TemplateBatch.objects.owned_by(owner_id).filter(pk=batch_id)


def batch_item_list_for(owner_id: UUID, batch_id: UUID) -> QuerySet[BatchItem]:
    return BatchItem.objects.filter(batch__owner_id=owner_id, batch_id=batch_id)
