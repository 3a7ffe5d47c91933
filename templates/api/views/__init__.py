"""Endpoints of the document factory."""

from templates.api.views.batches import (
    BatchActionApi,
    BatchApi,
    BatchGenerateApi,
    BatchItemListApi,
    BatchListApi,
)
from templates.api.views.documents import (
    DocumentApi,
    DocumentExportApi,
    DocumentListApi,
    DocumentVersionListApi,
)
from templates.api.views.sources import (
    CategoryListApi,
    ContentTemplateApi,
    ContentTemplateCreateApi,
    ContentTemplateListApi,
    ProjectApi,
    ProjectListApi,
)

__all__ = [
    "BatchActionApi",
    "BatchApi",
    "BatchGenerateApi",
    "BatchItemListApi",
    "BatchListApi",
    "CategoryListApi",
    "ContentTemplateApi",
    "ContentTemplateCreateApi",
    "ContentTemplateListApi",
    "DocumentApi",
    "DocumentExportApi",
    "DocumentListApi",
    "DocumentVersionListApi",
    "ProjectApi",
    "ProjectListApi",
]
