"""Addresses of the document factory, below /api/v1/templates."""

from django.urls import path

from templates.api.views import DocumentApi, DocumentListApi, DocumentVersionListApi

urlpatterns = [
    path("documents", DocumentListApi.as_view()),
    path("documents/<uuid:document_id>", DocumentApi.as_view()),
    path("documents/<uuid:document_id>/versions", DocumentVersionListApi.as_view()),
]
