"""Jobs and their events, the ledger of paid calls, the catalogue of models, files, and the workers' heartbeats."""

from generation.models.calls import ProviderCall
from generation.models.catalogue import CatalogueModel, ModelPrice
from generation.models.files import StoredFile, Thumbnail
from generation.models.jobs import Job, JobEvent
from generation.models.workers import WorkerHeartbeat

__all__ = [
    "CatalogueModel",
    "Job",
    "JobEvent",
    "ModelPrice",
    "ProviderCall",
    "StoredFile",
    "Thumbnail",
    "WorkerHeartbeat",
]
