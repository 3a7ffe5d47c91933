"""Where the content of files is, outside of /api/v1."""

from django.urls import path

from generation.api.views.file_content import file_content

urlpatterns = [path("files/<str:token>", file_content, name="file-content")]
