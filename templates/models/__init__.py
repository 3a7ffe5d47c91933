"""Projects and content templates in, documents out, batches in between."""

from templates.models.batches import BatchItem, TemplateBatch
from templates.models.documents import Document, DocumentVersion
from templates.models.sources import Category, ContentTemplate, Project

__all__ = [
    "BatchItem",
    "Category",
    "ContentTemplate",
    "Document",
    "DocumentVersion",
    "Project",
    "TemplateBatch",
]
