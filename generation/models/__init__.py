"""Jobs and their events, the ledger of paid calls, and the workers' heartbeats."""

from generation.models.calls import ProviderCall
from generation.models.jobs import Job, JobEvent
from generation.models.workers import WorkerHeartbeat

__all__ = ["Job", "JobEvent", "ProviderCall", "WorkerHeartbeat"]
