"""Writes of the document factory."""

from templates.services.batches import batch_cancel, batch_create, batch_pause, batch_resume, batch_retry
from templates.services.catalogue import catalogue_init
from templates.services.documents import document_delete, document_store, document_update
from templates.services.sources import (
    content_template_create,
    content_template_delete,
    content_template_update,
    project_create,
    project_delete,
    project_update,
    projects_import,
)

__all__ = [
    "batch_cancel",
    "batch_create",
    "batch_pause",
    "batch_resume",
    "batch_retry",
    "catalogue_init",
    "content_template_create",
    "content_template_delete",
    "content_template_update",
    "document_delete",
    "document_store",
    "document_update",
    "project_create",
    "project_delete",
    "project_update",
    "projects_import",
]
