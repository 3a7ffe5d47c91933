"""Addresses of the document factory, below /api/v1/templates."""

from django.urls import path

from templates.api.views import batches, documents, sources

urlpatterns = [
    path("", sources.ContentTemplateCreateApi.as_view()),
    path("/list", sources.ContentTemplateListApi.as_view()),
    path("/<uuid:content_template_id>", sources.ContentTemplateApi.as_view(), name="content-template"),
    path("/categories", sources.CategoryListApi.as_view()),
    path("/projects", sources.ProjectListApi.as_view()),
    path("/projects/import", sources.ProjectImportApi.as_view()),
    path("/projects/<uuid:project_id>", sources.ProjectApi.as_view(), name="project"),
    path("/batch-generate", batches.BatchGenerateApi.as_view()),
    path("/batch-generate/estimate", batches.BatchEstimateApi.as_view()),
    path("/batches", batches.BatchListApi.as_view()),
    path("/batches/<uuid:batch_id>", batches.BatchApi.as_view(), name="batch"),
    path("/batches/<uuid:batch_id>/items", batches.BatchItemListApi.as_view()),
    path("/batches/<uuid:batch_id>/pause", batches.BatchPauseApi.as_view()),
    path("/batches/<uuid:batch_id>/resume", batches.BatchResumeApi.as_view()),
    path("/batches/<uuid:batch_id>/cancel", batches.BatchCancelApi.as_view()),
    path("/batches/<uuid:batch_id>/retry", batches.BatchRetryApi.as_view()),
    path("/documents", documents.DocumentListApi.as_view()),
    path("/documents/export", documents.DocumentExportApi.as_view()),
    path("/documents/<uuid:document_id>", documents.DocumentApi.as_view()),
    path("/documents/<uuid:document_id>/versions", documents.DocumentVersionListApi.as_view()),
]
