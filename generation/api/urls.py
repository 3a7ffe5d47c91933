"""Addresses of the engine room, below /api/v1."""

from django.urls import path

from generation.api.views.catalogue import CatalogueApi
from generation.api.views.events import JobEventListApi
from generation.api.views.files import FileApi, FileListApi
from generation.api.views.jobs import JobApi, JobCancelApi, JobListApi, JobRetryApi
from generation.api.views.queues import QueueClearApi, QueueStatusApi
from generation.api.views.requests import (
    RequestApi,
    RequestCancelApi,
    RequestConfigApi,
    RequestEstimateApi,
    RequestImageRetryApi,
    RequestListApi,
    RequestSelectApi,
)
from generation.api.views.uploads import UploadApi, UploadCompleteApi, UploadListApi
from generation.api.views.usage import UsageApi, UsageBudgetApi, UsageCallListApi

urlpatterns = [
    path("catalogue", CatalogueApi.as_view()),
    path("files", FileListApi.as_view()),
    path("files/<uuid:file_id>", FileApi.as_view(), name="file"),
    path("jobs", JobListApi.as_view()),
    path("jobs/<uuid:job_id>", JobApi.as_view(), name="job"),
    path("jobs/<uuid:job_id>/events", JobEventListApi.as_view()),
    path("jobs/<uuid:job_id>/cancel", JobCancelApi.as_view()),
    path("jobs/<uuid:job_id>/retry", JobRetryApi.as_view()),
    path("queue/status", QueueStatusApi.as_view()),
    path("queue/clear", QueueClearApi.as_view()),
    path("requests", RequestListApi.as_view()),
    path("requests/config", RequestConfigApi.as_view()),
    path("requests/estimate", RequestEstimateApi.as_view()),
    path("requests/<uuid:image_request_id>", RequestApi.as_view(), name="request"),
    path("requests/<uuid:image_request_id>/select", RequestSelectApi.as_view()),
    path("requests/<uuid:image_request_id>/cancel", RequestCancelApi.as_view()),
    path("requests/<uuid:image_request_id>/images/<int:image_number>/retry", RequestImageRetryApi.as_view()),
    path("uploads", UploadListApi.as_view()),
    path("uploads/<uuid:upload_id>", UploadApi.as_view(), name="upload"),
    path("uploads/<uuid:upload_id>/complete", UploadCompleteApi.as_view()),
    path("usage", UsageApi.as_view()),
    path("usage/budget", UsageBudgetApi.as_view()),
    path("usage/calls", UsageCallListApi.as_view()),
]
