"""Addresses of the document factory, below /api/v1/templates."""

from django.urls import path

from templates.api import views

urlpatterns = [
    path("", views.ContentTemplateCreateApi.as_view()),
    path("/list", views.ContentTemplateListApi.as_view()),
    path("/categories", views.CategoryListApi.as_view()),
    path("/projects", views.ProjectListApi.as_view()),
    path("/projects/<uuid:project_id>", views.ProjectApi.as_view()),
    path("/batch-generate", views.BatchGenerateApi.as_view()),
    path("/batches", views.BatchListApi.as_view()),
    path("/batches/<uuid:batch_id>", views.BatchApi.as_view()),
    path("/batches/<uuid:batch_id>/items", views.BatchItemListApi.as_view()),
    *(
        path(f"/batches/<uuid:batch_id>/{name}", view.as_view())
        for name, view in views.BatchActionApi.actions().items()
    ),
    path("/documents", views.DocumentListApi.as_view()),
    path("/documents/export", views.DocumentExportApi.as_view()),
    path("/documents/<uuid:document_id>", views.DocumentApi.as_view()),
    path("/documents/<uuid:document_id>/versions", views.DocumentVersionListApi.as_view()),
    path("/<uuid:content_template_id>", views.ContentTemplateApi.as_view()),
]
