"""Endpoints of jobs, their events, and the queues."""

from generation.api.views.events import JobEventListApi
from generation.api.views.jobs import JobApi, JobCancelApi, JobListApi, JobRetryApi
from generation.api.views.queues import QueueClearApi, QueueStatusApi

__all__ = [
    "JobApi",
    "JobCancelApi",
    "JobEventListApi",
    "JobListApi",
    "JobRetryApi",
    "QueueClearApi",
    "QueueStatusApi",
]
