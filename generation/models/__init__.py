"""Jobs and their events, paid calls, the catalogue of models, files, uploads, image requests, workers' heartbeats."""

from generation.models.calls import ProviderCall
from generation.models.catalogue import CatalogueModel, ModelPrice
from generation.models.files import StoredFile, Thumbnail
from generation.models.jobs import Job, JobEvent
from generation.models.requests import ImageRequest, RequestImage
from generation.models.uploads import Upload
from generation.models.workers import WorkerHeartbeat

__all__ = [
    "CatalogueModel",
    "ImageRequest",
    "Job",
    "JobEvent",
    "ModelPrice",
    "ProviderCall",
    "RequestImage",
    "StoredFile",
    "Thumbnail",
    "Upload",
    "WorkerHeartbeat",
]
