"""Endpoints of jobs, their events, the queues, and the catalogue of models."""

from generation.api.views.catalogue import CatalogueApi
from generation.api.views.events import JobEventListApi
from generation.api.views.jobs import JobApi, JobCancelApi, JobListApi, JobRetryApi
from generation.api.views.queues import QueueClearApi, QueueStatusApi

__all__ = [
    "CatalogueApi",
    "JobApi",
    "JobCancelApi",
    "JobEventListApi",
    "JobListApi",
    "JobRetryApi",
    "QueueClearApi",
    "QueueStatusApi",
]
