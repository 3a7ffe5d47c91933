"""The engine room in the admin: looked at, and steered through services."""

from generation.admin.calls import ProviderCallAdmin
from generation.admin.catalogue import CatalogueModelAdmin, ModelPriceAdmin
from generation.admin.files import StoredFileAdmin, ThumbnailAdmin
from generation.admin.jobs import JobAdmin, JobEventAdmin
from generation.admin.requests import ImageRequestAdmin, RequestImageAdmin
from generation.admin.uploads import UploadAdmin
from generation.admin.workers import WorkerHeartbeatAdmin

__all__ = [
    "CatalogueModelAdmin",
    "ImageRequestAdmin",
    "JobAdmin",
    "JobEventAdmin",
    "ModelPriceAdmin",
    "ProviderCallAdmin",
    "RequestImageAdmin",
    "StoredFileAdmin",
    "ThumbnailAdmin",
    "UploadAdmin",
    "WorkerHeartbeatAdmin",
]
