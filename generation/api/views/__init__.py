"""Endpoints of jobs, their events, the queues, the catalogue of models, and usage."""

from generation.api.views.catalogue import CatalogueApi
from generation.api.views.events import JobEventListApi
from generation.api.views.jobs import JobApi, JobCancelApi, JobListApi, JobRetryApi
from generation.api.views.queues import QueueClearApi, QueueStatusApi
from generation.api.views.usage import UsageApi, UsageBudgetApi, UsageCallListApi

__all__ = [
    "CatalogueApi",
    "JobApi",
    "JobCancelApi",
    "JobEventListApi",
    "JobListApi",
    "JobRetryApi",
    "QueueClearApi",
    "QueueStatusApi",
    "UsageApi",
    "UsageBudgetApi",
    "UsageCallListApi",
]
