"""The document factory in the admin: its sources are edited, its documents are read, its batches steered."""

from templates.admin.batches import BatchItemAdmin, TemplateBatchAdmin
from templates.admin.documents import DocumentAdmin, DocumentVersionAdmin
from templates.admin.sources import CategoryAdmin, ContentTemplateAdmin, ProjectAdmin

__all__ = [
    "BatchItemAdmin",
    "CategoryAdmin",
    "ContentTemplateAdmin",
    "DocumentAdmin",
    "DocumentVersionAdmin",
    "ProjectAdmin",
    "TemplateBatchAdmin",
]
