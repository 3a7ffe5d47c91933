"""Addresses of the engine room, below /api/v1."""

from django.urls import path

from generation.api import views

urlpatterns = [
    path("catalogue", views.CatalogueApi.as_view()),
    path("jobs", views.JobListApi.as_view()),
    path("jobs/<uuid:job_id>", views.JobApi.as_view(), name="job"),
    path("jobs/<uuid:job_id>/events", views.JobEventListApi.as_view()),
    path("jobs/<uuid:job_id>/cancel", views.JobCancelApi.as_view()),
    path("jobs/<uuid:job_id>/retry", views.JobRetryApi.as_view()),
    path("queue/status", views.QueueStatusApi.as_view()),
    path("queue/clear", views.QueueClearApi.as_view()),
    path("usage", views.UsageApi.as_view()),
    path("usage/budget", views.UsageBudgetApi.as_view()),
    path("usage/calls", views.UsageCallListApi.as_view()),
]
