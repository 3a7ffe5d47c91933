"""The plain endpoints under the product's addresses, in a server of their own."""

from django.urls import include, path

from benchmarks.plain.gallery import GalleryList
from benchmarks.plain.prompts import PromptDetail, PromptList
from benchmarks.plain.views import DocumentDetail, DocumentList

urlpatterns = [
    path("", include("models3d.api.page_urls")),
    path("api/v1/templates/documents", DocumentList.as_view()),
    path("api/v1/templates/documents/<uuid:pk>", DocumentDetail.as_view()),
    path("api/v1/models/public", GalleryList.as_view()),
    path("api/v1/prompts", PromptList.as_view()),
    path("api/v1/prompts/<uuid:pk>", PromptDetail.as_view()),
]
